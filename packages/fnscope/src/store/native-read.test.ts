import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { MapColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'
import { encodeNative } from './native.ts'
import { fixedColumn, nestedColumn, readNative, TextValues, textColumn, wordColumn, WordValues } from './native-read.ts'

function block(rows: number, words: number): Uint8Array {
  const id = new FixedColumn(8)
  const text = new TextColumn()
  const word = new DictionaryColumn()
  const map = new MapColumn(new TextColumn())
  for (let row = 0; row < rows; row++) {
    id.pushI64(BigInt(row) - 5n)
    text.push('\u00fc'.repeat(row % 200))
    word.push(`w${row % words}`)
    for (let entry = 0; entry < row % 3; entry++) {
      map.keys.push(`k${entry}`)
      map.values.push(String(row))
    }
    map.endRow()
  }
  return encodeNative(rows, [
    { name: 'id', type: 'Int64', column: id },
    { name: 'text', type: 'String', column: text },
    { name: 'word', type: 'LowCardinality(String)', column: word },
    { name: 'map', type: 'Map(LowCardinality(String), String)', column: map },
  ])
}

for (const words of [1, 200, 300, 70_000]) {
  test(`what native.ts writes is read back, with ${words} words`, () => {
    const rows = Math.max(300, words)
    const blocks = readNative(Buffer.concat([block(3, 2), block(rows, words)]))
    assert.deepEqual(
      blocks.map((one) => one.rows),
      [3, rows],
    )
    const last = blocks[1]!
    for (const row of [0, 1, 2, 255, rows - 1]) {
      assert.equal(fixedColumn(last, 'id').i64(row), BigInt(row) - 5n)
      assert.equal(textColumn(last, 'text').text(row), '\u00fc'.repeat(row % 200))
      assert.equal(wordColumn(last, 'word').text(row), `w${row % words}`)
      const map = nestedColumn(last, 'map')
      const [from, to] = map.range(row)
      assert.equal(to - from, row % 3)
      const [keys, values] = map.parts as [WordValues, TextValues]
      for (let entry = from; entry < to; entry++) {
        assert.equal(keys.text(entry), `k${entry - from}`)
        assert.equal(values.text(entry), String(row))
      }
    }
  })
}

test('an answer that is cut anywhere is an error', () => {
  const whole = block(4, 2)
  for (let size = 1; size < whole.length; size++) assert.throws(() => readNative(whole.subarray(0, size)), RangeError)
})
