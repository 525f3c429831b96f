// Traces of Datadog's tracers in JSON: as the agent's API takes them beside MessagePack, and as the libraries print them
// where they have no agent. Written out as v0.4, so that one decoder, and one mapping, serves all.
import type { SpanBatch } from '../span/span-batch.ts'
import { MAX_DEPTH } from './datadog-item.ts'
import { noTraces, type DatadogContext } from './datadog-rows.ts'
import { decodeDatadogV04 } from './datadog-v04.ts'
import { isDeeperThan, isJsonObject, type JsonObject } from './json.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import type { Taken } from './taken.ts'

/** A number that a double may not hold. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/

/** Spans have values in them that are nested themselves. */
const MAX_JSON_DEPTH = MAX_DEPTH + 16

const TEXTS = ['service', 'name', 'resource', 'type'] as const
const WHOLES = ['trace_id', 'span_id', 'parent_id', 'start', 'duration', 'error'] as const

const decoder = new TextDecoder('utf-8')

/** How ids that are texts are spelled: the API has digits, printed lines have hex. */
export type IdBase = 10 | 16

/**
 * Appends the spans of `[[{…}]]` to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeDatadogJson(body: Uint8Array, into: SpanBatch, context: DatadogContext): Taken {
  return decodeDatadogV04(packTraces(parseTraces(decoder.decode(body)), 10), into, context)
}

/** @throws MalformedError when it is no JSON */
export function parseTraces(text: string): unknown {
  if (isDeeperThan(text, MAX_JSON_DEPTH)) throw noTraces('JSON traces', `it is nested deeper than ${MAX_JSON_DEPTH}`)
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch (error) {
    throw noTraces('JSON traces', (error as Error).message)
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value
}

/** As the body of a v0.4 request. @throws MalformedError */
export function packTraces(traces: unknown, idBase: IdBase): Uint8Array {
  const to = new MsgpackWriter()
  const chunks = listOf(traces, 'the traces are')
  to.array(chunks.length)
  for (const chunk of chunks) {
    const spans = listOf(chunk, 'a trace is')
    to.array(spans.length)
    for (const span of spans) {
      if (!isJsonObject(span)) throw noTraces('JSON traces', 'a span is no object')
      packSpan(span, idBase, to)
    }
  }
  return to.bytes
}

/** null is an empty list. */
function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw noTraces('JSON traces', `${what} no list`)
  return value
}

function packSpan(span: JsonObject, idBase: IdBase, to: MsgpackWriter): void {
  const members = Object.entries(span).filter(([, value]) => value !== null)
  to.map(members.length)
  for (const [name, value] of members) {
    to.string(name)
    if (TEXTS.some((text) => text === name)) to.string(textOf(name, value))
    else if (WHOLES.some((whole) => whole === name))
      to.integer(wholeOf(name, value, name.endsWith('_id') ? idBase : 10))
    else if (name === 'meta') packTags(name, value, to, (tag) => packTag(tag, to))
    else if (name === 'metrics') packTags(name, value, to, (number) => packNumber(number, to))
    else if (name === 'meta_struct') packTags(name, value, to, (struct) => packStruct(struct, to))
    else packItem(value, to)
  }
}

function packTags(name: string, value: unknown, to: MsgpackWriter, pack: (value: unknown) => void): void {
  if (!isJsonObject(value)) throw noTraces('JSON traces', `"${name}" is no object`)
  const tags = Object.entries(value)
  to.map(tags.length)
  for (const [key, tag] of tags) {
    to.string(key)
    pack(tag)
  }
}

function packTag(value: unknown, to: MsgpackWriter): void {
  if (typeof value === 'string') to.string(value)
  else packItem(value, to)
}

function packNumber(value: unknown, to: MsgpackWriter): void {
  if (typeof value === 'number' || typeof value === 'bigint' || value === null) packItem(value, to)
  else throw noTraces('JSON traces', 'a metric is no number')
}

/** Bytes stand as base64 in JSON. */
function packStruct(value: unknown, to: MsgpackWriter): void {
  if (typeof value === 'string') to.binary(Buffer.from(value, 'base64'))
  else {
    const inner = new MsgpackWriter()
    packItem(value, inner)
    to.binary(inner.bytes)
  }
}

function packItem(value: unknown, to: MsgpackWriter): void {
  if (typeof value === 'string') to.string(value)
  else if (typeof value === 'boolean') to.boolean(value)
  else if (typeof value === 'bigint') packBigint(value, to)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) to.integer(BigInt(value))
    else to.double(value)
  } else if (Array.isArray(value)) {
    to.array(value.length)
    for (const item of value) packItem(item, to)
  } else if (isJsonObject(value)) packTags('', value, to, (item) => packItem(item, to))
  else to.nil()
}

function packBigint(value: bigint, to: MsgpackWriter): void {
  if (isWire(value)) to.integer(value)
  else to.double(Number(value))
}

function isWire(value: bigint): boolean {
  return value >= -(1n << 63n) && value < 1n << 64n
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw noTraces('JSON traces', `"${name}" is no string`)
}

function wholeOf(name: string, value: unknown, base: IdBase): bigint {
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value))
  if (typeof value === 'boolean') return value ? 1n : 0n
  const whole =
    typeof value === 'bigint'
      ? value
      : typeof value === 'string' && (base === 16 ? /^[0-9a-f]{1,32}$/i : /^-?\d{1,20}$/).test(value)
        ? BigInt(base === 16 ? `0x${value.slice(-16)}` : value)
        : undefined
  if (whole === undefined || !isWire(whole)) throw noTraces('JSON traces', `"${name}" is no number of 64 bits`)
  return whole
}
