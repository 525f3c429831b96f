// An item of a Datadog agent's MessagePack as attribute JSON, and lists of such items that are written in pieces.
import { MsgpackError, type MsgpackReader } from './msgpack-reader.ts'
import { bytesOf, type TextWriter } from './otlp-text.ts'

/** Values nested deeper than this are kept as bytes, or the request is refused. */
export const MAX_DEPTH = 64

/** A key as text, as it stands. */
export function nameOf(reader: MsgpackReader): string {
  reader.text()
  return Buffer.from(bytesOf(reader.view, reader.start, reader.end)).toString('latin1')
}

/** A list that is written in pieces: what stands before the next one, and what ends it. */
export function nextItem(to: TextWriter): void {
  to.ascii(to.length === 0 ? '[' : ',')
}

export function endItems(to: TextWriter): void {
  if (to.length > 0) to.byte(93)
}

/** A map's key as a member's name; one that begins with $ has one more, so that it is none of this JSON's own. */
export function writeName(view: DataView, start: number, end: number, to: TextWriter): void {
  const at = to.length
  to.quoted(view, start, end)
  if (end > start && view.getUint8(start) === 36) to.insert(at + 1, 36)
  to.byte(58)
}

/** One item of MessagePack as attribute JSON. @throws MsgpackError also when it is nested deeper than MAX_DEPTH */
export function writeItem(reader: MsgpackReader, to: TextWriter, depth = 0): void {
  if (depth > MAX_DEPTH) throw new MsgpackError(`values nested deeper than ${MAX_DEPTH} levels`, reader.at)
  const head = reader.bytes[reader.at] ?? 0xc0
  if (reader.isMap) {
    const pairs = reader.map()
    to.byte(123)
    for (let i = 0; i < pairs; i++) {
      if (i > 0) to.byte(44)
      if (!reader.isText) throw new MsgpackError('a key that is no string', reader.at)
      reader.text()
      writeName(reader.view, reader.start, reader.end, to)
      writeItem(reader, to, depth + 1)
    }
    to.byte(125)
  } else if (reader.isArray) {
    const items = reader.array()
    to.byte(91)
    for (let i = 0; i < items; i++) {
      if (i > 0) to.byte(44)
      writeItem(reader, to, depth + 1)
    }
    to.byte(93)
  } else if (reader.isText) {
    reader.text()
    if (head >= 0xc4 && head <= 0xc6) {
      to.ascii('{"$bytes":"')
      to.base64(reader.view, reader.start, reader.end)
      to.ascii('"}')
    } else to.quoted(reader.view, reader.start, reader.end)
  } else if (reader.nil()) to.ascii('null')
  else if (head === 0xc2 || head === 0xc3) to.ascii(reader.boolean() ? 'true' : 'false')
  else {
    reader.number()
    if (reader.isReal) to.double(reader.real)
    else if (head === 0xcf) to.unsigned(reader.low, reader.high)
    else to.integer(reader.low, reader.high)
  }
}
