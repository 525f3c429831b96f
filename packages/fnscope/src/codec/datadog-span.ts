// A span as a MessagePack map with names for keys: what v0.3, v0.4 and v0.7 of the agent's API have in common.
import { nextItem, writeItem, writeName } from './datadog-events.ts'
import { FIELD, type DatadogRows } from './datadog-rows.ts'
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts'
import type { AttributeKey } from './otlp-attributes.ts'
import { bytesOf, TextWriter } from './otlp-text.ts'

const CODE = {
  service: 1,
  name: 2,
  resource: 3,
  type: 4,
  trace_id: 5,
  span_id: 6,
  parent_id: 7,
  start: 8,
  duration: 9,
  error: 10,
  meta: 11,
  metrics: 12,
  meta_struct: 13,
  span_links: 14,
  span_events: 15,
} as const

interface FieldName {
  readonly code: number
  readonly first: number
  readonly middle: number
  readonly last: number
}

const MOST = 11

/** Names by their length. Three words of four bytes, which overlap, hold every byte of one of up to twelve. */
const NAMES: readonly (readonly FieldName[])[] = Array.from({ length: MOST + 1 }, (_, size) =>
  Object.entries(CODE)
    .filter(([name]) => name.length === size)
    .map(([name, code]) => ({ code, ...wordsOf(new DataView(Uint8Array.from(Buffer.from(name)).buffer), 0, size) })),
)

function wordsOf(view: DataView, start: number, size: number): Omit<FieldName, 'code'> {
  const middle = size >= 8 ? 4 : 0
  return { first: view.getInt32(start), middle: view.getInt32(start + middle), last: view.getInt32(start + size - 4) }
}

/** The code of the field's name; 0 of one that is not known. */
function fieldOf(view: DataView, start: number, end: number): number {
  const size = end - start
  if (size < 4 || size > MOST) return 0
  const names = NAMES[size]!
  const first = view.getInt32(start)
  const last = view.getInt32(end - 4)
  for (const name of names)
    if (name.first === first && name.last === last && (size < 8 || name.middle === view.getInt32(start + 4)))
      return name.code
  return 0
}

const nested = new MsgpackReader()
const nestedText = new TextWriter()

/** Reads one span behind `reader` into a row of `rows`, which has been begun. @throws MsgpackError */
export function readSpan(reader: MsgpackReader, rows: DatadogRows): void {
  const { view } = reader
  for (let left = reader.map(); left > 0; left--) {
    reader.text()
    switch (fieldOf(view, reader.start, reader.end)) {
      case CODE.service:
        readField(reader, rows, FIELD.service)
        break
      case CODE.name:
        readField(reader, rows, FIELD.name)
        break
      case CODE.resource:
        readField(reader, rows, FIELD.resource)
        break
      case CODE.type:
        readField(reader, rows, FIELD.type)
        break
      case CODE.trace_id:
        reader.integer()
        rows.traceLow = reader.low
        rows.traceHigh = reader.high
        break
      case CODE.span_id:
        reader.integer()
        rows.spanLow = reader.low
        rows.spanHigh = reader.high
        break
      case CODE.parent_id:
        reader.integer()
        rows.parentLow = reader.low
        rows.parentHigh = reader.high
        break
      case CODE.start:
        reader.integer()
        rows.startLow = reader.low
        rows.startHigh = reader.high
        break
      case CODE.duration:
        reader.integer()
        rows.durationLow = reader.low
        rows.durationHigh = reader.high
        break
      case CODE.error:
        rows.isError = reader.boolean()
        break
      case CODE.meta:
        readMeta(reader, rows)
        break
      case CODE.metrics:
        readMetrics(reader, rows)
        break
      case CODE.meta_struct:
        readStructs(reader, rows)
        break
      case CODE.span_links:
        readLinks(reader, rows)
        break
      case CODE.span_events:
        readEvents(reader, rows)
        break
      default:
        reader.skip()
    }
  }
}

function readField(reader: MsgpackReader, rows: DatadogRows, field: number): void {
  reader.text()
  rows.setField(field, reader.start, reader.end)
}

/** A map of tags. */
export function readMeta(reader: MsgpackReader, rows: DatadogRows): void {
  const { writer } = rows
  for (let left = reader.map(); left > 0; left--) {
    reader.text()
    const keyStart = reader.start
    const keyEnd = reader.end
    if (reader.isText) {
      reader.text()
      rows.tag(writer.key(keyStart, keyEnd), reader.start, reader.end)
    } else if (!reader.nil()) readOther(reader, rows, writer.key(keyStart, keyEnd))
  }
}

