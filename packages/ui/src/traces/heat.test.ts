import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { brushOf, durationPlace, heatScale, strength, timePlace } from './heat.ts'

const cells = [{ column: 0, fromMs: 10, toMs: 100, traces: 5, failed: 0 }]
const map = { startMs: 0, endMs: 1000, columnMs: 100, columns: 10, exact: true, cells }

test('places and back: what is brushed is what lies there', () => {
  const scale = heatScale(map)
  assert.equal(timePlace(250, scale), 0.25)
  const [top, bottom] = [durationPlace(100, scale), durationPlace(10, scale)]
  assert.ok(top < bottom)
  assert.deepEqual(brushOf([0.5, bottom], [0.25, top], scale), { fromMs: 250, toMs: 500, minMs: 10, maxMs: 100 })
})

test('an empty map has a scale, and a cell of one trace is seen', () => {
  assert.deepEqual(heatScale({ ...map, cells: [] }), { startMs: 0, endMs: 1000, low: 0, high: 3 })
  assert.ok(strength(1, 10_000) > 0.2)
  assert.equal(strength(10, 10), 1)
})
