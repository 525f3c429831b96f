// Links of a Datadog span as the JSON text that their column holds. A link to nothing is a pointer: to something that is no span.
import { nameOf, nextItem, writeItem } from './datadog-item.ts'
import type { DatadogRows } from './datadog-rows.ts'
import type { MsgpackReader } from './msgpack-reader.ts'
import type { TextWriter } from './otlp-text.ts'

const LINK = {
  trace_id: 0,
  trace_id_high: 1,
  span_id: 2,
  attributes: 3,
  tracestate: 4,
  flags: 5,
} as const
const NAMES_OF_LINK: ReadonlyMap<string, number> = new Map(Object.entries(LINK))

export function readLinks(reader: MsgpackReader, rows: DatadogRows): void {
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
