import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TextColumn } from '../span/text-column.ts'
import { integerText, pushText, TextWriter } from './otlp-text.ts'

function quoted(bytes: Uint8Array): string {
  const writer = new TextWriter()
  writer.quoted(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length)
  return writer.toString()
}

test('a quoted text is what JSON.stringify writes', () => {
  const control = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join('')
  for (const text of [
    '',
    'plain',
    '"\\/',
    control,
    '\u007f\u0080',
    'naïve ☃ 漢字 😀',
    '\u2028\u2029',
    '"'.repeat(9000),
  ])
    assert.equal(quoted(new TextEncoder().encode(text)), JSON.stringify(text))
})

test('what is no UTF-8 reads as the decoder of the platform reads it', () => {
  for (const bytes of [[0xff], [0xc3], [0xe2, 0x98], [0xed, 0xa0, 0x80], [0x41, 0xc0, 0x80, 0x42], [0xf8, 0x88]]) {
    const wire = Uint8Array.from(bytes)
    const text = new TextDecoder().decode(wire)
    assert.equal(quoted(wire), JSON.stringify(text))
    const column = new TextColumn()
    pushText(column, new DataView(wire.buffer), 0, wire.length)
    const expected = new TextColumn()
    expected.push(text)
    assert.deepEqual(column.bytes(), expected.bytes())
  }
})

test('64 bits are written to the last digit', () => {
  for (const value of [
    0n,
    1n,
    -1n,
    2n ** 31n,
    -(2n ** 31n),
    2n ** 53n + 1n,
    -(2n ** 53n) - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ])
    assert.equal(integerText(Number(BigInt.asIntN(32, value)), Number(value >> 32n)), String(value))
})

test('a writer grows and is used again', () => {
  const writer = new TextWriter()
  for (let round = 0; round < 3; round++) {
    writer.clear()
    for (let i = 0; i < 5000; i++) writer.ascii(`${i},`)
    assert.equal(writer.toString(), Array.from({ length: 5000 }, (_, i) => `${i},`).join(''))
  }
})
