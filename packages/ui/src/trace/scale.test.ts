import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { barOf, clampView, formatView, pan, readView, ticks, WHOLE, zoom } from './scale.ts'

test('a view stays inside the trace, whatever is asked', () => {
  assert.deepEqual(clampView({ from: -1, to: 5 }), WHOLE)
  assert.deepEqual(pan({ from: 0.5, to: 1 }, 1), { from: 0.5, to: 1 })
  assert.deepEqual(zoom(WHOLE, 0.5), { from: 0.25, to: 0.75 })
  assert.deepEqual(zoom(zoom(WHOLE, 0.5), 2), WHOLE)
})

test('a view is written into the address and read again; all of it is nothing', () => {
  assert.equal(formatView(WHOLE), undefined)
  assert.deepEqual(readView(formatView({ from: 0.125, to: 0.5 })), { from: 0.125, to: 0.5 })
  for (const wrong of ['', '1', '0.5-0.1', '0-2', 'a-b', undefined]) assert.equal(readView(wrong), undefined)
})

test('a bar is what lies in the view', () => {
  assert.deepEqual(barOf(25, 50, 100, WHOLE), { left: 25, width: 25 })
  assert.deepEqual(barOf(0, 100, 100, { from: 0.5, to: 1 }), { left: 0, width: 100 })
  assert.equal(barOf(0, 10, 100, { from: 0.5, to: 1 }), undefined)
})

test('the ruler has round times', () => {
  assert.deepEqual(ticks(1000, WHOLE), [0, 200, 400, 600, 800, 1000])
  assert.deepEqual(ticks(1000, { from: 0.5, to: 0.6 }, 5), [500, 520, 540, 560, 580, 600])
})
