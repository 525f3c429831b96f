// What of a filter expression the store can answer: traces that may meet it, as few as its tables tell. Which of them do,
// evaluate.ts says from their spans.
import { ROOT_RANK } from '../../span/span-batch.ts'
import type { SpanQuery, TextField, TraceQuery } from '../../store/store.ts'
import { CLIENT_TYPE } from '../graph-contribution.ts'
import { FUNCTION_ORIGIN } from '../same-call.ts'
import {
  all,
  allBounds,
  any,
  anyBounds,
  exactly,
  EVERY,
  isEvery,
  isNone,
  NONE,
  not,
  notBounds,
  UNKNOWN,
  type Bounds,
} from './bounds.ts'
import type {
  AnnotationTest,
  FilterCondition,
  FilterExpression,
  FlagKeyword,
  JsonPattern,
  Known,
  NodePattern,
  NumberTest,
  TextKeyword,
  TextTest,
} from './expression.ts'
import { sureOf } from './sure.ts'
import { IS_DETACHED, numberBounds, spanBounds, textQuery, type SpanRole } from './span-bounds.ts'
import { nanosTestOf } from './measures.ts'

type Edge = Extract<FilterExpression, { readonly is: 'edge' }>
type RootCause = Extract<FilterExpression, { readonly is: 'rootCause' }>

/** What the store is asked of a filter expression. */
export interface StoreQuestions {
  /** Traces that may meet it; undefined when it may be any. */
  readonly candidates: TraceQuery | undefined
  /** What a candidate whose root came meets yet where it surely meets the expression; undefined when only spans tell. */
  readonly sure: TraceQuery | undefined
}

export function storeQuestions(filter: FilterExpression): StoreQuestions {
  const bounds = traceBounds(filter)
  return { candidates: isEvery(bounds.upper) ? undefined : bounds.upper, sure: sureOf(bounds) }
}

function traceBounds(expression: FilterExpression): Bounds<TraceQuery> {
  switch (expression.is) {
    case 'and':
      return allBounds(expression.of.map(traceBounds))
    case 'or':
      return anyBounds(expression.of.map(traceBounds))
    case 'not':
      return notBounds(traceBounds(expression.of))
    case 'service':
      return serviceBounds(expression.node, expression.where)
    case 'edge':
      return atMost(edgeQuery(expression))
    case 'rootCause':
      return atMost(all([causeQuery(expression), itemQuery(expression, expression.where)]))
    case 'rootCauseJson':
      return atMost(all(expression.causes.flatMap(servicesNamed)))
    default:
      return conditionBounds(expression)
  }
}

const atMost = (upper: TraceQuery): Bounds<TraceQuery> => ({ upper, lower: NONE })
const spanWith = (where: SpanQuery): TraceQuery => (isNone(where) ? NONE : { is: 'span', where })

/** The span at which the trace stands is the root, where anything of it came. */
function rootBounds({ upper, lower }: Bounds<SpanQuery>): Bounds<TraceQuery> {
  const wide = any<SpanQuery>([upper, IS_DETACHED])
  const narrow = all<SpanQuery>([lower, not(IS_DETACHED)])
  return {
    upper: isEvery(wide) ? EVERY : { is: 'root', where: wide },
    lower: isNone(narrow) ? NONE : { is: 'root', where: narrow },
  }
}

function conditionBounds(condition: FilterCondition): Bounds<TraceQuery> {
  switch (condition.is) {
    case 'flag':
      return flagBounds(condition.keyword)
    case 'number':
      if (condition.keyword === 'duration') return durationBounds(condition.test)
      return rootBounds(numberBounds(condition.keyword, condition.test))
    case 'text':
      return textBounds(condition.keyword, condition.test)
    case 'annotation':
      return exactly(spanWith(annotationQuery(condition.key, condition.test)))
  }
}

function flagBounds(keyword: FlagKeyword): Bounds<TraceQuery> {
  switch (keyword) {
    case 'ok':
    case 'error':
    case 'fault':
      return rootBounds(exactly({ is: 'flag', flag: keyword }))
    case 'throttle':
      return exactly(spanWith({ is: 'flag', flag: 'throttle' }))
    case 'partial':
      return atMost({ is: 'partial' })
    case 'inferred':
      return atMost(spanWith(CALLS_SOMETHING))
    case 'root':
      return {
        upper: EVERY,
        lower: { is: 'root', where: { is: 'number', field: 'rootRank', op: '=', value: ROOT_RANK.root } },
      }
    default:
      return UNKNOWN
  }
}

