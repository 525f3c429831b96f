import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf, ProtobufError, ProtobufReader, tagOf, WIRE } from './protobuf-reader.ts'
import { ProtobufWriter } from './protobuf-writer.ts'

function readerOf(...bytes: number[]): ProtobufReader {
  const reader = new ProtobufReader()
  reader.open(Uint8Array.from(bytes))
  return reader
}

function unsigned(reader: ProtobufReader): bigint {
  const low = reader.varint()
  return (BigInt(reader.high >>> 0) << 32n) | BigInt(low >>> 0)
}

test('a number of any length up to 64 bits reads as it was written', () => {
  const writer = new ProtobufWriter()
  const numbers = [0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]
  for (const number of numbers) writer.varint64(1, number)
  writer.varint64(1, -1n)
  const reader = readerOf(...writer.written())
  for (const number of [...numbers, 2n ** 64n - 1n]) {
    assert.equal(reader.tag(), tagOf(1, WIRE.varint))
    assert.equal(unsigned(reader), number)
  }
  assert.equal(reader.at, writer.written().length)
})

test('messages within messages get their lengths, of one byte and of more', () => {
  for (const size of [0, 1, 127, 128, 300, 20_000]) {
    const writer = new ProtobufWriter()
    const outer = writer.open(1)
    const inner = writer.open(2)
    writer.string(3, 'x'.repeat(size))
    writer.close(inner)
    writer.fixed32(4, 7)
    writer.close(outer)
    const reader = readerOf(...writer.written())
    const all = writer.written().length
    assert.equal(reader.tag(), tagOf(1, WIRE.bytes))
    const outerEnd = reader.length(all)
    assert.equal(outerEnd, all)
    assert.equal(reader.tag(), tagOf(2, WIRE.bytes))
    const innerEnd = reader.length(outerEnd)
    assert.equal(reader.tag(), tagOf(3, WIRE.bytes))
    assert.equal(reader.length(innerEnd) - reader.at, size)
    reader.at = innerEnd
    assert.equal(reader.tag(), tagOf(4, WIRE.fixed32))
    assert.equal(reader.view.getUint32(reader.fixed32(outerEnd), true), 7)
    reader.checkEnd(outerEnd)
  }
})

const BROKEN: readonly (readonly [
  what: string,
  bytes: readonly number[],
  read: (reader: ProtobufReader) => unknown,
])[] = [
  ['an empty body where a number should be', [], (reader) => reader.varint()],
  ['a number that goes on behind the body', [0x80, 0x80], (reader) => reader.varint()],
  ['a number of more than ten bytes', Array(11).fill(0x80) as number[], (reader) => reader.varint()],
  ['a length beyond the end', [5, 1, 2], (reader) => reader.length(3)],
  ['a length beyond its message', [2, 1, 2], (reader) => reader.length(2)],
  ['a length of 2^31 and more', [0xff, 0xff, 0xff, 0xff, 0x0f], (reader) => reader.length(5)],
  ['a length of more than 32 bits', [0x80, 0x80, 0x80, 0x80, 0x10], (reader) => reader.length(5)],
  ['eight bytes that are not there', [1, 2, 3], (reader) => reader.fixed64(3)],
  ['four bytes that are not there', [1, 2, 3], (reader) => reader.fixed32(3)],
  ['field number 0', [0x02], (reader) => reader.tag()],
  ['a tag of more than 32 bits', [0xfa, 0xff, 0xff, 0xff, 0x1f], (reader) => reader.tag()],
  ['a group', [0x0b], (reader) => reader.skip(reader.tag(), 1)],
  ['the end of a group', [0x0c], (reader) => reader.skip(reader.tag(), 1)],
  ['a wire type that there is not', [0x0e], (reader) => reader.skip(reader.tag(), 1)],
  ['a known field of another wire type', [0x08, 1], (reader) => reader.skip(reader.tag(), 2, fieldsOf(1))],
  ['a field that reaches over its message', [1], (reader) => (reader.varint(), reader.checkEnd(0))],
]

for (const [what, bytes, read] of BROKEN)
  test(`${what} is refused`, () => {
    assert.throws(() => read(readerOf(...bytes)), ProtobufError)
  })

test('unknown fields of every wire type are stepped over', () => {
  const writer = new ProtobufWriter()
  writer.varint(1000, 5)
  writer.fixed64(2, 1n)
  writer.fixed32(3, 1)
  writer.string(4, 'text')
  writer.double(5, 1.5)
  writer.bytes(6, Uint8Array.of(1))
  const body = writer.written()
  const reader = readerOf(...body)
  let fields = 0
  while (reader.at < body.length) {
    reader.skip(reader.tag(), body.length)
    fields += 1
  }
  assert.equal(fields, 6)
})
