import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DictionaryColumn } from './dictionary-column.ts'
import { equalBytes, hashOf } from './byte-hash.ts'
import { FixedColumn } from './fixed-column.ts'
import { ListColumn, MapColumn } from './nested-columns.ts'
import { TextColumn } from './text-column.ts'

test('a fixed column keeps little-endian values while it grows', () => {
  const column = new FixedColumn(8)
  for (let row = 0; row < 1000; row++) column.pushI64(BigInt(row) * -3n)
  assert.equal(column.rows, 1000)
  assert.equal(column.bytes().length, 8000)
  assert.deepEqual([column.i64(0), column.i64(1), column.i64(999)], [0n, -3n, -2997n])
})

test('each width writes its own bytes', () => {
  const small = new FixedColumn(1)
  small.pushU8(255)
  small.pushBool(true)
  small.pushZero()
  assert.deepEqual([...small.bytes()], [255, 1, 0])
  const two = new FixedColumn(2)
  two.pushU16(0x0102)
  assert.deepEqual([...two.bytes()], [2, 1])
  const four = new FixedColumn(4)
  four.pushU32(0xffff_fffe)
  assert.deepEqual([...four.bytes()], [254, 255, 255, 255])
  const float = new FixedColumn(8)
  float.pushF64(1.5)
  assert.equal(new DataView(float.bytes().buffer).getFloat64(0, true), 1.5)
})

test('bytes are copied from the offset on', () => {
  const column = new FixedColumn(2)
  column.pushBytes(Uint8Array.of(9, 1, 2, 9), 1)
  assert.deepEqual([...column.bytes()], [1, 2])
})

test('texts stand behind their length in bytes, of one digit or more', () => {
  for (const text of [
    '',
    'a',
    '\u00fc',
    'x'.repeat(42),
    'x'.repeat(43),
    '\u2713'.repeat(42),
    'x'.repeat(127),
    'x'.repeat(128),
    '\u2713'.repeat(9000),
  ]) {
    const column = new TextColumn()
    column.push(text)
    const utf8 = Buffer.from(text)
    const length: number[] = []
    let rest = utf8.length
    for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
    assert.deepEqual(Buffer.from(column.bytes()), Buffer.concat([Buffer.from([...length, rest]), utf8]))
    const copied = new TextColumn()
    copied.pushBytes(Buffer.concat([Buffer.from('!!'), utf8, Buffer.from('!')]), 2, 2 + utf8.length)
    assert.deepEqual(copied.bytes(), column.bytes())
  }
})

test('a text column counts rows and grows', () => {
  const column = new TextColumn()
  for (let row = 0; row < 500; row++) column.push(`row ${row}`)
  assert.equal(column.rows, 500)
  assert.match(Buffer.from(column.bytes()).toString('latin1'), /row 0.*row 499$/s)
})

test('a dictionary column gives one index to one word, 0 to the empty one', () => {
  const column = new DictionaryColumn()
  for (const word of ['a', '', 'b', 'a', '__proto__']) column.push(word)
  assert.deepEqual(column.words, ['', 'a', 'b', '__proto__'])
  const indexes = column.indexBytes()
  assert.deepEqual(
    Array.from({ length: column.rows }, (_, row) => indexes[row * 4]),
    [1, 0, 2, 1, 3],
  )
})

test('maps and lists end where their row was closed', () => {
  const map = new MapColumn(new TextColumn())
  map.keys.push('k')
  map.values.push('v')
  map.endRow()
  map.endRow()
  assert.deepEqual([map.rows, map.ends.i64(0), map.ends.i64(1)], [2, 1n, 1n])
  const list = new ListColumn(new FixedColumn(1))
  list.endRow()
  list.items.pushU8(1)
  list.items.pushU8(2)
  list.endRow()
  assert.deepEqual([list.rows, list.ends.i64(0), list.ends.i64(1)], [2, 0n, 2n])
})

test('a dictionary finds a word by its text and by its bytes', () => {
  const column = new DictionaryColumn()
  const words = Array.from({ length: 500 }, (_, index) => `${'x'.repeat(index)}\u00fc${index}`)
  for (const word of words.slice(0, 250)) column.push(word)
  for (const word of words) column.pushBytes(Buffer.from(`<${word}>`), 1, 1 + Buffer.byteLength(word))
  for (const word of words) column.push(word)
  column.pushBytes(Buffer.from('ab'), 1, 1)
  assert.deepEqual(column.words, ['', ...words])
  const indexes = new Uint32Array(column.indexBytes().slice().buffer)
  const all = words.map((_, index) => index + 1)
  assert.deepEqual([...indexes], [...all.slice(0, 250), ...all, ...all, 0])
  assert.equal(column.wordCount, 501)
})

test('a word is one word whether it comes as text or as bytes, in any order, and after clear too', () => {
  const column = new DictionaryColumn()
  const texts = Array.from({ length: 300 }, (_, i) => `${i % 3 === 0 ? 'wörd' : 'word'} ${'x'.repeat(i)} ${i}`)
  for (let round = 0; round < 3; round++) {
    // Fewer words after each clear, so that some of before would still lie behind the last one.
    const some = texts.slice(0, 300 - round * 100)
    for (const [i, text] of some.entries())
      if ((i + round) % 2 === 0) column.push(text)
      else column.pushBytes(new TextEncoder().encode(text))
    for (const [i, text] of some.entries()) {
      assert.equal(column.indexOf(text), i + 1)
      assert.equal(column.indexOfBytes(new TextEncoder().encode(text)), i + 1)
    }
    assert.deepEqual(column.words, ['', ...some])
    assert.equal(column.rows, some.length)
    column.clear()
    assert.deepEqual(column.words, [''])
  }
})

test('bytes are equal and hash alike only when all of them are', () => {
  const view = (text: string): DataView => new DataView(new TextEncoder().encode(text).buffer)
  for (let size = 1; size < 20; size++) {
    const text = 'abcdefghijklmnopqrst'.slice(0, size)
    assert.ok(equalBytes(view(text), 0, view(`__${text}`), 2, size))
    assert.equal(hashOf(view(text), 0, size), hashOf(view(`__${text}`), 2, size + 2))
    for (let at = 0; at < size; at++) {
      const other = `${text.slice(0, at)}#${text.slice(at + 1)}`
      assert.ok(!equalBytes(view(text), 0, view(other), 0, size))
      assert.notEqual(hashOf(view(text), 0, size), hashOf(view(other), 0, size))
    }
  }
})
