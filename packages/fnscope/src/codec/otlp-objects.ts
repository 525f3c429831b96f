// AnyValue and KeyValue of OTLP as values of the model, for the signals that are kept as objects: logs and metrics.
// Nothing of the body is held. What traces make of them, as text, is otlp-value.ts.
import type { AttributeValue, Attributes } from '../span/attribute-value.ts'
import { formatHex } from '../span/id.ts'
import { setOwn } from './json.ts'
import { bytesOf } from './otlp-text.ts'
import { LETTER, MAX_VALUE_DEPTH, newEntry, newValue, readEntry, readValue, type WireValue } from './otlp-value.ts'
import { fieldsOf, ProtobufError, type ProtobufReader } from './protobuf-reader.ts'

const LIST_FIELDS = fieldsOf(1)
const TWO_32 = 2 ** 32

export type OwnAttributes = { [key: string]: AttributeValue }

const entry = newEntry()
const outer = newValue()

/** Reads the KeyValue between `start` and `end` into `into`; of a key that comes twice the last one counts. */
export function putAttribute(reader: ProtobufReader, start: number, end: number, into: OwnAttributes, depth = 0): void {
  reader.at = start
  readEntry(reader, end, entry)
  const key = reader.text(entry.keyStart, entry.keyEnd)
  setOwn(into, key, attributeBetween(reader, entry.valueStart, entry.valueEnd, depth))
  reader.at = end
}

/** The AnyValue between `start` and `end`; null where it says nothing. */
export function attributeBetween(reader: ProtobufReader, start: number, end: number, depth = 0): AttributeValue {
  readValue(reader, start, end, outer)
  return attributeValueOf(reader, outer, depth)
}

function attributeValueOf(reader: ProtobufReader, value: WireValue, depth: number): AttributeValue {
  const { view } = reader
  switch (value.letter) {
    case LETTER.string:
      return reader.text(value.start, value.end)
    case LETTER.integer:
      return integerOf(value.low, value.high)
    case LETTER.boolean:
      return (value.low | value.high) !== 0
    case LETTER.double:
      return value.real
    case LETTER.bytes:
      return bytesOf(view, value.start, value.end).slice()
    case LETTER.json:
      return collectionOf(reader, value.start, value.end, value.isMap, depth + 1)
    default:
      return null
  }
}

function collectionOf(
  reader: ProtobufReader,
  start: number,
  end: number,
  isMap: boolean,
  depth: number,
): readonly AttributeValue[] | Attributes {
  if (depth > MAX_VALUE_DEPTH) throw new ProtobufError(`values nested deeper than ${MAX_VALUE_DEPTH} levels`, start)
  const list: AttributeValue[] = []
  const map: OwnAttributes = {}
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag !== 0x0a) {
      reader.skip(tag, end, LIST_FIELDS)
      continue
    }
    const itemEnd = reader.length(end)
    if (isMap) putAttribute(reader, reader.at, itemEnd, map, depth)
    else list.push(attributeBetween(reader, reader.at, itemEnd, depth))
    reader.at = itemEnd
  }
  reader.checkEnd(end)
  return isMap ? map : list
}

/** A signed integer of 64 bits from its halves, of either sign. */
export function integerOf(low: number, high: number): bigint {
  const value = (high | 0) * TWO_32 + (low >>> 0)
  return Number.isSafeInteger(value) ? BigInt(value) : (BigInt(high | 0) << 32n) | BigInt(low >>> 0)
}

/** The hex digits of an id of `size` bytes; undefined when it has another length or is all zero: then there is none. */
export function idBetween(reader: ProtobufReader, start: number, end: number, size: 8 | 16): string | undefined {
  if (end - start !== size) return undefined
  const hex = formatHex(reader.bytes, start, size)
  return /[^0]/.test(hex) ? hex : undefined
}