/** A tag that is no text, which no tracer sends and the format does not have. */
function readOther(reader: MsgpackReader, rows: DatadogRows, key: AttributeKey): void {
  if (reader.isMap || reader.isArray) {
    nestedText.clear()
    writeItem(reader, nestedText)
    rows.writer.jsonOf(key, nestedText)
  } else readMetric(reader, rows, key)
}

function readMetrics(reader: MsgpackReader, rows: DatadogRows): void {
  const { writer } = rows
  for (let left = reader.map(); left > 0; left--) {
    reader.text()
    const key = writer.key(reader.start, reader.end)
    if (reader.nil()) continue
    readMetric(reader, rows, key)
  }
}

function readMetric(reader: MsgpackReader, rows: DatadogRows, key: AttributeKey): void {
  reader.number()
  if (reader.isReal) rows.metric(key, reader.real)
  else rows.wholeMetric(key, reader.low, reader.high)
}

/** Each is MessagePack of its own in bytes: kept as the JSON that it says, or as bytes when it is none. */
function readStructs(reader: MsgpackReader, rows: DatadogRows): void {
  const { writer } = rows
  for (let left = reader.map(); left > 0; left--) {
    reader.text()
    const key = writer.key(reader.start, reader.end)
    reader.text()
    if (writeStruct(reader.view, reader.start, reader.end)) writer.jsonOf(key, nestedText)
    else writer.bytes(key, reader.start, reader.end)
  }
}

function writeStruct(view: DataView, start: number, end: number): boolean {
  nestedText.clear()
  nested.open(bytesOf(view, start, end))
  try {
    if (!nested.isMap && !nested.isArray) return false
    writeItem(nested, nestedText)
    return nested.at === end - start
  } catch (error) {
    if (error instanceof MsgpackError) return false
    throw error
  } finally {
    nested.close()
  }
}

const LINK = {
  trace_id: 0,
  trace_id_high: 1,
  span_id: 2,
  attributes: 3,
  tracestate: 4,
  flags: 5,
} as const
const NAMES_OF_LINK: ReadonlyMap<string, number> = new Map(Object.entries(LINK))

function nameOf(reader: MsgpackReader): string {
  reader.text()
  return Buffer.from(bytesOf(reader.view, reader.start, reader.end)).toString('latin1')
}

function readLinks(reader: MsgpackReader, rows: DatadogRows): void {
  const ids = new Uint8Array(24)
  const view = new DataView(ids.buffer)
  for (let left = reader.array(); left > 0; left--) {
    ids.fill(0)
    let stateStart = 0
    let stateEnd = 0
    let flags = 0
    let attributes = -1
    for (let fields = reader.map(); fields > 0; fields--) {
      switch (NAMES_OF_LINK.get(nameOf(reader))) {
        case LINK.trace_id:
          readId(reader, view, 8)
          break
        case LINK.trace_id_high:
          readId(reader, view, 0)
          break
        case LINK.span_id:
          readId(reader, view, 16)
          break
        case LINK.tracestate:
          reader.text()
          stateStart = reader.start
          stateEnd = reader.end
          break
        case LINK.flags:
          reader.integer()
          // The highest bit says that the others were set.
          flags = reader.low & 0x7fff_ffff
          break
        case LINK.attributes:
          attributes = reader.at
          reader.skip()
          break
        default:
          reader.skip()
      }
    }
    const after = reader.at
    writeLink(rows, view, { reader, attributes, stateStart, stateEnd, flags })
    reader.at = after
  }
}

function readId(reader: MsgpackReader, view: DataView, at: number): void {
  reader.integer()
  view.setInt32(at, reader.high)
  view.setInt32(at + 4, reader.low)
}

export interface LinkParts {
  readonly reader: MsgpackReader
  /** Where the map of attributes begins, -1 without one. */
  readonly attributes: number
  readonly stateStart: number
  readonly stateEnd: number
  readonly flags: number
  /** Writes the item at `attributes`; a MessagePack map by default. */
  readonly write?: (reader: MsgpackReader, to: TextWriter) => void
}

