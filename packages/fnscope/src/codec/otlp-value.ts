// KeyValue and AnyValue of OTLP, as they stand on the wire: where they are, of what type, and their two text forms.
// The same for traces, logs and metrics.
import type { TextColumn } from '../span/text-column.ts'
import { base64Of, doubleText, integerText, pushText, type TextWriter } from './otlp-text.ts'
import { fieldsOf, ProtobufError, type ProtobufReader } from './protobuf-reader.ts'

/** Values nested deeper than this are refused with the whole request: parsers of other languages stop sooner. */
export const MAX_VALUE_DEPTH = 64

/** The character codes of the letters of attribute-value.ts's TypeLetter. */
export const LETTER = { string: 115, boolean: 98, integer: 105, double: 100, bytes: 120, json: 106, none: 110 } as const

/** Which letters are no array, list or nothing: what may be indexed. */
export function isScalar(letter: number): boolean {
  return letter === LETTER.string || letter === LETTER.integer || letter === LETTER.boolean || letter === LETTER.double
}

/** One KeyValue: where its key and its AnyValue stand. */
export interface WireEntry {
  keyStart: number
  keyEnd: number
  valueStart: number
  valueEnd: number
}

export function newEntry(): WireEntry {
  return { keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 }
}

/** One AnyValue. */
export interface WireValue {
  /** Of LETTER. */
  letter: number
  /** With `json`: a key-value list, else an array. */
  isMap: boolean
  /** Of string, bytes, the array's or list's message. */
  start: number
  end: number
  /** Of integer and boolean: signed halves. */
  low: number
  high: number
  /** Of a double. */
  real: number
}

export function newValue(): WireValue {
  return { letter: LETTER.none, isMap: false, start: 0, end: 0, low: 0, high: 0, real: Number.NaN }
}

const ENTRY_FIELDS = fieldsOf(1, 2)
const VALUE_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7)
const LIST_FIELDS = fieldsOf(1)

/** Reads the KeyValue between `reader.at` and `end`. */
export function readEntry(reader: ProtobufReader, end: number, entry: WireEntry): void {
  entry.keyStart = entry.keyEnd = entry.valueStart = entry.valueEnd = 0
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a) {
      entry.keyEnd = reader.length(end)
      entry.keyStart = reader.at
      reader.at = entry.keyEnd
    } else if (tag === 0x12) {
      entry.valueEnd = reader.length(end)
      entry.valueStart = reader.at
      reader.at = entry.valueEnd
    } else reader.skip(tag, end, ENTRY_FIELDS)
  }
  reader.checkEnd(end)
}

/** Reads the AnyValue between `start` and `end`; of several members the last one counts. */
export function readValue(reader: ProtobufReader, start: number, end: number, value: WireValue): void {
  // As nearly all are: one string shorter than 128 bytes.
  const { bytes } = reader
  const size = end - start - 2
  if (size >= 0 && size < 128 && bytes[start] === 0x0a && bytes[start + 1] === size) {
    value.letter = LETTER.string
    value.start = start + 2
    value.end = end
    return
  }
  readAnyValue(reader, start, end, value)
}

function readAnyValue(reader: ProtobufReader, start: number, end: number, value: WireValue): void {
  reader.at = start
  value.letter = LETTER.none
  value.low = value.high = value.start = value.end = 0
  while (reader.at < end) {
    const tag = reader.tag()
    switch (tag) {
      case 0x0a:
        readRange(reader, end, value, LETTER.string)
        break
      case 0x10:
      case 0x18:
        value.letter = tag === 0x10 ? LETTER.boolean : LETTER.integer
        value.low = reader.varint()
        value.high = reader.high
        break
      case 0x21:
        value.letter = LETTER.double
        value.real = reader.view.getFloat64(reader.fixed64(end), true)
        break
      case 0x2a:
      case 0x32:
        readRange(reader, end, value, LETTER.json)
        value.isMap = tag === 0x32
        break
      case 0x3a:
        readRange(reader, end, value, LETTER.bytes)
        break
      default:
        reader.skip(tag, end, VALUE_FIELDS)
    }
  }
  reader.checkEnd(end)
}

function readRange(reader: ProtobufReader, end: number, value: WireValue, letter: number): void {
  value.letter = letter
  value.end = reader.length(end)
  value.start = reader.at
  reader.at = value.end
}

/** Appends the value as it reads (attributeText). @param writer for arrays and lists; what it held is lost */
export function pushValue(column: TextColumn, reader: ProtobufReader, value: WireValue, writer: TextWriter): void {
  if (value.letter !== LETTER.json) {
    pushPlainValue(column, reader.view, value)
    return
  }
  writer.clear()
  writeCollection(reader, value.start, value.end, value.isMap, writer, 1)
  column.pushBytes(writer.bytes, 0, writer.length)
}

