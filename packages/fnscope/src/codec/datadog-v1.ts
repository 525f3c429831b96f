// POST /v1.0/traces of the Datadog agent: maps with small numbers for keys, and strings that are sent once and named by
// their number from then on. Decoded as its one public decoder reads it; no tracer that speaks it was at hand.
import type { SpanBatch } from '../span/span-batch.ts'
import { beginEvent } from './datadog-events.ts'
import { writeName } from './datadog-item.ts'
import { TAG } from './datadog-keys.ts'
import { DatadogRows, FIELD, noTraces, type DatadogContext } from './datadog-rows.ts'
import { UNKNOWN_TRACER } from './datadog-source.ts'
import { writeLink } from './datadog-links.ts'
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import type { Taken } from './taken.ts'

const PAYLOAD = { container: 2, language: 3, tracerVersion: 5, runtimeId: 6, env: 7, host: 8, version: 9, chunks: 11 }
const CHUNK = { priority: 1, origin: 2, attributes: 3, spans: 4, dropped: 5, traceId: 6, mechanism: 7 }
const SPAN = {
  service: 1,
  name: 2,
  resource: 3,
  spanId: 4,
  parentId: 5,
  start: 6,
  duration: 7,
  error: 8,
  attributes: 9,
  type: 10,
  links: 11,
  events: 12,
  env: 13,
  version: 14,
  component: 15,
  kind: 16,
} as const
const LINK = { traceId: 1, spanId: 2, attributes: 3, state: 4, flags: 5 }
const EVENT = { time: 1, name: 2, attributes: 3 }
const TYPE = { string: 1, boolean: 2, double: 3, integer: 4, bytes: 5, array: 6, map: 7 } as const

/** A string that is named over and over would become terabytes. */
const MAX_GROWN_BYTES = 256 * 1024 * 1024
const MAX_DEPTH = 64

const reader = new MsgpackReader()
const rows = new DatadogRows()
const text = new TextWriter()

// Starts and ends, in turn, of the strings in the order in which they came. Number 0 is the empty one.
let strings: number[] = []
let grown = 0

/**
 * Appends the payload's spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeDatadogV1(body: Uint8Array, into: SpanBatch, context: DatadogContext): Taken {
  reader.open(body)
  strings = [0, 0]
  grown = 0
  try {
    // Spans stand before what is said of all of them, and strings are numbered as they come: a first look finds both.
    reader.skip((start, end) => strings.push(start, end))
    if (reader.at < body.length) throw new MsgpackError('more than one item', reader.at)
    reader.at = 0
    const places = placesOf()
    const { language, version } = context.tracer ?? UNKNOWN_TRACER
    rows.begin(into, reader.view, {
      ...context,
      tracer: {
        language: textAt(places, PAYLOAD.language) || language,
        version: textAt(places, PAYLOAD.tracerVersion) || version,
      },
    })
    setProcess(places, PAYLOAD.env, TAG.env)
    setProcess(places, PAYLOAD.version, TAG.version)
    setProcess(places, PAYLOAD.runtimeId, TAG.runtimeId)
    setProcess(places, PAYLOAD.host, TAG.host)
    if (!seek(places, PAYLOAD.chunks)) throw new MsgpackError('no chunks', 0)
    for (let left = reader.array(); left > 0; left--) readChunk()
    return rows.end()
  } catch (error) {
    if (error instanceof MsgpackError) throw noTraces('v1.0 traces', error.message)
    throw error
  } finally {
    reader.close()
    rows.close()
    strings = []
  }
}

/** Where the values of a map begin, by their keys; the reader is behind it then. */
type Places = ReadonlyMap<number, number>

function placesOf(): Places {
  const places = new Map<number, number>()
  for (let left = reader.map(); left > 0; left--) {
    const key = readKey()
    places.set(key, reader.at)
    reader.skip()
  }
  return places
}

/** -1 of a key that is no small number. */
function readKey(): number {
  reader.integer()
  return reader.high === 0 && reader.low >= 0 ? reader.low : -1
}

function seek(places: Places, key: number): boolean {
  const at = places.get(key)
  if (at === undefined) return false
  reader.at = at
  return true
}

