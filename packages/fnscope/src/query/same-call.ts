// Whether two spans of different SDKs are one call: the same request id of AWS, or the same thing asked for, one below the
// other or within the other's time.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { Span } from '../span/span.ts'
import { CLIENT, PRODUCER } from '../span/span-kind.ts'

export const FUNCTION_ORIGIN = 'AWS::Lambda::Function'

/** SDKs read the clock one after the other, and X-Ray's cut it. */
const TOLERANCE_NANOS = 2_000_000n

export function isCall({ kind }: Span): boolean {
  return kind === CLIENT || kind === PRODUCER
}

export function sameCall(a: Span, b: Span): boolean {
  const requestId = textOf(a, 'aws.request_id')
  if (requestId !== '' && requestId === textOf(b, 'aws.request_id')) return true
  // A clock that is read late, on a busy machine, does not part what the request itself said belongs together.
  const isNear = a.parentId === b.spanId || b.parentId === a.spanId || contains(a, b) || contains(b, a)
  if (!isNear) return false
  const [one, other] = [a.http?.status ?? 0, b.http?.status ?? 0]
  if (one !== 0 && other !== 0 && one !== other) return false
  return (
    alike(awsCallOf(a), awsCallOf(b)) ?? alike(queryOf(a), queryOf(b)) ?? alike(requestOf(a), requestOf(b)) ?? false
  )
}

/** Undefined when neither says anything of it: then another word decides. */
function alike(a: string, b: string): boolean | undefined {
  return a === '' && b === '' ? undefined : a === b
}

function contains(outer: Span, inner: Span): boolean {
  const outerEnd = outer.endNanos ?? inner.endNanos ?? inner.startNanos
  const innerEnd = inner.endNanos ?? inner.startNanos
  return outer.startNanos - TOLERANCE_NANOS <= inner.startNanos && innerEnd <= outerEnd + TOLERANCE_NANOS
}

function textOf(span: Span, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value: AttributeValue | undefined = span.attributes[key] ?? span.annotations[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}

/** `dynamodb getitem`. */
function awsCallOf(span: Span): string {
  if (span.peer?.type.startsWith('AWS::') !== true) return ''
  const operation = textOf(span, 'aws.operation', 'rpc.method')
  return `${span.peer.type.split('::')[1]!} ${operation}`.toLowerCase()
}

function queryOf(span: Span): string {
  return textOf(span, 'sql.sanitized_query', 'db.query.text', 'db.statement').replaceAll(/\s+/g, ' ').trim()
}

/** `GET host/path`, without scheme, port and query. */
function requestOf(span: Span): string {
  const url = span.http?.url ?? textOf(span, 'url.full', 'http.url')
  const place = /^[a-z]+:\/\/(?:[^@/]*@)?([^/?#:]*)(?::\d+)?([^?#]*)/i.exec(url)
  if (!place) return ''
  const method = (span.http?.method ?? textOf(span, 'http.request.method', 'http.method')).toUpperCase()
  return `${method} ${place[1]!.toLowerCase()}${place[2] === '' ? '/' : place[2]!}`
}
