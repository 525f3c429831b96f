// One checked X-Ray segment or subsegment to a Span. Nested subsegments are the caller's.
//
// Where the fields go that have no column: `aws.*`, `sql.*`, `http.request.*`, `http.response.*` become attributes of
// that spelling and `service.*` resource attributes, one level deep (an object such as aws.ec2 is one value), so that
// encoding only has to cut the prefix. Integers are int64. precursor_ids, unknown fields, and annotations that are
// neither text, number nor boolean stay in the raw document alone.
import type { AttributeValue, Attributes } from '../span/attribute-value.ts'
import { NO_SPAN_ID, parseSpanId, parseTraceId } from '../span/id.ts'
import { peerOf, type Peer } from '../span/peer.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import type { Cause, Span, SpanHttp, SpanLink } from '../span/span.ts'
import { secondsToNanos } from '../span/time.ts'
import { isJsonObject, setOwn, textOf, type JsonObject } from './json.ts'
import type { Place } from './xray-validate.ts'

export interface SpanContext {
  readonly place: Place
  /** 32 hex digits. */
  readonly traceId: string
  readonly parentId: string | undefined
  /** The segment's name; empty in a detached document. */
  readonly service: string
  readonly receivedNanos: bigint
}

const SERVER = 2
const CLIENT = 3
const INTERNAL = 1
const NOTHING_DROPPED = { attributes: 0, events: 0, links: 0 }

type Growing<T> = { -readonly [K in keyof T]: T[K] }

/** @param entity for which refusalOf said nothing. */
export function spanOf(entity: JsonObject, context: SpanContext): Span {
  const segment = context.place === 'segment'
  const origin = textOf(entity['origin'])
  const lambda = origin?.startsWith('AWS::Lambda') === true
  const aws = isJsonObject(entity['aws']) ? entity['aws'] : undefined
  const peer = segment ? undefined : peerOfEntity(entity)
  const failed = entity['error'] === true || entity['fault'] === true
  const cause = causeOf(entity['cause'])
  const attributes: { [key: string]: AttributeValue } = {}
  const startNanos = secondsToNanos(entity['start_time'] as number)
  const endNanos = typeof entity['end_time'] === 'number' ? secondsToNanos(entity['end_time']) : undefined

  const span: Growing<Span> = {
    traceId: context.traceId,
    spanId: (entity['id'] as string).toLowerCase(),
    startNanos,
    inProgress: endNanos === undefined,
    kind: segment ? SERVER : peer === undefined ? INTERNAL : CLIENT,
    segment,
    rootRank: rankOf(context),
    source: 'xray',
    service: context.service,
    name: entity['name'] as string,
    error: entity['error'] === true,
    fault: entity['fault'] === true,
    throttle: entity['throttle'] === true,
    coldStart: isColdStart(entity, lambda),
    statusCode: failed ? 2 : 0,
    resource: pushMembers({}, 'service.', entity['service']),
    attributes,
    traceFlags: 0,
    dropped: NOTHING_DROPPED,
    annotations: annotationsOf(entity['annotations']),
    events: [],
    links: linksOf(entity['links']),
    receivedNanos: context.receivedNanos,
  }
  if (endNanos !== undefined) span.endNanos = endNanos < startNanos ? startNanos : endNanos
  if (context.parentId !== undefined) span.parentId = context.parentId
  if (origin !== undefined) span.origin = origin
  const namespace = textOf(entity['namespace'])
  if (namespace !== undefined) span.namespace = namespace
  const resourceArn = textOf(entity['resource_arn'])
  if (resourceArn !== undefined) span.resourceArn = resourceArn
  const user = textOf(entity['user'])
  if (user !== undefined) span.user = user
  if (peer !== undefined) span.peer = peer
  if (cause !== undefined) span.cause = cause
  const message = messageOf(cause)
  if (message !== undefined) span.statusMessage = message
  if (isJsonObject(entity['metadata'])) span.metadata = entity['metadata']
  const http = httpOf(entity['http'], attributes)
  if (http !== undefined) span.http = http
  if (aws !== undefined) {
    const accountId = textOf(aws['account_id'])
    if (accountId !== undefined) span.accountId = accountId
    // On a Lambda segment it is the invocation's; anywhere else that of the AWS call.
    const requestId = lambda ? textOf(aws['request_id']) : undefined
    if (requestId !== undefined) span.requestId = requestId
    pushMembers(attributes, 'aws.', aws, {
      account_id: accountId !== undefined,
      request_id: requestId !== undefined,
    })
  }
  pushMembers(attributes, 'sql.', entity['sql'])
  return span
}