/** A string, or the number of one: `reader.start` and `reader.end`. */
function readString(): void {
  if (reader.isText) {
    reader.text()
    return
  }
  const { at } = reader
  if (reader.nil()) {
    reader.start = reader.end = 0
    return
  }
  const number = readKey()
  if (number < 0 || number * 2 >= strings.length) throw new MsgpackError('the number of a string that did not come', at)
  reader.start = strings[number * 2]!
  reader.end = strings[number * 2 + 1]!
  grown += reader.end - reader.start
  if (grown > MAX_GROWN_BYTES)
    throw new MsgpackError(`strings of more than ${MAX_GROWN_BYTES / 1024 / 1024} MiB, as often as they are named,`, at)
}

function textAt(places: Places, key: number): string {
  if (!seek(places, key)) return ''
  readString()
  return stringOf(reader.view, reader.start, reader.end)
}

function setProcess(places: Places, key: number, tag: number): void {
  if (!seek(places, key)) return
  readString()
  rows.setProcess(tag, reader.start, reader.end)
}

const TRACE_ID_BYTES = 16

function readChunk(): void {
  const at = reader.at
  const places = placesOf()
  const after = reader.at
  rows.beginChunk()
  if (!seek(places, CHUNK.traceId)) throw new MsgpackError('a chunk without a trace id', at)
  reader.text()
  const traceId = reader.start
  if (reader.end - traceId !== TRACE_ID_BYTES) throw new MsgpackError('a trace id that is not 16 bytes', at)
  rows.setUpperId(reader.view.getInt32(traceId + 4), reader.view.getInt32(traceId))
  if (seek(places, CHUNK.spans))
    for (let left = reader.array(), first = true; left > 0; left--, first = false) {
      const spanAt = reader.at
      rows.beginSpan()
      rows.traceHigh = reader.view.getInt32(traceId + 8)
      rows.traceLow = reader.view.getInt32(traceId + 12)
      if (first) putChunk(places)
      reader.at = spanAt
      readSpan()
      rows.endSpan()
    }
  reader.at = after
}

/** What is said of the chunk, on its first span: where other versions have it. */
function putChunk(places: Places): void {
  const { writer } = rows
  if (seek(places, CHUNK.priority)) {
    reader.integer()
    rows.wholeMetric(writer.keyNamed('_sampling_priority_v1'), reader.low, reader.high)
  }
  if (seek(places, CHUNK.origin)) putString('_dd.origin')
  if (seek(places, CHUNK.mechanism)) {
    reader.integer()
    text.clear()
    text.ascii(`-${reader.low >>> 0}`)
    writer.stringOf(writer.keyNamed('_dd.p.dm'), text)
  }
  if (seek(places, CHUNK.dropped) && reader.boolean()) rows.setPriority(0)
  if (seek(places, CHUNK.attributes)) readAttributes()
}

function putString(name: string): void {
  readString()
  if (reader.end > reader.start) rows.tag(rows.writer.keyNamed(name), reader.start, reader.end)
}

function readSpan(): void {
  for (let left = reader.map(); left > 0; left--) readMember(readKey())
}

function readMember(key: number): void {
  switch (key) {
    case SPAN.service:
      readField(FIELD.service)
      break
    case SPAN.name:
      readField(FIELD.name)
      break
    case SPAN.resource:
      readField(FIELD.resource)
      break
    case SPAN.type:
      readField(FIELD.type)
      break
    case SPAN.spanId:
      reader.integer()
      rows.spanLow = reader.low
      rows.spanHigh = reader.high
      break
    case SPAN.parentId:
      reader.integer()
      rows.parentLow = reader.low
      rows.parentHigh = reader.high
      break
    case SPAN.start:
      reader.integer()
      rows.startLow = reader.low
      rows.startHigh = reader.high
      break
    case SPAN.duration:
      reader.integer()
      rows.durationLow = reader.low
      rows.durationHigh = reader.high
      break
    case SPAN.error:
      rows.isError = reader.boolean()
      break
    case SPAN.attributes:
      readAttributes()
      break
    case SPAN.links:
      readLinks()
      break
    case SPAN.events:
      readEvents()
      break
    case SPAN.env:
      putString('env')
      break
    case SPAN.version:
      putString('version')
      break
    case SPAN.component:
      putString('component')
      break
    case SPAN.kind:
      rows.kind = readKey()
      break
    default:
      reader.skip()
  }
}

function readField(field: number): void {
  readString()
  rows.setField(field, reader.start, reader.end)
}

/** How many items of three, or of two, the flat array behind the reader has. */
function readFlat(width: number): number {
  const { at } = reader
  const items = reader.array()
  if (items % width !== 0) throw new MsgpackError(`a list of ${items}, which is no multiple of ${width},`, at)
  return items / width
}

