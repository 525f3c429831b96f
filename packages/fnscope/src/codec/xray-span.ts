// One checked X-Ray segment or subsegment into a row of columns. Nested subsegments are the caller's, and so are the columns
// that hold the same for a whole document, and the rest of those that hold little (endDocument).
//
// Where the fields go that have no column: `aws.*`, `sql.*`, `http.request.*`, `http.response.*` become attributes of
// that spelling and `service.*` resource attributes, one level deep (an object such as aws.ec2 is one value), so that
// encoding only has to cut the prefix. Integers are int64. precursor_ids, unknown fields, and annotations that are
// neither text, number nor boolean stay in the raw document alone.
import { attributeText, typeOf, type AttributeValue, type Attributes } from '../span/attribute-value.ts'
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import type { FixedColumn } from '../span/fixed-column.ts'
import type { TextColumn } from '../span/text-column.ts'
import { NO_SPAN_ID, parseSpanId, parseTraceId, writeHex } from '../span/id.ts'
import { peerOf, type Peer } from '../span/peer.ts'
import { ROOT_RANK, SPAN_FLAG, type SpanBatch } from '../span/span-batch.ts'
import { formatLinks, formatResource } from '../span/span-json.ts'
import type { SpanLink } from '../span/span.ts'
import { isJsonObject, textOf, type JsonObject } from './json.ts'
import { secondsToMicros } from './xray-time.ts'
import type { Place } from './xray-validate.ts'

/** What all spans of one document share. */
export interface DocumentContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** The segment's name; empty in a detached document. */
  readonly service: string
  readonly receivedNanos: bigint
}

/** OpenTelemetry's SpanKind. */
export const KIND = { internal: 1, server: 2, client: 3 } as const
/** OpenTelemetry's status. */
export const STATUS = { unset: 0, error: 2 } as const

/** Adds the row, but for the columns of endDocument. @param entity for which refusalOf said nothing. */
export function pushEntity(spans: SpanBatch, entity: JsonObject, place: Place, parentId: string | undefined): void {
  const segment = place === 'segment'
  const origin = textOf(entity['origin']) ?? ''
  const lambda = origin.startsWith('AWS::Lambda')
  const { aws } = entity
  const peer = segment ? undefined : peerOfEntity(entity)
  const cause = isJsonObject(entity['cause']) ? entity['cause'] : textOf(entity['cause'])

  const row = spans.spanId.rows
  pushId(spans.spanId, entity['id'] as string)
  if (parentId === undefined) spans.parentId.pushZero()
  else pushId(spans.parentId, parentId)
  const start = secondsToMicros(entity['start_time'] as number)
  const end = typeof entity['end_time'] === 'number' ? secondsToMicros(entity['end_time']) : start
  pushMicros(spans.startNanos, start)
  pushMicros(spans.durationNanos, Math.max(0, end - start))
  spans.kind.pushU8(segment ? KIND.server : peer === undefined ? KIND.internal : KIND.client)
  spans.rootRank.pushU8(rankOf(place, parentId !== undefined))
  spans.statusCode.pushU8(entity['error'] === true || entity['fault'] === true ? STATUS.error : STATUS.unset)
  spans.name.push(entity['name'] as string)
  pushText(spans.origin, row, origin)
  pushText(spans.namespace, row, textOf(entity['namespace']))
  pushText(spans.resourceArn, row, textOf(entity['resource_arn']))
  pushText(spans.statusMessage, row, messageOf(cause))
  pushText(spans.user, row, textOf(entity['user']))
  pushText(spans.peerName, row, peer?.name)
  pushText(spans.peerType, row, peer?.type)
  pushText(spans.resource, row, resourceOf(entity['service']))

  const attributes = new AttributeRow(spans)
  const traced = pushHttp(spans, entity['http'], attributes)
  if (isJsonObject(aws)) {
    const accountId = textOf(aws['account_id'])
    // On a Lambda segment it is the invocation's; anywhere else that of the AWS call.
    const requestId = lambda ? textOf(aws['request_id']) : undefined
    pushText(spans.accountId, row, accountId)
    pushText(spans.requestId, row, requestId)
    attributes.pushMembers('aws.', aws, lambda ? TAKEN_OF_LAMBDA : TAKEN_OF_AWS)
  }
  if (isJsonObject(entity['sql'])) attributes.pushMembers('sql.', entity['sql'])
  attributes.end()

  pushAnnotations(spans, entity['annotations'])
  spans.flags.pushU16(flagsOf(entity, segment, lambda, traced))
  if (isJsonObject(entity['metadata'])) pushText(spans.metadata, row, JSON.stringify(entity['metadata']))
  if (cause !== undefined) pushText(spans.cause, row, JSON.stringify(cause))
  if (Array.isArray(entity['links'])) pushText(spans.links, row, formatLinks(linksOf(entity['links'])))
}