function rankOf(context: SpanContext): number {
  if (context.place === 'embedded') return ROOT_RANK.inner
  if (context.place === 'detached') return ROOT_RANK.detached
  return context.parentId === undefined ? ROOT_RANK.root : ROOT_RANK.entry
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
  const annotations = entity['annotations']
  if (isJsonObject(annotations) && annotations['ColdStart'] === true) return true
  const children = entity['subsegments']
  if (!lambda || !Array.isArray(children)) return false
  return children.some(
    (child) => isJsonObject(child) && (child['name'] === 'Initialization' || child['name'] === 'Init'),
  )
}

function annotationsOf(value: unknown): Span['annotations'] {
  const annotations: { [key: string]: string | number | boolean } = {}
  if (!isJsonObject(value)) return annotations
  for (const key of Object.keys(value)) {
    const one = value[key]
    if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') setOwn(annotations, key, one)
  }
  return annotations
}

function causeOf(value: unknown): Cause | undefined {
  return textOf(value) ?? (isJsonObject(value) ? value : undefined)
}

function messageOf(cause: Cause | undefined): string | undefined {
  if (cause === undefined || typeof cause === 'string' || !Array.isArray(cause.exceptions)) return undefined
  const [first] = cause.exceptions as readonly unknown[]
  return isJsonObject(first) ? textOf(first['message']) : undefined
}

function linksOf(value: unknown): SpanLink[] {
  if (!Array.isArray(value)) return []
  return value.filter(isJsonObject).flatMap((link) => {
    const traceId = parseTraceId(textOf(link['trace_id']) ?? '')
    if (traceId === undefined) return []
    const spanId = parseSpanId(textOf(link['id']) ?? '')
    const attributes = isJsonObject(link['attributes']) ? (link['attributes'] as Attributes) : {}
    return [spanId === undefined || spanId === NO_SPAN_ID ? { traceId, attributes } : { traceId, spanId, attributes }]
  })
}

/** The columns' part of `http`; what they do not hold goes into `attributes`. */
function httpOf(value: unknown, attributes: { [key: string]: AttributeValue }): SpanHttp | undefined {
  if (!isJsonObject(value)) return undefined
  const http: Growing<SpanHttp> = {}
  const { request, response } = value
  if (isJsonObject(request)) {
    const method = textOf(request['method'])
    const url = textOf(request['url'])
    const userAgent = textOf(request['user_agent'])
    const clientIp = textOf(request['client_ip'])
    const traced = request['traced'] === true
    if (method !== undefined) http.method = method
    if (url !== undefined) http.url = url
    if (userAgent !== undefined) http.userAgent = userAgent
    if (clientIp !== undefined) http.clientIp = clientIp
    if (traced) http.traced = true
    pushMembers(attributes, 'http.request.', request, {
      method: method !== undefined,
      url: url !== undefined,
      user_agent: userAgent !== undefined,
      client_ip: clientIp !== undefined,
      traced,
    })
  }
  if (isJsonObject(response)) {
    const status = response['status']
    const isStatus = typeof status === 'number' && Number.isInteger(status) && status > 0 && status <= 65_535
    if (isStatus) http.status = status
    pushMembers(attributes, 'http.response.', response, { status: isStatus })
  }
  return http
}

/** Adds the members of `value`, if it is an object, under `prefix`; those that are `taken` have a column. */
function pushMembers(
  target: { [key: string]: AttributeValue },
  prefix: string,
  value: unknown,
  taken?: { readonly [key: string]: boolean },
): Attributes {
  if (!isJsonObject(value)) return target
  for (const key of Object.keys(value)) {
    if (taken !== undefined && Object.hasOwn(taken, key) && taken[key] === true) continue
    const one = value[key] as Exclude<AttributeValue, bigint>
    target[prefix + key] = typeof one === 'number' && Number.isSafeInteger(one) ? BigInt(one) : one
  }
  return target
}
