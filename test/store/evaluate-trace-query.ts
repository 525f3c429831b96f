// A TraceQuery answered in plain TypeScript, over every copy of every span: what the store's SQL is compared with.
import { attributeJson, attributeText, type AttributeValue } from '../../packages/fnscope/src/span/attribute-value.ts'
import { deploymentOf } from '../../packages/fnscope/src/span/deployment.ts'
import { formatEvents } from '../../packages/fnscope/src/span/span-json.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import type {
  AnnotationTest,
  NodeQuery,
  NumberOperator,
  SpanQuery,
  TextTest,
  TraceQuery,
} from '../../packages/fnscope/src/store/trace-query.ts'

export interface ListedTrace {
  readonly traceId: string
  readonly startNanos: bigint
}

/** Newest first by (start, trace id). */
export function evaluate(spans: readonly Span[], query: TraceQuery, from: bigint, to: bigint): ListedTrace[] {
  const listed: ListedTrace[] = []
  for (const [traceId, trace] of Map.groupBy(spans, (span) => span.traceId)) {
    const place = trace
      .filter(({ rootRank }) => rootRank !== 255)
      .toSorted((a, b) => a.rootRank - b.rootRank || (a.startNanos < b.startNanos ? -1 : 1))[0]
    if (place === undefined || place.startNanos < from || place.startNanos >= to) continue
    const roots = trace.filter((one) => one.rootRank === place.rootRank && one.startNanos === place.startNanos)
    if (roots.some((root) => meets(trace, query, root))) listed.push({ traceId, startNanos: place.startNanos })
  }
  return listed.sort((a, b) => {
    if (a.startNanos !== b.startNanos) return a.startNanos < b.startNanos ? 1 : -1
    return a.traceId < b.traceId ? 1 : -1
  })
}

function meets(trace: readonly Span[], query: TraceQuery, root: Span): boolean {
  switch (query.is) {
    case 'and':
      return query.of.every((one) => meets(trace, one, root))
    case 'or':
      return query.of.some((one) => meets(trace, one, root))
    case 'not':
      return !meets(trace, query.of, root)
    case 'ids':
      return query.traceIds.includes(root.traceId)
    case 'root':
      return spanMeets(root, query.where)
    case 'span':
      return trace.some((span) => spanMeets(span, query.where))
    case 'duration': {
      const ends = trace.map((span) => span.endNanos!).toSorted((a, b) => (a < b ? -1 : 1))
      const starts = trace.map((span) => span.startNanos).toSorted((a, b) => (a < b ? -1 : 1))
      return compare(query.op, ends.at(-1)! - starts[0]!, query.nanos)
    }
    case 'edge':
      return trace.some((caller) => {
        if (query.where !== undefined && !spanMeets(caller, query.where)) return false
        const answered = trace.some(
          (callee) =>
            callee.segment && callee.parentId === caller.spanId && isNode(callee, { ...query.to, inferred: false }),
        )
        const { accountId } = query.to
        return answered || (isPeer(caller, query.to) && (accountId === undefined || caller.accountId === accountId))
      })
    case 'partial':
      return trace.some((span) => isLeft(trace, span))
  }
}

/** None of these traces has a span in progress. */
function isLeft(trace: readonly Span[], span: Span): boolean {
  if (span.segment) return false
  if (span.parentId !== undefined && !trace.some(({ spanId }) => spanId === span.parentId)) return true
  return span.http?.traced === true && !trace.some((one) => one.segment && one.parentId === span.spanId)
}

