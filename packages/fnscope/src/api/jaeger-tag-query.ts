// A tag of Jaeger's search as a condition on a span. A tag says neither type nor place: its value is compared as it reads,
// and it may be an attribute, an annotation, of the resource, of an event, or what the model has a field of its own for.
import { SOURCES_WITHOUT_STATUS, SPAN_KINDS } from '../codec/jaeger-json.ts'
import { isCustomKey, sameKeys } from '../codec/semantic-keys.ts'
import { xrayKeysOf, xrayValuesOf } from '../codec/xray-otel.ts'
import type { SpanQuery } from '../query/reader.ts'
import { refused } from './jaeger-request.ts'

const NEVER: SpanQuery = { is: 'or', of: [] }

/** Longer texts are not indexed (codec/otlp-attributes.ts). */
const MAX_INDEXED_BYTES = 1024

type FieldQuery = (value: string) => SpanQuery

/** Fields of the model that are filled whatever the make, and whichever of the keys for it the sender used. */
const FIELDS: Readonly<Record<string, FieldQuery>> = {
  // X-Ray's SDK for Python sends what the program wrote: get.
  'http.request.method': (value) => ({
    is: 'or',
    of: [value, value.toLowerCase()].map((one) => ({ is: 'text', field: 'httpMethod', op: '=', value: one })),
  }),
  'http.response.status_code': (value) =>
    /^\d{1,5}$/.test(value) ? { is: 'number', field: 'httpStatus', op: '=', value: Number(value) } : NEVER,
  'enduser.id': (value) => ({ is: 'text', field: 'user', op: '=', value }),
  'cloud.account.id': (value) => ({ is: 'text', field: 'accountId', op: '=', value }),
  'deployment.environment.name': (value) => ({ is: 'text', field: 'environment', op: '=', value }),
  'service.version': (value) => ({ is: 'text', field: 'version', op: '=', value }),
  'cloud.region': (value) => ({ is: 'text', field: 'region', op: '=', value }),
  'faas.name': (value) => ({ is: 'text', field: 'functionName', op: '=', value }),
  'faas.invocation_id': (value) => ({ is: 'text', field: 'requestId', op: '=', value }),
  'faas.coldstart': (value) => (value === 'true' ? { is: 'flag', flag: 'coldStart' } : NEVER),
}

/** Of makes without a status: tags that are made from a field of the model (codec/jaeger-json.ts). */
const XRAY_FIELDS: Readonly<Record<string, FieldQuery>> = {
  'url.full': (value) => ({ is: 'text', field: 'httpUrl', op: '=', value }),
  'user_agent.original': (value) => ({ is: 'text', field: 'httpUserAgent', op: '=', value }),
  'client.address': (value) => ({ is: 'text', field: 'httpClientIp', op: '=', value }),
  'aws.request_id': (value) => ({ is: 'text', field: 'requestId', op: '=', value }),
  'aws.resource_arn': (value) => ({ is: 'text', field: 'resourceArn', op: '=', value }),
  'aws.xray.origin': (value) => ({ is: 'text', field: 'origin', op: '=', value }),
  'aws.xray.namespace': (value) => ({ is: 'text', field: 'namespace', op: '=', value }),
  'aws.xray.fault': (value) => (value === 'true' ? { is: 'flag', flag: 'fault' } : NEVER),
  'aws.xray.throttle': (value) => (value === 'true' ? { is: 'flag', flag: 'throttle' } : NEVER),
  'rpc.service': (value) => ({
    is: 'and',
    of: [
      { is: 'text', field: 'namespace', op: '=', value: 'aws' },
      { is: 'text', field: 'name', op: '=', value },
    ],
  }),
}

const WITHOUT_STATUS: SpanQuery = {
  is: 'or',
  of: SOURCES_WITHOUT_STATUS.map((value) => ({ is: 'text', field: 'source', op: '=', value })),
}

const FAILED: SpanQuery = {
  is: 'or',
  of: [
    { is: 'number', field: 'statusCode', op: '=', value: 2 },
    { is: 'and', of: [WITHOUT_STATUS, { is: 'not', of: { is: 'flag', flag: 'ok' } }] },
  ],
}

const STATUS_CODES: Readonly<Record<string, number>> = { OK: 1, ERROR: 2 }