const IS_SEGMENT: SpanQuery = { is: 'flag', flag: 'segment' }
/** A function's segment within another's is no node of its own (trace-index.ts). */
const NEVER_FOLDED: SpanQuery = any<SpanQuery>([
  not({ is: 'text', field: 'origin', op: '=', value: FUNCTION_ORIGIN }),
  { is: 'number', field: 'rootRank', op: '=', value: ROOT_RANK.root },
])
/** A client's span that begins its trace is a segment and a call. */
const CALLS_SOMETHING: SpanQuery = { is: 'text', field: 'peerName', op: 'exists' }

/** The trace's time is from its first to its last segment: no less than the root's, no more than that of all spans. */
function durationBounds(test: NumberTest | Known): Bounds<TraceQuery> {
  if (test.op === 'known') return exactly(EVERY)
  const exact = nanosTestOf(test)
  if (exact === 'never') return exactly(NONE)
  if (exact === 'always') return exactly(EVERY)
  const { op, nanos } = exact
  const ofAll = (by: typeof op): TraceQuery => ({ is: 'duration', op: by, nanos })
  const ofRoot = (by: typeof op): Bounds<TraceQuery> =>
    rootBounds(exactly({ is: 'number', field: 'duration', op: by, value: nanos }))
  if (op === '<' || op === '<=') return { upper: ofRoot(op).upper, lower: ofAll(op) }
  if (op === '>' || op === '>=') return { upper: ofAll(op), lower: ofRoot(op).lower }
  const equal: Bounds<TraceQuery> = { upper: all([ofAll('>='), ofRoot('<=').upper]), lower: NONE }
  return op === '=' ? equal : notBounds(equal)
}

const ROOT_FIELDS: Partial<Record<TextKeyword, TextField>> = {
  'http.url': 'httpUrl',
  'http.method': 'httpMethod',
  'http.useragent': 'httpUserAgent',
  'http.clientip': 'httpClientIp',
}

function textBounds(keyword: TextKeyword, test: TextTest | Known): Bounds<TraceQuery> {
  const query = textQuery(test)
  const ofRoot = ROOT_FIELDS[keyword]
  if (ofRoot !== undefined) return rootBounds(exactly({ is: 'text', field: ofRoot, ...query }))
  switch (keyword) {
    case 'user':
      return exactly(spanWith({ is: 'text', field: 'user', ...query }))
    case 'resource.arn':
      return exactly(spanWith({ is: 'text', field: 'resourceArn', ...query }))
    case 'name':
    case 'type':
      return serviceBounds({}, { is: 'text', keyword, test })
    case 'message':
      return atMost(spanWith(messageQuery(test)))
    case 'availabilityzone':
      return atMost(spanWith(ec2Query({ member: 'availability_zone', resourceKey: 'cloud.availability_zone' }, test)))
    case 'instance.id':
      return atMost(spanWith(ec2Query({ member: 'instance_id', resourceKey: 'host.id' }, test)))
    default:
      return UNKNOWN
  }
}

/** As JSON writes the text, without its quotes. */
const asJson = (text: string): string => JSON.stringify(text).slice(1, -1)

function messageQuery(test: TextTest | Known): SpanQuery {
  const within = test.op === 'known' || test.op === '!=' ? '' : asJson(test.value)
  return any<SpanQuery>([
    { is: 'text', field: 'cause', op: 'contains', value: within },
    { is: 'text', field: 'events', op: 'contains', value: within },
  ])
}

/** X-Ray has it in the JSON of aws.ec2, OpenTelemetry in the resource. */
function ec2Query(
  { member, resourceKey }: { readonly member: string; readonly resourceKey: string },
  test: TextTest | Known,
): SpanQuery {
  const value = test.op === '=' ? JSON.stringify(test.value) : '"'
  return any<SpanQuery>([
    { is: 'attribute', key: 'aws.ec2', op: 'contains', value: `"${member}":${value}` },
    { is: 'attribute', key: resourceKey, ...textQuery(test) },
  ])
}

function annotationQuery(key: string, test: AnnotationTest): SpanQuery {
  if (test.op === 'known') return { is: 'annotation', key, op: 'exists' }
  if (test.op !== 'set') return { is: 'annotation', key, ...test }
  return any<SpanQuery>([
    { is: 'annotation', key, op: 'contains', value: '' },
    // Every number is another than this.
    { is: 'annotation', key, op: '!=', value: Number.NaN },
    { is: 'annotation', key, op: '=', value: true },
  ])
}

function serviceBounds(node: NodePattern, where: FilterExpression | undefined): Bounds<TraceQuery> {
  const beyond = beyondSpan(where)
  if (node.type === CLIENT_TYPE) return atMost(beyond)
  const reports = spanBounds(where, 'segment')
  const inferred = spanBounds(where, 'inferred')
  const segment = (inner: SpanQuery): TraceQuery => spanWith(all([IS_SEGMENT, ...nodeQuery(node, 'segment'), inner]))
  const call = spanWith(all([CALLS_SOMETHING, ...nodeQuery(node, 'inferred'), inferred.upper]))
  return {
    upper: all([any([segment(reports.upper), call]), beyond]),
    lower: node.accountId === undefined ? segment(all([NEVER_FOLDED, reports.lower])) : NONE,
  }
}