/** The same for a value of any make, whose array or map stands there as attribute JSON already. */
export function pushPlainValue(column: TextColumn, view: DataView, value: WireValue): void {
  switch (value.letter) {
    case LETTER.string:
    case LETTER.json:
      pushText(column, view, value.start, value.end)
      break
    case LETTER.integer:
      if (value.high === 0 && value.low >= 0 && value.low < 1e9) column.pushDigits(value.low)
      else column.push(integerText(value.low, value.high))
      break
    case LETTER.boolean:
      column.push((value.low | value.high) === 0 ? 'false' : 'true')
      break
    case LETTER.double:
      pushDouble(column, value.real)
      break
    case LETTER.bytes:
      column.push(base64Of(view, value.start, value.end))
      break
    default:
      column.pushEmpty()
  }
}

/** Most doubles of tracers that have no integers are whole and small. */
function pushDouble(column: TextColumn, value: number): void {
  if (value >= 0 && value < 1e9 && Number.isInteger(value) && !Object.is(value, -0)) column.pushDigits(value)
  else column.push(doubleText(value))
}

/** Writes the AnyValue between `start` and `end` as attribute JSON. */
export function writeValue(
  reader: ProtobufReader,
  start: number,
  end: number,
  writer: TextWriter,
  depth = 0,
  value: WireValue = newValue(),
): void {
  readValue(reader, start, end, value)
  switch (value.letter) {
    case LETTER.string:
      writer.quoted(reader.view, value.start, value.end)
      break
    case LETTER.integer:
      writer.integer(value.low, value.high)
      break
    case LETTER.boolean:
      writer.ascii((value.low | value.high) === 0 ? 'false' : 'true')
      break
    case LETTER.double:
      writer.double(value.real)
      break
    case LETTER.bytes:
      writer.ascii('{"$bytes":"')
      writer.base64(reader.view, value.start, value.end)
      writer.ascii('"}')
      break
    case LETTER.json:
      writeCollection(reader, value.start, value.end, value.isMap, writer, depth + 1)
      break
    default:
      writer.ascii('null')
  }
}

function writeCollection(
  reader: ProtobufReader,
  start: number,
  end: number,
  isMap: boolean,
  writer: TextWriter,
  depth: number,
): void {
  if (depth > MAX_VALUE_DEPTH) throw new ProtobufError(`values nested deeper than ${MAX_VALUE_DEPTH} levels`, start)
  if (isMap) {
    if (!writeAttributes(reader, start, end, 0x0a, writer, depth, LIST_FIELDS)) writer.ascii('{}')
    return
  }
  writer.ascii('[')
  reader.at = start
  let first = true
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag !== 0x0a) {
      reader.skip(tag, end, LIST_FIELDS)
      continue
    }
    const valueEnd = reader.length(end)
    if (!first) writer.ascii(',')
    first = false
    writeValue(reader, reader.at, valueEnd, writer, depth)
    reader.at = valueEnd
  }
  reader.checkEnd(end)
  writer.ascii(']')
}

/**
 * Writes `{…}` of all KeyValues with the tag `wanted` in the message between `start` and `end`, in their order and with
 * those that come twice. False, and nothing written, when there are none.
 * @param known of `reader.skip`
 */
export function writeAttributes(
  reader: ProtobufReader,
  start: number,
  end: number,
  wanted: number,
  writer: TextWriter,
  depth = 0,
  known = 0,
): boolean {
  const entry = newEntry()
  const value = newValue()
  let any = false
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag !== wanted) {
      reader.skip(tag, end, known)
      continue
    }
    const entryEnd = reader.length(end)
    readEntry(reader, entryEnd, entry)
    writer.ascii(any ? ',' : '{')
    any = true
    // A key that begins with $ has one more, so that it is none of this JSON's own.
    if (entry.keyEnd > entry.keyStart && reader.bytes[entry.keyStart] === 36) {
      const at = writer.length
      writer.quoted(reader.view, entry.keyStart, entry.keyEnd)
      writer.insert(at + 1, 36)
    } else writer.quoted(reader.view, entry.keyStart, entry.keyEnd)
    writer.ascii(':')
    writeValue(reader, entry.valueStart, entry.valueEnd, writer, depth, value)
    reader.at = entryEnd
  }
  reader.checkEnd(end)
  if (any) writer.ascii('}')
  return any
}
