// Zipkin's spans in JSON, read as protobuf: what a list says is written out as the ListOfSpans that it stands for, so that
// one decoder serves both. Here is version 2; version 1 is turned into it by zipkin-v1.ts.
// https://github.com/openzipkin/zipkin-api/blob/master/zipkin2-api.yaml
import type { SpanBatch } from '../span/span-batch.ts'
import { isDeeperThan, isJsonObject, type JsonObject } from './json.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import type { RowContext } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import { addressBytes } from './zipkin-address.ts'
import { decodeZipkinSpans } from './zipkin-proto.ts'

/** A list, a span, an annotation, its endpoint; values of tags are texts. */
const MAX_DEPTH = 32
const KINDS: readonly string[] = ['', 'CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER']
/** What the other side refuses by its length, for it is no id. */
const NO_ID = new Uint8Array(1)

const decoder = new TextDecoder('utf-8')

/** A span of version 2, as far as it is read here. */
export interface ZipkinSpan {
  readonly traceId?: unknown
  readonly id?: unknown
  readonly parentId?: unknown
  readonly kind?: unknown
  readonly name?: unknown
  readonly timestamp?: unknown
  readonly duration?: unknown
  readonly localEndpoint?: unknown
  readonly remoteEndpoint?: unknown
  readonly annotations?: unknown
  readonly tags?: unknown
  readonly debug?: unknown
  readonly shared?: unknown
}

/** @throws MalformedError when the body is no JSON list of objects */
export function parseZipkinJson(body: Uint8Array): readonly JsonObject[] {
  const text = decoder.decode(body)
  if (isDeeperThan(text, MAX_DEPTH)) throw new MalformedError(`The JSON is nested deeper than ${MAX_DEPTH}.`)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new MalformedError(`The body is no JSON: ${(error as Error).message}`)
  }
  if (!Array.isArray(document) || !document.every(isJsonObject))
    throw new MalformedError('The body is no list of spans.')
  return document
}

/** Appends the request's spans to `into`. @throws MalformedError then `into` is in no state to be used */
export function decodeZipkinJson(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  const writer = new ProtobufWriter()
  for (const span of parseZipkinJson(body)) writeZipkinSpan(writer, span)
  return decodeZipkinSpans(writer.written(), into, context)
}

/** Writes one span into a ListOfSpans. @throws MalformedError for a field of another type than its own */
export function writeZipkinSpan(writer: ProtobufWriter, span: ZipkinSpan): void {
  const mark = writer.open(1)
  writer.bytes(1, idOf(span.traceId, 16))
  if (isThere(span.parentId)) writer.bytes(2, idOf(span.parentId, 8))
  writer.bytes(3, idOf(span.id, 8))
  const kind = KINDS.indexOf(textOf(span.kind, 'kind').toUpperCase())
  if (kind > 0) writer.varint(4, kind)
  const name = textOf(span.name, 'name')
  if (name !== '') writer.string(5, name)
  writer.fixed64(6, microsOf(span.timestamp, 'timestamp'))
  writer.varint64(7, microsOf(span.duration, 'duration'))
  writeEndpoint(writer, 8, span.localEndpoint)
  writeEndpoint(writer, 9, span.remoteEndpoint)
  for (const annotation of listOf(span.annotations)) writeAnnotation(writer, annotation)
  writeTags(writer, span.tags)
  if (span.debug === true) writer.varint(12, 1)
  if (span.shared === true) writer.varint(13, 1)
  writer.close(mark)
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

function wrong(name: string, expected: string): MalformedError {
  return new MalformedError(`A span has a "${name}" that is not ${expected}.`)
}

function textOf(value: unknown, name: string): string {
  if (!isThere(value)) return ''
  if (typeof value !== 'string') throw wrong(name, 'a text')
  return value
}

/** Hex of any case, without its leading zeros too; what is none is refused span by span. */
function idOf(value: unknown, size: 8 | 16): Uint8Array {
  if (typeof value !== 'string' || value.length > size * 2 || !/^[0-9a-f]+$/i.test(value)) return NO_ID
  return Buffer.from(value.padStart(size * 2, '0'), 'hex')
}

/** Whole microseconds; 0 when there are none. Some senders write them with a point. */
function microsOf(value: unknown, name: string): bigint {
  if (!isThere(value)) return 0n
  const micros = typeof value === 'string' && /^\d{1,19}$/.test(value) ? Number(value) : value
  if (typeof micros !== 'number' || !Number.isFinite(micros) || Math.abs(micros) > 2 ** 62)
    throw wrong(name, 'a number of microseconds')
  return BigInt(Math.trunc(micros))
}

function listOf(value: unknown): readonly JsonObject[] {
  if (!isThere(value)) return []
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw wrong('annotations', 'a list of objects')
  return value
}

function writeEndpoint(writer: ProtobufWriter, field: number, value: unknown): void {
  if (!isThere(value)) return
  if (!isJsonObject(value)) throw wrong('endpoint', 'an object')
  const mark = writer.open(field)
  const name = textOf(value['serviceName'], 'serviceName')
  if (name !== '') writer.string(1, name)
  for (const [number, key] of [
    [2, 'ipv4'],
    [3, 'ipv6'],
  ] as const) {
    const address = addressBytes(textOf(value[key], key))
    if (address.length > 0) writer.bytes(number, address)
  }
  const port = value['port']
  if (typeof port === 'number' && Number.isInteger(port) && port > 0) writer.varint(4, port)
  writer.close(mark)
}

function writeAnnotation(writer: ProtobufWriter, { timestamp, value }: JsonObject): void {
  const mark = writer.open(10)
  writer.fixed64(1, microsOf(timestamp, 'timestamp'))
  writer.string(2, textOf(value, 'value'))
  writer.close(mark)
}

/** Texts by right; what is none stands as it reads. */
function writeTags(writer: ProtobufWriter, tags: unknown): void {
  if (!isThere(tags)) return
  if (!isJsonObject(tags)) throw wrong('tags', 'an object')
  for (const [key, value] of Object.entries(tags)) {
    const mark = writer.open(11)
    writer.string(1, key)
    writer.string(2, typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value))
    writer.close(mark)
  }
}