/** @param ids trace id (16 bytes) and span id (8) */
export function writeLink(rows: DatadogRows, ids: DataView, parts: LinkParts): void {
  const { reader, attributes, stateStart, stateEnd, flags, write = writeItem } = parts
  const isPointer = isZero(ids, 0, 16) || isZero(ids, 16, 24)
  const to = isPointer ? rows.pointers : rows.links
  nextItem(to)
  if (!isPointer) {
    to.ascii('{"traceId":"')
    to.hex(ids, 0, 16)
    to.ascii('","spanId":"')
    to.hex(ids, 16, 24)
    to.byte(34)
    if (stateEnd > stateStart) {
      to.ascii(',"state":')
      to.quoted(reader.view, stateStart, stateEnd)
    }
    if (flags !== 0) to.ascii(`,"flags":${flags}`)
    if (attributes !== -1) to.ascii(',"attributes":')
  }
  if (attributes !== -1) {
    reader.at = attributes
    write(reader, to)
  } else if (isPointer) to.ascii('{}')
  if (!isPointer) to.byte(125)
}

function isZero(view: DataView, from: number, to: number): boolean {
  for (let at = from; at < to; at += 4) if (view.getInt32(at) !== 0) return false
  return true
}

function readEvents(reader: MsgpackReader, rows: DatadogRows): void {
  const to = rows.events
  for (let left = reader.array(); left > 0; left--) {
    let low = 0
    let high = 0
    let nameStart = 0
    let nameEnd = 0
    let attributes = -1
    for (let fields = reader.map(); fields > 0; fields--) {
      switch (nameOf(reader)) {
        case 'time_unix_nano':
          reader.integer()
          low = reader.low
          high = reader.high
          break
        case 'name':
          reader.text()
          nameStart = reader.start
          nameEnd = reader.end
          break
        case 'attributes':
          attributes = reader.at
          reader.skip()
          break
        default:
          reader.skip()
      }
    }
    const after = reader.at
    beginEvent(to, reader.view, { low, high, nameStart, nameEnd })
    if (attributes !== -1) {
      reader.at = attributes
      to.ascii(',"attributes":')
      writeTyped(reader, to)
    }
    to.byte(125)
    reader.at = after
  }
}

export interface EventParts {
  readonly low: number
  readonly high: number
  readonly nameStart: number
  readonly nameEnd: number
}

export function beginEvent(to: TextWriter, view: DataView, { low, high, nameStart, nameEnd }: EventParts): void {
  nextItem(to)
  to.ascii('{"nanos":')
  to.integer(low, high)
  if (nameEnd > nameStart) {
    to.ascii(',"name":')
    to.quoted(view, nameStart, nameEnd)
  }
}

/** A map of values that each name their type: `{type, string_value | bool_value | …}`. */
function writeTyped(reader: MsgpackReader, to: TextWriter): void {
  to.byte(123)
  for (let left = reader.map(), i = 0; left > 0; left--, i++) {
    if (i > 0) to.byte(44)
    reader.text()
    writeName(reader.view, reader.start, reader.end, to)
    writeTypedValue(reader, to, 0)
  }
  to.byte(125)
}

/** More than an array in an array is not foreseen. */
const MAX_ARRAY_DEPTH = 8

function writeTypedValue(reader: MsgpackReader, to: TextWriter, depth: number): void {
  if (depth > MAX_ARRAY_DEPTH) throw new MsgpackError(`arrays nested deeper than ${MAX_ARRAY_DEPTH} levels`, reader.at)
  const before = to.length
  for (let fields = reader.map(); fields > 0; fields--) {
    const name = nameOf(reader)
    if (!name.endsWith('_value')) {
      reader.skip()
      continue
    }
    // Of several the last one counts.
    to.length = before
    if (name === 'array_value' && reader.isMap) writeTypedArray(reader, to, depth)
    else if (name === 'double_value') {
      reader.number()
      to.double(reader.isReal ? reader.real : reader.high * 2 ** 32 + (reader.low >>> 0))
    } else writeItem(reader, to)
  }
  if (to.length === before) to.ascii('null')
}

function writeTypedArray(reader: MsgpackReader, to: TextWriter, depth: number): void {
  const before = to.length
  for (let fields = reader.map(); fields > 0; fields--) {
    if (nameOf(reader) !== 'values') {
      reader.skip()
      continue
    }
    to.length = before
    to.byte(91)
    for (let left = reader.array(), i = 0; left > 0; left--, i++) {
      if (i > 0) to.byte(44)
      writeTypedValue(reader, to, depth + 1)
    }
    to.byte(93)
  }
  if (to.length === before) to.ascii('[]')
}
