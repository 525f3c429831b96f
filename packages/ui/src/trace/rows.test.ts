import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { buildTree, childTime, foldable, foldedAbove, outside, selfUs, visibleRows, type Row } from './rows.ts'
import { sampleColumns } from './sample-columns.ts'

const said = (rows: readonly Row[]): string =>
  rows.map(({ kind, span }) => (kind === 'span' ? `${span}` : `${kind} ${span}`)).join(' ')

/** 0 ─ 1 ─ 2, 0 ─ 3; 4 alone. */
const tree = buildTree(
  sampleColumns([
    { startUs: 0, durationUs: 100 },
    { parent: 0, startUs: 10, durationUs: 40 },
    { parent: 1, startUs: 20, durationUs: 10 },
    { parent: 0, startUs: 30, durationUs: 90, children: 3 },
    { startUs: 5, durationUs: -1 },
  ]),
)

test('rows stand as the server answered them, with how deep they are', () => {
  assert.equal(said(visibleRows(tree, { collapsed: new Set() })), '0 1 2 3 more 3 4')
  assert.deepEqual([...tree.depth], [0, 1, 2, 1, 0])
  assert.deepEqual([...tree.end], [4, 3, 3, 4, 5])
})

test('what is collapsed hides all that is below it', () => {
  assert.equal(said(visibleRows(tree, { collapsed: new Set(['s0']) })), '0 4')
  assert.equal(said(visibleRows(tree, { collapsed: new Set(['s1', 's3']) })), '0 1 3 4')
  assert.deepEqual(foldable(tree), ['s0', 's1'])
  assert.deepEqual(foldedAbove(tree, 2, new Set(['s0', 's3'])), ['s0'])
})

test('a filter keeps what is above its matches', () => {
  assert.equal(said(visibleRows(tree, { collapsed: new Set(), only: new Set([2]) })), '0 1 2')
})

test('the time of children counts once, and only inside of their parent', () => {
  assert.deepEqual(childTime(tree, 0), [{ startUs: 10, endUs: 100 }])
  assert.equal(selfUs(tree, 0), 10)
})

test('a span outside of the time of its parent says by how much', () => {
  assert.deepEqual(outside(tree, 3), { beforeUs: 0, afterUs: 20 })
  assert.equal(outside(tree, 1), undefined)
})

test('a chain of 100 000 spans is a list of rows in no time', () => {
  const deep = buildTree(
    sampleColumns(Array.from({ length: 100_000 }, (_, row) => ({ parent: row - 1, startUs: row, durationUs: 1 }))),
  )
  assert.equal(visibleRows(deep, { collapsed: new Set() }).length, 100_000)
  assert.equal(deep.depth.at(-1), 99_999)
})
