import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareOfPhases } from './phase-shares.ts'

const of = (initMs: number, handlerMs: number, overheadMs: number) => ({
  function: 'orders',
  cold: initMs > 0,
  initMs,
  handlerMs,
  overheadMs,
})

test('phases are shares of the root, and of themselves where they are longer than it', () => {
  assert.deepEqual(shareOfPhases(of(0, 90, 10), 200), { init: 0, overhead: 5 })
  assert.deepEqual(shareOfPhases(of(300, 90, 10), 100), { init: 75, overhead: 2.5 })
  assert.deepEqual(shareOfPhases(of(0, 0, 0), 0), { init: 0, overhead: 0 })
})
