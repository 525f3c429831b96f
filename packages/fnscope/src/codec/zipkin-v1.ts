// Zipkin's version 1: kind, times and endpoints of a span are told by annotations (cs, cr, sr, ss …) and addresses. Each
// span becomes one or, when client and server wrote into the same, two of version 2.
// https://github.com/openzipkin/zipkin-api/blob/master/zipkin-api.yaml
import type { SpanBatch } from '../span/span-batch.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import type { RowContext } from './span-row-writer.ts'
import type { Taken } from './taken.ts'
import { parseZipkinJson, writeZipkinSpan, type ZipkinSpan } from './zipkin-json.ts'
import { decodeZipkinSpans } from './zipkin-proto.ts'

type Kind = 'CLIENT' | 'SERVER' | 'PRODUCER' | 'CONSUMER'

/** How a kind begins, how it ends, and the key of the address at its other end. */
const KINDS: Readonly<Record<Kind, { readonly begin: string; readonly end: string; readonly remote: string }>> = {
  CLIENT: { begin: 'cs', end: 'cr', remote: 'sa' },
  SERVER: { begin: 'sr', end: 'ss', remote: 'ca' },
  PRODUCER: { begin: 'ms', end: '', remote: 'ma' },
  CONSUMER: { begin: 'mr', end: '', remote: 'ma' },
}
const CORE = new Set(['cs', 'cr', 'sr', 'ss', 'ms', 'mr'])
const ADDRESSES = new Set(['sa', 'ca', 'ma'])
/** Names the component of a span that is neither side of a call. */
const LOCAL = 'lc'

/** Appends the request's spans to `into`. @throws MalformedError then `into` is in no state to be used */
export function decodeZipkinV1Json(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  const writer = new ProtobufWriter()
  for (const span of parseZipkinJson(body)) for (const one of spansOfV1(span)) writeZipkinSpan(writer, one)
  return decodeZipkinSpans(writer.written(), into, context)
}

interface Half {
  readonly kind: Kind | undefined
  readonly endpoint: JsonObject | undefined
  readonly begin: number | undefined
  readonly end: number | undefined
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function endpointOf({ endpoint }: JsonObject): JsonObject | undefined {
  return isJsonObject(endpoint) ? endpoint : undefined
}

function serviceOf(endpoint: JsonObject | undefined): unknown {
  return endpoint?.['serviceName'] || undefined
}

function halfOf(kind: Kind, annotations: readonly JsonObject[]): Half | undefined {
  const find = (value: string): JsonObject | undefined =>
    value === '' ? undefined : annotations.find((one) => one['value'] === value)
  const begin = find(KINDS[kind].begin)
  const end = find(KINDS[kind].end)
  const either = begin ?? end
  if (either === undefined) return undefined
  const timeOf = (one: JsonObject | undefined): number | undefined =>
    typeof one?.['timestamp'] === 'number' ? one['timestamp'] : undefined
  return { kind, endpoint: endpointOf(either), begin: timeOf(begin), end: timeOf(end) }
}

/** The kind of a span that only an address tells of. */
function kindOfAddress(addresses: ReadonlyMap<unknown, JsonObject>): Kind | undefined {
  if (addresses.has('sa')) return 'CLIENT'
  return addresses.has('ca') ? 'SERVER' : undefined
}

/** One span of version 1 as those of version 2, the client's first. */
export function spansOfV1(span: JsonObject): ZipkinSpan[] {
  const annotations = objects(span['annotations'])
  const binary = objects(span['binaryAnnotations'])
  const addresses = new Map<unknown, JsonObject>()
  for (const one of binary) {
    const endpoint = endpointOf(one)
    if (ADDRESSES.has(String(one['key'])) && endpoint !== undefined && isAddress(one['value']))
      addresses.set(one['key'], endpoint)
  }
  const tags = binary.filter((one) => !(ADDRESSES.has(String(one['key'])) && isAddress(one['value'])))
  const halves = (Object.keys(KINDS) as Kind[])
    .map((kind) => halfOf(kind, annotations))
    .filter((half) => half !== undefined)
  if (halves.length === 0) {
    const some = [...annotations, ...tags].map(endpointOf).find((endpoint) => serviceOf(endpoint) !== undefined)
    halves.push({ kind: kindOfAddress(addresses), endpoint: some, begin: undefined, end: undefined })
  }
  const events = annotations.filter((one) => !CORE.has(String(one['value'])))
  // What does not name the service of one half is the first one's.
  const halfFor = (one: JsonObject): Half => {
    const service = serviceOf(endpointOf(one))
    return halves.find((half) => service !== undefined && serviceOf(half.endpoint) === service) ?? halves[0]!
  }
  return halves.map((half, place) => ({
    traceId: joinedId(span),
    id: span['id'],
    parentId: span['parentId'],
    kind: half.kind,
    name: span['name'],
    ...timesOf(span, half, halves.length),
    localEndpoint: half.endpoint,
    remoteEndpoint: half.kind && addresses.get(KINDS[half.kind].remote),
    annotations: events.filter((one) => halfFor(one) === half),
    tags: tagsOf(tags.filter((one) => halfFor(one) === half)),
    debug: span['debug'],
    // A server that does not say when the span began has it from its client.
    shared: half.kind === 'SERVER' && (place > 0 || span['timestamp'] === undefined),
  }))
}

/** Some libraries wrote the upper half beside the lower one. */
function joinedId({ traceId, traceIdHigh }: JsonObject): unknown {
  if (typeof traceId !== 'string' || typeof traceIdHigh !== 'string' || traceId.length > 16) return traceId
  return traceIdHigh + traceId.padStart(16, '0')
}

function isAddress(value: unknown): boolean {
  return value === true || value === 'true' || value === '\u0001'
}

/** The span's own times are those of its first half; of both halves each knows its own. */
function timesOf(
  { timestamp, duration }: JsonObject,
  { begin, end }: Half,
  halves: number,
): { readonly timestamp: unknown; readonly duration: unknown } {
  const own = begin !== undefined && end !== undefined && end >= begin ? Math.max(1, end - begin) : undefined
  if (halves > 1) return { timestamp: begin ?? timestamp ?? end, duration: own ?? duration }
  return { timestamp: timestamp ?? begin ?? end, duration: duration ?? own }
}

function tagsOf(binary: readonly JsonObject[]): Record<string, unknown> {
  const named = binary
    .filter(({ key, value }) => typeof key === 'string' && !(key === LOCAL && value === ''))
    .map(({ key, value }) => [key as string, value ?? ''] as const)
  return Object.fromEntries(named)
}
