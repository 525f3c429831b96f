// Messages of AWS' event streams (application/vnd.amazon.eventstream): lengths, checksums, headers of text, a payload.
// https://smithy.io/2.0/aws/amazon-eventstream.html
import { crc32 } from 'node:zlib'

export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
/** The type of a header's value: text behind its length in two bytes. */
const TEXT = 7

/** One event of the stream. @param type the member of the stream's union, as `PayloadChunk` */
export function encodeEvent(type: string, contentType: string, payload: Uint8Array): Buffer {
  return encodeMessage({ ':event-type': type, ':content-type': contentType, ':message-type': 'event' }, payload)
}

/** The failure that ends a stream. @param type a member of the stream's union that is an exception */
export function encodeException(type: string, message: string): Buffer {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }
  return encodeMessage(headers, Buffer.from(JSON.stringify({ message })))
}

function encodeMessage(texts: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const headers = Buffer.concat(Object.entries(texts).map(([name, value]) => textHeader(name, value)))
  const message = Buffer.alloc(PRELUDE_BYTES + headers.length + payload.length + CHECKSUM_BYTES)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(headers.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  headers.copy(message, PRELUDE_BYTES)
  message.set(payload, PRELUDE_BYTES + headers.length)
  const end = message.length - CHECKSUM_BYTES
  message.writeUInt32BE(crc32(message.subarray(0, end)), end)
  return message
}

function textHeader(name: string, value: string): Buffer {
  const header = Buffer.alloc(1 + name.length + 3 + value.length)
  header.writeUInt8(name.length, 0)
  header.write(name, 1, 'latin1')
  header.writeUInt8(TEXT, 1 + name.length)
  header.writeUInt16BE(value.length, 2 + name.length)
  header.write(value, 4 + name.length, 'latin1')
  return header
}