/** Tags that are shown and cannot be asked for. */
const NOT_SEARCHED = /^(otel\.scope\.(name|version)|w3c\.tracestate|aws\.xray\.metadata\..*)$/

/**
 * @param resourceKeys of the spans in question: a key of the user's own that is not among them is looked up in the index
 * @throws FnscopeError FNS_USAGE for a tag that fnscope does not search by
 */
export function compileTag(key: string, value: string, resourceKeys: ReadonlySet<string>): SpanQuery {
  if (NOT_SEARCHED.test(key))
    throw refused(`fnscope does not search by the tag ${key}: leave it out, or ask by another tag.`)
  switch (key) {
    case 'error':
      if (value === 'true') return FAILED
      return value === 'false' ? { is: 'not', of: FAILED } : anywhere(key, value)
    case 'span.kind': {
      const kind = SPAN_KINDS.indexOf(value as (typeof SPAN_KINDS)[number])
      return kind <= 0 ? NEVER : { is: 'number', field: 'kind', op: '=', value: kind }
    }
    case 'otel.status_code': {
      const code = STATUS_CODES[value.toUpperCase()]
      return code === undefined ? NEVER : { is: 'number', field: 'statusCode', op: '=', value: code }
    }
    case 'event':
      return anywhere(key, value)
    case 'otel.status_description':
      return { is: 'text', field: 'statusMessage', op: '=', value }
  }
  const keys = sameKeys(key)
  const elsewhere = elsewhereOf(keys, value)
  if (elsewhere.length > 0 || keys.length > 1)
    return { is: 'or', of: [...keys.map((one) => anywhere(one, value)), ...elsewhere] }
  return isIndexed(key, value) && !resourceKeys.has(key) ? indexed(key, value) : anywhere(key, value)
}

/** Where the same is said otherwise than by these keys: in fields of the model, and in X-Ray's documents. */
function elsewhereOf(keys: readonly string[], value: string): SpanQuery[] {
  const from = (fields: Readonly<Record<string, FieldQuery>>): SpanQuery[] =>
    keys.flatMap((key) => (Object.hasOwn(fields, key) ? [fields[key]!(value)] : []))
  const inDocuments = keys.flatMap((key) =>
    xrayKeysOf(key).flatMap((stored) =>
      xrayValuesOf(key, value).map((text): SpanQuery => ({ is: 'attribute', key: stored, op: '=', value: text })),
    ),
  )
  const ofXray = [...from(XRAY_FIELDS), ...inDocuments]
  if (ofXray.length === 0) return from(FIELDS)
  return [...from(FIELDS), { is: 'and', of: [WITHOUT_STATUS, { is: 'or', of: ofXray }] }]
}

/** No text of the index reads so: a list, a map, nothing, a number that is none, bytes whose base64 was filled up. */
const NOT_INDEXED = /^$|^[[{]|^-?(NaN|Infinity)$|^[A-Za-z0-9+/]+={1,2}$/

/** Only what can stand in the index and nowhere else. */
function isIndexed(key: string, value: string): boolean {
  return isCustomKey(key) && !NOT_INDEXED.test(value) && Buffer.byteLength(value) <= MAX_INDEXED_BYTES
}

function indexed(key: string, value: string): SpanQuery {
  const text: SpanQuery = { is: 'annotation', key, op: '=', value }
  if (value === 'true' || value === 'false')
    return { is: 'or', of: [text, { is: 'annotation', key, op: '=', value: value === 'true' }] }
  const number = numberOf(value)
  if (number === undefined) return text
  const either: SpanQuery = { is: 'or', of: [text, { is: 'annotation', key, op: '=', value: number }] }
  // The index holds doubles: neighbours of an int64 are told apart by how they read.
  if (Number.isSafeInteger(number) || !/^-?\d+$/.test(value)) return either
  return { is: 'and', of: [either, { is: 'attribute', key, op: '=', value }] }
}

/** The number that reads exactly so. */
function numberOf(value: string): number | undefined {
  if (/^-?\d+$/.test(value)) return BigInt(value).toString() === value ? Number(value) : undefined
  const number = Number(value)
  return value !== '' && String(number) === value ? number : undefined
}

function anywhere(key: string, value: string): SpanQuery {
  return {
    is: 'or',
    of: [
      { is: 'attribute', key, op: '=', value },
      { is: 'event', key, value },
    ],
  }
}
