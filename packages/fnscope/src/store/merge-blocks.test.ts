import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn, MapColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'
import { mergeBlocks } from './merge-blocks.ts'
import { encodeNative } from './native.ts'

/** Rows [from, to) of a table that has every kind of column. */
function block(from: number, to: number, words: number): Uint8Array {
  const id = new FixedColumn(8)
  const text = new TextColumn()
  const word = new DictionaryColumn()
  const map = new MapColumn(new TextColumn())
  const never = new MapColumn(new DictionaryColumn())
  const list = new ListColumn(new FixedColumn(8))
  for (let row = from; row < to; row++) {
    id.pushI64(BigInt(row) - 5n)
    text.push('\u00fc'.repeat(row % 200) + 'x'.repeat(row === 7 ? 20_000 : 0))
    word.push(row % 5 === 0 ? '' : `w${(row * 31) % words}`)
    for (let entry = 0; entry < row % 3; entry++) {
      map.keys.push(`k${(row + entry) % 7}`)
      map.values.push(String(row))
      list.items.pushF64(row / 2)
    }
    map.endRow()
    never.endRow()
    list.endRow()
  }
  return encodeNative(to - from, [
    { name: 'id', type: 'Int64', column: id },
    { name: 'text', type: 'String', column: text },
    { name: 'word', type: 'LowCardinality(String)', column: word },
    { name: 'map', type: 'Map(LowCardinality(String), String)', column: map },
    { name: 'never', type: 'Map(LowCardinality(String), LowCardinality(String))', column: never },
    { name: 'list', type: 'Array(Float64)', column: list },
  ])
}

for (const words of [3, 400, 70_000]) {
  test(`merged blocks are the block that all rows at once give, with ${words} words`, () => {
    const rows = words === 70_000 ? 90_000 : 1000
    const cuts = [0, 1, 10, 300, 301, rows]
    const blocks = cuts.slice(1).map((to, index) => block(cuts[index]!, to, words))
    assert.ok(Buffer.concat(mergeBlocks(blocks)).equals(block(0, rows, words)))
  })
}

test('blocks of other columns are left as they are', () => {
  const column = new FixedColumn(8)
  column.pushZero()
  const blocks = ['a', 'b'].map((name) => encodeNative(1, [{ name, type: 'Int64', column }]))
  assert.deepEqual(mergeBlocks(blocks), blocks)
  const wider = encodeNative(
    1,
    ['a', 'b'].map((name) => ({ name, type: 'Int64', column })),
  )
  assert.deepEqual(mergeBlocks([blocks[0]!, wider]), [blocks[0], wider])
})

test('a block that is cut anywhere, or goes on, is left as it is with its neighbours', () => {
  const whole = block(0, 12, 3)
  for (let size = 0; size < whole.length; size++) {
    const blocks = [whole, whole.subarray(0, size)]
    assert.deepEqual(mergeBlocks(blocks), blocks, `cut at ${size}`)
  }
  const longer = [whole, Buffer.concat([whole, Buffer.of(0)])]
  assert.deepEqual(mergeBlocks(longer), longer)
})