function compare(op: NumberOperator, a: number | bigint, b: number | bigint): boolean {
  switch (op) {
    case '=':
      return Number.isNaN(a) || Number.isNaN(b) ? false : !(a < b) && !(a > b)
    case '!=':
      return !compare('=', a, b)
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

function textMeets(text: string, test: TextTest): boolean {
  switch (test.op) {
    case 'exists':
      return true
    case 'contains':
      return text.includes(test.value)
    case 'beginswith':
      return text.startsWith(test.value)
    case 'endswith':
      return text.endsWith(test.value)
    case '=':
      return text === test.value
    case '!=':
      return text !== test.value
    case '<':
      return text < test.value
    case '<=':
      return text <= test.value
    case '>':
      return text > test.value
    case '>=':
      return text >= test.value
  }
}

function spanMeets(span: Span, query: SpanQuery): boolean {
  switch (query.is) {
    case 'and':
      return query.of.every((one) => spanMeets(span, one))
    case 'or':
      return query.of.some((one) => spanMeets(span, one))
    case 'not':
      return !spanMeets(span, query.of)
    case 'text': {
      const text = textField(span, query.field)
      return text !== '' && textMeets(text, query)
    }
    case 'number':
      return numberMeets(span, query)
    case 'flag':
      if (query.flag === 'ok') return !span.error && !span.fault && !span.throttle
      return span[query.flag]
    case 'node':
      return isNode(span, query)
    case 'annotation': {
      const value = Object.hasOwn(span.annotations, query.key) ? span.annotations[query.key] : undefined
      return value !== undefined && annotationMeets(value, query)
    }
    case 'attribute':
      return textsOf(span, query.key).some((text) => textMeets(text, query))
    case 'event':
      return span.events.some(({ name, attributes }) => {
        if (query.key === 'event') return name === query.value
        const value = attributes[query.key]
        return value !== undefined && value !== null && attributeText(value) === query.value
      })
  }
}

function textField(span: Span, field: Extract<SpanQuery, { is: 'text' }>['field']): string {
  switch (field) {
    case 'httpMethod':
      return span.http?.method ?? ''
    case 'httpUrl':
      return span.http?.url ?? ''
    case 'httpUserAgent':
      return span.http?.userAgent ?? ''
    case 'httpClientIp':
      return span.http?.clientIp ?? ''
    case 'peerName':
      return span.peer?.name ?? ''
    case 'peerType':
      return span.peer?.type ?? ''
    case 'accountId':
    case 'environment':
    case 'version':
    case 'region':
    case 'functionName':
      return deploymentOf(span)[field]
    case 'cause':
      return span.cause === undefined ? '' : JSON.stringify(span.cause)
    case 'events':
      return formatEvents(span.events)
    default:
      return span[field] ?? ''
  }
}

function numberMeets(span: Span, { field, op, value }: Extract<SpanQuery, { is: 'number' }>): boolean {
  switch (field) {
    case 'duration':
      return compare(op, span.endNanos! - span.startNanos, value)
    case 'start':
      return compare(op, span.startNanos, value)
    case 'statusCode':
      return compare(op, span.statusCode, value)
    case 'rootRank':
      return compare(op, span.rootRank, value)
    case 'kind':
      return span.kind !== 0 && compare(op, span.kind, value)
    case 'httpStatus':
      return (span.http?.status ?? 0) !== 0 && compare(op, span.http!.status!, value)
  }
}

function annotationMeets(value: string | number | bigint | boolean, test: AnnotationTest): boolean {
  if (test.op === 'exists') return true
  if (typeof test.value === 'boolean') return typeof value === 'boolean' && (test.op === '=') === (value === test.value)
  if (typeof test.value === 'number')
    return (typeof value === 'number' || typeof value === 'bigint') && compare(test.op, Number(value), test.value)
  return typeof value === 'string' && textMeets(value, test)
}

function textsOf(span: Span, key: string): string[] {
  const own = (map: Readonly<Record<string, AttributeValue>>, text: (value: AttributeValue) => string): string[] =>
    Object.hasOwn(map, key) ? [text(map[key]!)] : []
  return [
    ...own(span.attributes, attributeText),
    ...own(span.annotations, attributeText),
    ...own(span.resource, (value) => (typeof value === 'string' ? value : attributeJson(value))),
  ]
}

function isNode(span: Span, { name, type, accountId, inferred }: NodeQuery): boolean {
  const own =
    (name === undefined ? span.service !== '' : span.service === name) &&
    (type === undefined || span.origin === type) &&
    (accountId === undefined || span.accountId === accountId)
  return own || (inferred === true && accountId === undefined && isPeer(span, { name, type }))
}

function isPeer(
  { peer }: Span,
  { name, type }: { readonly name?: string | undefined; readonly type?: string | undefined },
): boolean {
  if (name === undefined ? peer === undefined : peer?.name !== name) return false
  return type === undefined || peer?.type === type
}
