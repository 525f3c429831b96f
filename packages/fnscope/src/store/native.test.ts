import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn, MapColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'
import { columnOf, encodeNative } from './native.ts'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

const word64 = (value: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes.toString('hex')
}
const text = (value: string): string => Buffer.from([Buffer.byteLength(value), ...Buffer.from(value)]).toString('hex')

test('a block is its counts, then per column its name, its type and its bytes as they stand', () => {
  const id = new FixedColumn(8)
  id.pushBytes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  id.pushZero()
  const body = new TextColumn()
  body.push('é')
  body.push('')
  const block = encodeNative(2, [
    { name: 'id', type: 'FixedString(8)', column: id },
    { name: 'body', type: 'String', column: body },
  ])
  const idColumn = text('id') + text('FixedString(8)') + '01020304050607080000000000000000'
  assert.equal(hex(block), `0202${idColumn}${text('body')}${text('String')}02c3a900`)
})

test('a dictionary has its version, the width of its keys, its words and one key a row', () => {
  const column = new DictionaryColumn()
  for (const word of ['a', '', 'b', 'a']) column.push(word)
  const block = encodeNative(4, [{ name: 's', type: 'LowCardinality(String)', column }])
  const dictionary = word64(1) + word64(0x600) + word64(3) + text('') + text('a') + text('b')
  assert.equal(hex(block), `0104${text('s')}${text('LowCardinality(String)')}${dictionary}${word64(4)}01000201`)
})

test('the keys of a dictionary are as wide as its number of words needs', () => {
  for (const [words, flags, width] of [
    [255, 0x600, 1],
    [256, 0x601, 2],
    [65_535, 0x601, 2],
    [65_536, 0x602, 4],
  ] as const) {
    const column = new DictionaryColumn()
    for (let i = 0; i < words; i++) column.push(`w${i}`)
    const block = encodeNative(words, [{ name: 's', type: 'LowCardinality(String)', column }])
    const header = text('s') + text('LowCardinality(String)') + word64(1) + word64(flags) + word64(words + 1)
    assert.ok(hex(block).includes(header), `${words} words`)
    const keys = Buffer.from(block.subarray(-words * width))
    assert.equal(keys.readUIntLE(keys.length - width, width), words)
    assert.equal(keys.readUIntLE(0, width), 1)
  }
})

test('a map lays its prefixes before its offsets, and an empty one has nothing behind them', () => {
  const column = new MapColumn(new TextColumn())
  column.keys.push('k')
  column.values.push('v')
  column.endRow()
  column.endRow()
  const type = 'Map(LowCardinality(String), String)'
  const block = encodeNative(2, [{ name: 'm', type, column }])
  const keys = word64(0x600) + word64(2) + text('') + text('k') + word64(1) + '01'
  assert.equal(hex(block), `0102${text('m')}${text(type)}${word64(1)}${word64(1)}${word64(1)}${keys}${text('v')}`)

  const empty = new MapColumn(new TextColumn())
  empty.endRow()
  assert.equal(
    hex(encodeNative(1, [{ name: 'm', type, column: empty }])),
    `0101${text('m')}${text(type)}${word64(1)}${word64(0)}`,
  )
})

test('a list is its running counts and its items', () => {
  const column = new ListColumn(new FixedColumn(1))
  column.items.pushU8(7)
  column.items.pushU8(8)
  column.endRow()
  column.endRow()
  const block = encodeNative(2, [{ name: 'l', type: 'Array(UInt8)', column }])
  assert.equal(hex(block), `0102${text('l')}${text('Array(UInt8)')}${word64(2)}${word64(2)}0708`)
})

test('a column with another number of rows is refused', () => {
  assert.throws(
    () => encodeNative(2, [{ name: 'x', type: 'UInt8', column: new FixedColumn(1) }]),
    /column x has 0 rows/,
  )
})

test('a type without a column is refused', () => {
  assert.throws(() => columnOf('Nullable(String)'), TypeError)
  assert.ok(columnOf('Map(LowCardinality(String), Float64)') instanceof MapColumn)
})