/** In a column that is empty nearly everywhere: the rows before are filled up when there is something to push. */
export function pushText(column: TextColumn | DictionaryColumn, row: number, text: string | undefined): void {
  if (text === undefined || text === '') return
  column.padTo(row)
  column.push(text)
}

/** Fills in what the rows since the last call have in common, and what they have not. */
export function endDocument(spans: SpanBatch, { traceId, service, receivedNanos }: DocumentContext): void {
  const { rows } = spans.spanId
  if (rows === spans.rows) return
  if (!writeHex(traceId, TRACE_ID)) throw new TypeError(`not a trace id: ${traceId}`)
  while (spans.traceId.rows < rows) spans.traceId.pushWire(TRACE_ID_VIEW, 0)
  spans.source.padTo(rows, spans.source.indexOf('xray'))
  spans.service.padTo(rows, spans.service.indexOf(service))
  for (let row = spans.rows; row < rows; row++) spans.receivedNanos.pushI64(receivedNanos)
  for (const field of SPARSE) spans[field].padTo(rows)
}

const TRACE_ID = new Uint8Array(16)
const TRACE_ID_VIEW = new DataView(TRACE_ID.buffer)

const SPARSE = [
  'origin',
  'namespace',
  'accountId',
  'resourceArn',
  'statusMessage',
  'httpMethod',
  'httpUrl',
  'httpUserAgent',
  'httpClientIp',
  'user',
  'requestId',
  'peerName',
  'peerType',
  'resource',
  'scope',
  'attributeTypes',
  'details',
  'annotationTypes',
  'metadata',
  'cause',
  'events',
  'links',
] as const satisfies (keyof SpanBatch)[]

function pushId(column: FixedColumn, hex: string): void {
  if (!column.pushHex(hex)) throw new TypeError(`not an id of ${column.width} bytes: ${hex}`)
}

const TWO_32 = 2 ** 32

/** As nanoseconds: a 64-bit integer that no double holds. */
export function pushMicros(column: FixedColumn, micros: number): void {
  const low = (micros % TWO_32) * 1000
  const high = Math.floor(micros / TWO_32) * 1000 + Math.floor(low / TWO_32)
  column.pushHalves(low | 0, high | 0)
}

export function rankOf(place: Place, hasParent: boolean): number {
  if (place === 'embedded') return ROOT_RANK.inner
  if (place === 'detached') return ROOT_RANK.detached
  return hasParent ? ROOT_RANK.entry : ROOT_RANK.root
}

function flagsOf(entity: JsonObject, segment: boolean, lambda: boolean, traced: boolean): number {
  return (
    (entity['error'] === true ? SPAN_FLAG.error : 0) |
    (entity['fault'] === true ? SPAN_FLAG.fault : 0) |
    (entity['throttle'] === true ? SPAN_FLAG.throttle : 0) |
    (isColdStart(entity, lambda) ? SPAN_FLAG.coldStart : 0) |
    (segment ? SPAN_FLAG.segment : 0) |
    (traced ? SPAN_FLAG.traced : 0)
  )
}

/** What a subsegment calls, by its namespace, aws and sql. */
export function peerOfEntity(entity: JsonObject): Peer | undefined {
  const hasSql = isJsonObject(entity['sql'])
  const namespace = textOf(entity['namespace']) ?? ''
  if (!hasSql && namespace !== 'aws' && namespace !== 'remote') return undefined
  const aws = isJsonObject(entity['aws']) ? entity['aws'] : {}
  return peerOf({
    namespace,
    name: textOf(entity['name']) ?? '',
    hasSql,
    tableName: textOf(aws['table_name']),
    queueUrl: textOf(aws['queue_url']),
    bucketName: textOf(aws['bucket_name']),
    functionName: textOf(aws['function_name']),
  })
}

/** Powertools annotates it, the platform's function segment has a child for it. */
function isColdStart(entity: JsonObject, lambda: boolean): boolean {
  const { annotations, subsegments } = entity
  if (isJsonObject(annotations) && annotations['ColdStart'] === true) return true
  if (!lambda || !Array.isArray(subsegments)) return false
  return subsegments.some(
    (child) => isJsonObject(child) && (child['name'] === 'Initialization' || child['name'] === 'Init'),
  )
}

export function resourceOf(service: unknown): string {
  if (!isJsonObject(service)) return ''
  return formatResource(
    Object.fromEntries(Object.keys(service).map((key) => [`service.${key}`, attributeValueOf(service[key])])),
  )
}

function pushAnnotations(spans: SpanBatch, value: unknown): void {
  const row = spans.annotations.rows
  const { annotations, annotationTypes } = spans
  let letters = ''
  let plain = true
  if (isJsonObject(value))
    for (const key in value) {
      const one = value[key]
      if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') continue
      annotations.keys.push(key)
      annotations.values.push(String(one))
      letters += typeOf(one)
      if (typeof one !== 'string') plain = false
    }
  annotations.endRow()
  if (!plain) pushText(annotationTypes, row, letters)
}