function readAttributes(): void {
  const { writer } = rows
  for (let left = readFlat(3); left > 0; left--) {
    readString()
    const keyStart = reader.start
    const keyEnd = reader.end
    const type = readKey()
    switch (type) {
      case TYPE.string:
        readString()
        rows.tag(writer.key(keyStart, keyEnd), reader.start, reader.end)
        break
      case TYPE.boolean:
        writer.boolean(writer.key(keyStart, keyEnd), reader.boolean())
        break
      case TYPE.double:
      case TYPE.integer:
        reader.number()
        if (reader.isReal) rows.metric(writer.key(keyStart, keyEnd), reader.real)
        else rows.wholeMetric(writer.key(keyStart, keyEnd), reader.low, reader.high)
        break
      case TYPE.bytes:
        reader.text()
        writer.bytes(writer.key(keyStart, keyEnd), reader.start, reader.end)
        break
      default:
        text.clear()
        writeValue(type, text, 0)
        writer.jsonOf(writer.key(keyStart, keyEnd), text)
    }
  }
}

/** A value of the type as attribute JSON. */
function writeValue(type: number, to: TextWriter, depth: number): void {
  if (depth > MAX_DEPTH) throw new MsgpackError(`values nested deeper than ${MAX_DEPTH} levels`, reader.at)
  switch (type) {
    case TYPE.string:
      readString()
      to.quoted(reader.view, reader.start, reader.end)
      break
    case TYPE.boolean:
      to.ascii(reader.boolean() ? 'true' : 'false')
      break
    case TYPE.double:
    case TYPE.integer:
      reader.number()
      if (reader.isReal) to.double(reader.real)
      else to.integer(reader.low, reader.high)
      break
    case TYPE.bytes:
      reader.text()
      to.ascii('{"$bytes":"')
      to.base64(reader.view, reader.start, reader.end)
      to.ascii('"}')
      break
    case TYPE.array:
      to.byte(91)
      for (let left = readFlat(2), i = 0; left > 0; left--, i++) {
        if (i > 0) to.byte(44)
        writeValue(readKey(), to, depth + 1)
      }
      to.byte(93)
      break
    case TYPE.map:
      writeAttributes(to, depth + 1)
      break
    default:
      throw new MsgpackError(`an attribute of type ${type}`, reader.at)
  }
}

function writeAttributes(to: TextWriter, depth = 0): void {
  to.byte(123)
  for (let left = readFlat(3), i = 0; left > 0; left--, i++) {
    if (i > 0) to.byte(44)
    readString()
    writeName(reader.view, reader.start, reader.end, to)
    writeValue(readKey(), to, depth)
  }
  to.byte(125)
}

const ids = new Uint8Array(24)
const idView = new DataView(ids.buffer)

function readLinks(): void {
  for (let left = reader.array(); left > 0; left--) {
    const places = placesOf()
    const after = reader.at
    ids.fill(0)
    if (seek(places, LINK.traceId)) {
      reader.text()
      if (reader.end - reader.start === TRACE_ID_BYTES) ids.set(reader.bytes.subarray(reader.start, reader.end))
    }
    if (seek(places, LINK.spanId)) {
      reader.integer()
      idView.setInt32(16, reader.high)
      idView.setInt32(20, reader.low)
    }
    let flags = 0
    if (seek(places, LINK.flags)) {
      reader.integer()
      // The highest bit says that the others were set.
      flags = reader.low & 0x7fff_ffff
    }
    let stateStart = 0
    let stateEnd = 0
    if (seek(places, LINK.state)) {
      readString()
      stateStart = reader.start
      stateEnd = reader.end
    }
    const attributes = places.get(LINK.attributes) ?? -1
    writeLink(rows, idView, { reader, attributes, stateStart, stateEnd, flags, write: (_, to) => writeAttributes(to) })
    reader.at = after
  }
}

function readEvents(): void {
  const to = rows.events
  for (let left = reader.array(); left > 0; left--) {
    const places = placesOf()
    const after = reader.at
    let low = 0
    let high = 0
    if (seek(places, EVENT.time)) {
      reader.integer()
      low = reader.low
      high = reader.high
    }
    reader.start = reader.end = 0
    if (seek(places, EVENT.name)) readString()
    beginEvent(to, reader.view, { low, high, nameStart: reader.start, nameEnd: reader.end })
    if (seek(places, EVENT.attributes)) {
      to.ascii(',"attributes":')
      writeAttributes(to)
    }
    to.byte(125)
    reader.at = after
  }
}
