// A span as a MessagePack map with names for keys: what v0.3, v0.4 and v0.7 of the agent's API have in common.
import { readEvents } from './datadog-events.ts'
import { writeItem } from './datadog-item.ts'
import { readLinks } from './datadog-links.ts'
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
