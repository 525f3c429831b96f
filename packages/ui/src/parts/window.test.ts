import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { drawnRows, slotOf, windowAt } from './window.ts'

test('the rows in view are drawn, with a step around them', () => {
  assert.deepEqual(windowAt(0, 240, 24, 10_000), { first: 0, end: 32, size: 32 })
  assert.deepEqual(windowAt(24 * 100, 240, 24, 10_000), { first: 88, end: 120, size: 32 })
})

test('a scroll of a few rows changes nothing', () => {
  assert.deepEqual(windowAt(24 * 96, 240, 24, 10_000), windowAt(24 * 99 + 23, 240, 24, 10_000))
})

test('the window ends where the rows end, and an empty list has none', () => {
  assert.deepEqual(windowAt(0, 240, 24, 3), { first: 0, end: 3, size: 32 })
  assert.deepEqual(windowAt(5000, 240, 24, 0), { first: 0, end: 0, size: 32 })
})

test('while one scrolls no row moves among the others, and at rest they stand in order', () => {
  const slots = (scrollPx: number): number[] => {
    const shown = windowAt(scrollPx, 240, 24, 10_000)
    return drawnRows(shown, true).map((row) => slotOf(row, shown))
  }
  assert.deepEqual(slots(24 * 100), slots(24 * 5003))
  const shown = windowAt(24 * 100, 240, 24, 10_000)
  assert.deepEqual(
    drawnRows(shown, false),
    drawnRows(shown, true).toSorted((a, b) => a - b),
  )
  assert.equal(new Set(drawnRows(shown, true)).size, shown.size)
})