function nodeQuery({ name, type, accountId }: NodePattern, role: SpanRole): SpanQuery[] {
  const is = (field: TextField, value: string | undefined): SpanQuery[] =>
    value === undefined ? [] : [{ is: 'text', field, op: '=', value }]
  return [
    ...is(role === 'segment' ? 'service' : 'peerName', name),
    ...is(role === 'segment' ? 'origin' : 'peerType', type),
    ...is('accountId', accountId),
  ]
}

/** What the conditions in braces say of any span of the trace: that of annotations and the like. */
function beyondSpan(where: FilterExpression | undefined): TraceQuery {
  switch (where?.is) {
    case 'and':
      return all(where.of.map(beyondSpan))
    case 'or':
      return any(where.of.map(beyondSpan))
    case 'annotation':
      return conditionBounds(where).upper
    case 'text':
      return BEYOND.has(where.keyword) ? textBounds(where.keyword, where.test).upper : EVERY
    default:
      return EVERY
  }
}

const BEYOND: ReadonlySet<TextKeyword> = new Set(['user', 'message', 'availabilityzone', 'instance.id', 'resource.arn'])

function edgeQuery({ from, to, where }: Edge): TraceQuery {
  const beyond = beyondSpan(where)
  if (to.type === CLIENT_TYPE) return NONE
  const inner = spanBounds(where, 'edge').upper
  if (from.type === CLIENT_TYPE) {
    const root = rootBounds({ upper: all([...nodeQuery(to, 'segment'), inner]), lower: NONE })
    return all([root.upper, beyond])
  }
  return all([
    spanWith(all([IS_SEGMENT, ...nodeQuery(from, 'segment')])),
    // The edge says this too, and looks at far more spans.
    any([
      spanWith(all([IS_SEGMENT, ...nodeQuery(to, 'segment')])),
      spanWith(all([CALLS_SOMETHING, ...nodeQuery(to, 'inferred')])),
    ]),
    {
      is: 'edge',
      to,
      // A segment that calls without a subsegment does not stand for the call.
      ...(isEvery(inner) ? {} : { where: any<SpanQuery>([IS_SEGMENT, inner]) }),
    },
    beyond,
  ])
}

function causeQuery({ cause }: RootCause): TraceQuery {
  const fault: SpanQuery = { is: 'flag', flag: 'fault' }
  if (cause === 'fault') return spanWith(fault)
  if (cause === 'responsetime') return EVERY
  return spanWith(
    all([
      not(fault),
      any<SpanQuery>([
        { is: 'flag', flag: 'error' },
        { is: 'flag', flag: 'throttle' },
      ]),
    ]),
  )
}

/** What the conditions on an item say of the trace: that it has a service or a span of that name. */
function itemQuery(cause: RootCause, where: FilterExpression | undefined): TraceQuery {
  switch (where?.is) {
    case 'and':
      return all(where.of.map((one) => itemQuery(cause, one)))
    case 'or':
      return any(where.of.map((one) => itemQuery(cause, one)))
    case 'text':
      if (where.keyword === 'message') return textBounds('message', where.test).upper
      if (cause.item === 'service' && where.keyword !== 'account.id') return textBounds(where.keyword, where.test).upper
      return cause.item === 'entity' ? entityNamed(where.test) : EVERY
    case 'flag':
      return where.keyword === 'inferred' || where.keyword === 'remote' ? spanWith(FLAGS[where.keyword]) : EVERY
    default:
      return EVERY
  }
}

const FLAGS: Readonly<Record<'inferred' | 'remote', SpanQuery>> = {
  inferred: CALLS_SOMETHING,
  remote: any<SpanQuery>([
    { is: 'text', field: 'namespace', op: '=', value: 'aws' },
    { is: 'text', field: 'namespace', op: '=', value: 'remote' },
  ]),
}

function entityNamed(test: TextTest | Known): TraceQuery {
  const query = textQuery(test)
  return spanWith(
    any<SpanQuery>([
      { is: 'text', field: 'name', ...query },
      { is: 'text', field: 'peerName', ...query },
    ]),
  )
}

function servicesNamed(cause: JsonPattern): TraceQuery[] {
  const services = (cause['Services'] ?? []) as readonly JsonPattern[]
  const names = services.flatMap(({ Name: name }) => (typeof name === 'string' ? [name] : []))
  return names.map((value) => textBounds('name', { op: '=', value }).upper)
}
