// Events and links of a span as the JSON text that their columns hold (span/span-json.ts reads it).
import type { TextWriter } from './otlp-text.ts'
import { writeAttributes } from './otlp-value.ts'
import { fieldsOf, type ProtobufReader } from './protobuf-reader.ts'

const EVENT_FIELDS = fieldsOf(1, 2, 3, 4)
const LINK_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6)

/** @param places start and end of `count` Event messages, in turn */
export function writeEvents(reader: ProtobufReader, places: readonly number[], count: number, to: TextWriter): void {
  for (let i = 0; i < count; i++) {
    to.ascii(i === 0 ? '[' : ',')
    writeEvent(reader, places[i * 2]!, places[i * 2 + 1]!, to)
  }
  to.ascii(']')
}

function writeEvent(reader: ProtobufReader, start: number, end: number, to: TextWriter): void {
  let low = 0
  let high = 0
  let nameStart = 0
  let nameEnd = 0
  let dropped = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    switch (tag) {
      case 0x09: {
        const at = reader.fixed64(end)
        low = reader.view.getInt32(at, true)
        high = reader.view.getInt32(at + 4, true)
        break
      }
      case 0x12:
        nameEnd = reader.length(end)
        nameStart = reader.at
        reader.at = nameEnd
        break
      case 0x1a:
        reader.at = reader.length(end)
        break
      case 0x20:
        dropped = reader.varint()
        break
      default:
        reader.skip(tag, end, EVENT_FIELDS)
    }
  }
  reader.checkEnd(end)
  to.ascii('{"nanos":')
  to.unsigned(low, high)
  if (nameEnd > nameStart) {
    to.ascii(',"name":')
    to.quoted(reader.view, nameStart, nameEnd)
  }
  writeEnd(reader, start, end, 0x1a, dropped, to)
}

/** Attributes, if any, what was dropped of them, and the brace. */
function writeEnd(
  reader: ProtobufReader,
  start: number,
  end: number,
  attributesTag: number,
  dropped: number,
  to: TextWriter,
): void {
  const before = to.length
  to.ascii(',"attributes":')
  if (!writeAttributes(reader, start, end, attributesTag, to)) to.length = before
  if (dropped !== 0) to.ascii(`,"droppedAttributes":${dropped >>> 0}`)
  to.ascii('}')
}

/** @param places start and end of `count` Link messages, in turn */
export function writeLinks(reader: ProtobufReader, places: readonly number[], count: number, to: TextWriter): void {
  for (let i = 0; i < count; i++) {
    to.ascii(i === 0 ? '[' : ',')
    writeLink(reader, places[i * 2]!, places[i * 2 + 1]!, to)
  }
  to.ascii(']')
}

function writeLink(reader: ProtobufReader, start: number, end: number, to: TextWriter): void {
  const ids = [0, 0, 0, 0, 0, 0]
  let dropped = 0
  let flags = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    switch (tag) {
      case 0x0a:
      case 0x12:
      case 0x1a: {
        const fieldEnd = reader.length(end)
        const place = ((tag >>> 3) - 1) * 2
        ids[place] = reader.at
        ids[place + 1] = fieldEnd
        reader.at = fieldEnd
        break
      }
      case 0x22:
        reader.at = reader.length(end)
        break
      case 0x28:
        dropped = reader.varint()
        break
      case 0x35:
        flags = reader.view.getUint32(reader.fixed32(end), true)
        break
      default:
        reader.skip(tag, end, LINK_FIELDS)
    }
  }
  reader.checkEnd(end)
  const [traceStart, traceEnd, spanStart, spanEnd, stateStart, stateEnd] = ids as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  to.ascii('{"traceId":"')
  to.hex(reader.view, traceStart, traceEnd)
  to.ascii('"')
  if (spanEnd > spanStart) {
    to.ascii(',"spanId":"')
    to.hex(reader.view, spanStart, spanEnd)
    to.ascii('"')
  }
  if (stateEnd > stateStart) {
    to.ascii(',"state":')
    to.quoted(reader.view, stateStart, stateEnd)
  }
  if (flags !== 0) to.ascii(`,"flags":${flags}`)
  writeEnd(reader, start, end, 0x22, dropped, to)
}