export function messageOf(cause: JsonObject | string | undefined): string | undefined {
  if (cause === undefined || typeof cause === 'string' || !Array.isArray(cause['exceptions'])) return undefined
  const [first] = cause['exceptions'] as readonly unknown[]
  return isJsonObject(first) ? textOf(first['message']) : undefined
}

export function linksOf(links: readonly unknown[]): SpanLink[] {
  return links.filter(isJsonObject).flatMap((link) => {
    const traceId = parseTraceId(textOf(link['trace_id']) ?? '')
    if (traceId === undefined) return []
    const spanId = parseSpanId(textOf(link['id']) ?? '')
    const attributes = isJsonObject(link['attributes']) ? (link['attributes'] as Attributes) : {}
    return [spanId === undefined || spanId === NO_SPAN_ID ? { traceId, attributes } : { traceId, spanId, attributes }]
  })
}

/** The columns of `http`; what they do not hold goes into `attributes`. Answers whether the callee reports too. */
function pushHttp(spans: SpanBatch, value: unknown, attributes: AttributeRow): boolean {
  const row = spans.httpStatus.rows
  const request = isJsonObject(value) && isJsonObject(value['request']) ? value['request'] : undefined
  const response = isJsonObject(value) && isJsonObject(value['response']) ? value['response'] : undefined
  const method = textOf(request?.['method'])
  const url = textOf(request?.['url'])
  const userAgent = textOf(request?.['user_agent'])
  const clientIp = textOf(request?.['client_ip'])
  const traced = request?.['traced'] === true
  const status = response?.['status']
  pushText(spans.httpMethod, row, method)
  pushText(spans.httpUrl, row, url)
  pushText(spans.httpUserAgent, row, userAgent)
  pushText(spans.httpClientIp, row, clientIp)
  spans.httpStatus.pushU16(isStatus(status) ? status : 0)
  if (request !== undefined) attributes.pushMembers('http.request.', request, TAKEN_OF_REQUEST)
  if (response !== undefined) attributes.pushMembers('http.response.', response, TAKEN_OF_RESPONSE)
  return traced
}

export function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535
}

/** Members that have a column, where their value is one that it takes. */
type Taken = ReadonlyMap<string, (value: unknown) => boolean>

const isText = (value: unknown): boolean => textOf(value) !== undefined
const TAKEN_OF_REQUEST: Taken = new Map([
  ['method', isText],
  ['url', isText],
  ['user_agent', isText],
  ['client_ip', isText],
  ['traced', (value: unknown) => value === true],
])
const TAKEN_OF_RESPONSE: Taken = new Map([['status', isStatus]])
const TAKEN_OF_AWS: Taken = new Map([['account_id', isText]])
const TAKEN_OF_LAMBDA: Taken = new Map([
  ['account_id', isText],
  ['request_id', isText],
])
const NOTHING_TAKEN: Taken = new Map()

export function attributeValueOf(value: unknown): AttributeValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : (value as AttributeValue)
}

/** What JSON.parse answers for the same key is the same string, so that finding the joined one needs no hashing. */
const JOINED: ReadonlyMap<string, Map<string, string>> = new Map(
  ['aws.', 'sql.', 'http.request.', 'http.response.'].map((prefix) => [prefix, new Map<string, string>()]),
)
/** Keys come from anybody. */
const MAX_JOINED = 500

function prefixed(prefix: string, key: string): string {
  const joined = JOINED.get(prefix)
  let name = joined?.get(key)
  if (name === undefined) {
    name = prefix + key
    if (joined !== undefined && joined.size < MAX_JOINED) joined.set(key, name)
  }
  return name
}

/** The attributes of one row while they are pushed. */
class AttributeRow {
  readonly #spans: SpanBatch
  #letters = ''
  #plain = true

  constructor(spans: SpanBatch) {
    this.#spans = spans
  }

  /** Adds the members under `prefix`; those that are `taken` have a column. */
  pushMembers(prefix: string, value: JsonObject, taken = NOTHING_TAKEN): void {
    const { keys, values } = this.#spans.attributes
    for (const key in value) {
      const one = value[key]
      if (taken.get(key)?.(one) === true) continue
      keys.push(prefixed(prefix, key))
      if (typeof one === 'string') {
        values.push(one)
        this.#letters += 's'
      } else {
        const typed = attributeValueOf(one)
        values.push(attributeText(typed))
        this.#letters += typeOf(typed)
        this.#plain = false
      }
    }
  }

  end(): void {
    this.#spans.attributes.endRow()
    if (!this.#plain) pushText(this.#spans.attributeTypes, this.#spans.attributes.rows - 1, this.#letters)
  }
}
