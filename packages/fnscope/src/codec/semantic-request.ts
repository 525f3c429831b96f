// The URL, the agent and the caller's address of a request that a segment served: traces are searched by them.
import type { SpanBatch } from '../span/span-batch.ts'
import { pushText, TextWriter } from './otlp-text.ts'
import { MEANING, meanings, type Meaning } from './semantic-keys.ts'
import type { SemanticSlots } from './semantic-slots.ts'

/** All that is asked for here. */
export const REQUEST = meanings(
  MEANING.url,
  MEANING.host,
  MEANING.localHost,
  MEANING.path,
  MEANING.userAgent,
  MEANING.clientAddress,
  MEANING.peerAddress,
)
const URL_PARTS = meanings(MEANING.host, MEANING.localHost, MEANING.path)

const SLASH = 47
const QUESTION_MARK = 63
const COLON = 58

const writer = new TextWriter()

/** httpUrl, httpUserAgent and httpClientIp of `row`, as far as they are known. */
export function putRequest(batch: SpanBatch, row: number, wire: DataView, slots: SemanticSlots): void {
  if (slots.hasText(MEANING.url)) slots.putText(batch.httpUrl, row, MEANING.url, wire)
  else if ((slots.present & URL_PARTS) !== 0) {
    writeUrl(wire, slots)
    batch.httpUrl.padTo(row)
    pushText(batch.httpUrl, writer.view, 0, writer.length)
  }
  slots.putWord(batch.httpUserAgent, row, MEANING.userAgent, wire)
  const client = slots.hasText(MEANING.clientAddress) ? MEANING.clientAddress : MEANING.peerAddress
  slots.putText(batch.httpClientIp, row, client, wire)
}

/** scheme://host:port/path?query, without what nobody said. */
function writeUrl(wire: DataView, slots: SemanticSlots): void {
  const copy = (meaning: Meaning): void => writer.copy(wire, slots.start(meaning), slots.end(meaning))
  writer.clear()
  const host = hostOf(slots)
  if (host !== undefined) {
    if (slots.hasText(MEANING.scheme)) copy(MEANING.scheme)
    else writer.ascii('http')
    writer.ascii('://')
    copy(host)
    const port = slots.integer(MEANING.port)
    if (port > 0 && port !== 80 && port !== 443 && !hasPort(wire, slots.start(host), slots.end(host)))
      writer.ascii(`:${port}`)
  }
  if (!slots.hasText(MEANING.path)) return
  if (wire.getUint8(slots.start(MEANING.path)) !== SLASH) writer.byte(SLASH)
  copy(MEANING.path)
  // http.target, which comes first, has the query in it.
  if (slots.rank(MEANING.path) === 0 || !slots.hasText(MEANING.query)) return
  if (wire.getUint8(slots.start(MEANING.query)) !== QUESTION_MARK) writer.byte(QUESTION_MARK)
  copy(MEANING.query)
}

/** net.peer.name is the caller's on a server's span. */
function hostOf(slots: SemanticSlots): Meaning | undefined {
  if (slots.hasText(MEANING.host) && slots.rank(MEANING.host) < 2) return MEANING.host
  if (slots.hasText(MEANING.localHost)) return MEANING.localHost
  return undefined
}

/** http.host may have it: `name:8080`, `[::1]:8080`. */
function hasPort(wire: DataView, start: number, end: number): boolean {
  for (let at = end - 1; at > start; at--) {
    const byte = wire.getUint8(at)
    if (byte === COLON) return at < end - 1
    if (byte < 48 || byte > 57) return false
  }
  return false
}
