// Whether a trace meets a filter expression, as X-Ray's guide says: plain conditions are about the whole trace and its root,
// service() and edge() about any of its nodes and connections, rootcause about any item of any cause.
import type { Span } from '../../span/span.ts'
import type { NodeKey } from '../../store/store.ts'
import { CLIENT_TYPE } from '../graph-contribution.ts'
import { exceptionsIn, type RootCause, type RootCauseEntity, type RootCauseService } from '../root-cause.ts'
import { availabilityZoneOf, instanceIdOf } from '../trace-summary.ts'
import type { TraceIndex } from '../trace-index.ts'
import type {
  CauseItem,
  CauseKind,
  FilterCondition,
  FilterExpression,
  FlagKeyword,
  JsonPattern,
  Known,
  NodePattern,
  NumberKeyword,
  NumberTest,
  TextKeyword,
} from './expression.ts'
import { meetsAnnotation, meetsNanos, meetsNumber, meetsText } from './measures.ts'
import { traceFacts, type EdgeFacts, type NodeFacts, type TraceFacts } from './trace-facts.ts'

export function meetsFilter(index: TraceIndex, filter: FilterExpression): boolean {
  return meets(filter, traceSubject(traceFacts(index)))
}

/** What conditions are asked of: the trace, a node, a connection, an item of a root cause. */
interface Subject {
  readonly flag: (keyword: FlagKeyword) => boolean
  readonly number: (keyword: NumberKeyword, test: NumberTest | Known) => boolean
  /** The values that are known. */
  readonly texts: (keyword: TextKeyword) => readonly string[]
  readonly annotated: readonly Span[]
  /** Of a trace alone. */
  readonly trace?: TraceFacts
}

function meets(expression: FilterExpression, subject: Subject): boolean {
  switch (expression.is) {
    case 'and':
      return expression.of.every((one) => meets(one, subject))
    case 'or':
      return expression.of.some((one) => meets(one, subject))
    case 'not':
      return !meets(expression.of, subject)
    case 'flag':
    case 'number':
    case 'text':
    case 'annotation':
      return meetsCondition(expression, subject)
    case 'service':
      return nodesOf(subject).some((one) => isNode(one.node, expression.node) && meetsInner(expression, one, subject))
    case 'edge':
      return edgesOf(subject).some(
        (one) =>
          isNode(one.from, expression.from) && isNode(one.node, expression.to) && meetsInner(expression, one, subject),
      )
    case 'rootCause':
      return causeItems(subject, expression.cause, expression.item).some(
        (item) => expression.where === undefined || meets(expression.where, item),
      )
    case 'rootCauseJson':
      return meetsJson(expression.causes, subject)
  }
}

function meetsCondition(condition: FilterCondition, subject: Subject): boolean {
  switch (condition.is) {
    case 'flag':
      return subject.flag(condition.keyword)
    case 'number':
      return subject.number(condition.keyword, condition.test)
    case 'text':
      return subject.texts(condition.keyword).some((text) => meetsText(text, condition.test))
    case 'annotation':
      return subject.annotated.some(({ annotations }) => {
        const value = Object.hasOwn(annotations, condition.key) ? annotations[condition.key] : undefined
        return value !== undefined && meetsAnnotation(value, condition.test)
      })
  }
}

const nodesOf = ({ trace }: Subject): readonly NodeFacts[] => trace?.nodes() ?? []
const edgesOf = ({ trace }: Subject): readonly EdgeFacts[] => trace?.edges() ?? []

function meetsInner(
  { where }: { readonly where?: FilterExpression },
  facts: NodeFacts,
  { trace }: Pick<Subject, 'trace'>,
): boolean {
  return where === undefined || (trace !== undefined && meets(where, nodeSubject(facts, trace)))
}

/** The client is meant only where its type is said: it has the root's name. */
function isNode(node: NodeKey, { name, type, accountId }: NodePattern): boolean {
  if (node.type === CLIENT_TYPE && type !== CLIENT_TYPE) return false
  return (
    (name === undefined || node.name === name) &&
    (type === undefined || node.type === type) &&
    (accountId === undefined || node.accountId === accountId)
  )
}

function traceSubject(trace: TraceFacts): Subject {
  const { root, index } = trace
  const known = trace.nodes
  return {
    trace,
    annotated: index.spans,
    flag: (keyword) => {
      switch (keyword) {
        case 'throttle':
          // As HasThrottle of the summary.
          return index.spans.some((span) => span.throttle)
        case 'partial':
          return trace.partial()
        case 'inferred':
          return known().some((one) => one.inferred)
        case 'root':
          return root !== undefined
        default:
          return root !== undefined && flagOf(root, keyword)
      }
    },
    number: (keyword, test) => {
      if (keyword === 'duration') return meetsNanos(trace.durationNanos(), test)
      return root !== undefined && numberMeets(root, keyword, test)
    },
    texts: (keyword) => {
      const services = (): readonly NodeKey[] =>
        known().flatMap(({ node }) => (node.type === CLIENT_TYPE ? [] : [node]))
      switch (keyword) {
        case 'name':
          return knownTexts(services().map(({ name }) => name))
        case 'type':
          return knownTexts(services().map(({ type }) => type))
        default:
          return textsOf(keyword, root, index.spans)
      }
    },
  }
}

function nodeSubject({ node, inferred, root, span, own }: NodeFacts, trace: TraceFacts): Subject {
  return {
    annotated: own,
    flag: (keyword) => {
      switch (keyword) {
        case 'inferred':
          return inferred
        case 'root':
          return root
        case 'partial':
          return own.some((one) => one.inProgress || trace.isSilentCall(one))
        default:
          return flagOf(span, keyword)
      }
    },
    number: (keyword, test) => numberMeets(span, keyword, test),
    texts: (keyword) => {
      switch (keyword) {
        case 'name':
          return knownTexts([node.name])
        case 'type':
          return knownTexts([node.type])
        case 'account.id':
          return knownTexts([node.accountId])
        default:
          return textsOf(keyword, span, own)
      }
    },
  }
}

/** ok: it has answered, and neither failed nor was throttled. */
function flagOf(span: Span, keyword: FlagKeyword): boolean {
  switch (keyword) {
    case 'ok':
      return span.endNanos !== undefined && !span.error && !span.fault && !span.throttle
    case 'error':
    case 'fault':
    case 'throttle':
      return span[keyword]
    default:
      return false
  }
}

function numberMeets(span: Span, keyword: NumberKeyword, test: NumberTest | Known): boolean {
  switch (keyword) {
    case 'responsetime':
    case 'duration':
      return span.endNanos !== undefined && meetsNanos(span.endNanos - span.startNanos, test)
    case 'http.status':
      return span.http?.status !== undefined && meetsNumber(span.http.status, test)
    default:
      return false
  }
}

/** HTTP of the one span, anything else of all of them. */
function textsOf(keyword: TextKeyword, span: Span | undefined, own: readonly Span[]): readonly string[] {
  switch (keyword) {
    case 'http.url':
      return knownTexts([span?.http?.url])
    case 'http.method':
      return knownTexts([span?.http?.method])
    case 'http.useragent':
      return knownTexts([span?.http?.userAgent])
    case 'http.clientip':
      return knownTexts([span?.http?.clientIp])
    case 'user':
      return knownTexts(own.map((one) => one.user))
    case 'message':
      return knownTexts(own.flatMap((one) => exceptionsIn(one).map(({ message }) => message)))
    case 'availabilityzone':
      return knownTexts(own.map(availabilityZoneOf))
    case 'instance.id':
      return knownTexts(own.map(instanceIdOf))
    case 'resource.arn':
      return knownTexts(own.map((one) => one.resourceArn))
    default:
      return []
  }
}

function knownTexts(texts: readonly (string | undefined)[]): string[] {
  return texts.filter((text) => text !== undefined && text !== '') as string[]
}

/** Of every cause its items in the order of the path, each knowing its place. */
function causeItems({ trace }: Subject, kind: CauseKind, item: CauseItem): Subject[] {
  return (trace?.causes(kind) ?? []).flatMap((cause) => {
    const items = itemsOf(cause, item)
    return items.map((one, i) => itemSubject(one, { index: i, last: i === items.length - 1 }))
  })
}

interface Item {
  readonly texts: Partial<Record<TextKeyword, string>>
  readonly inferred?: boolean
  readonly remote?: boolean
  readonly coverage?: number | undefined
}

function itemsOf({ services }: RootCause, item: CauseItem): Item[] {
  if (item === 'service') return services.map(serviceItem)
  const entities = services.flatMap(({ entityPath }) => entityPath)
  if (item === 'entity') return entities.map(({ name, remote, coverage }) => ({ texts: { name }, remote, coverage }))
  return entities.flatMap(({ exceptions = [] }) =>
    exceptions.map(({ name, message }) => ({ texts: { name, message } })),
  )
}

function serviceItem({ node, inferred }: RootCauseService): Item {
  return { texts: { name: node.name, type: node.type, 'account.id': node.accountId }, inferred }
}

function itemSubject(item: Item, { index, last }: { readonly index: number; readonly last: boolean }): Subject {
  return {
    annotated: [],
    flag: (keyword) => {
      switch (keyword) {
        case 'first':
          return index === 0
        case 'last':
          return last
        case 'inferred':
          return item.inferred ?? false
        case 'remote':
          return item.remote ?? false
        default:
          return false
      }
    },
    number: (keyword, test) => {
      const value = keyword === 'index' ? index : keyword === 'coverage' ? item.coverage : undefined
      return value !== undefined && meetsNumber(value, test)
    },
    texts: (keyword) => knownTexts([item.texts[keyword]]),
  }
}

function meetsJson(patterns: readonly JsonPattern[], { trace }: Subject): boolean {
  if (trace === undefined) return false
  const kinds = ['fault', 'error', 'responsetime'] as const
  const causes = kinds.flatMap((kind) => trace.causes(kind).map(jsonOfCause))
  return patterns.every((pattern) => causes.some((cause) => isPart(pattern, cause)))
}

function jsonOfCause({ clientImpacting, services }: RootCause): unknown {
  return {
    ClientImpacting: clientImpacting,
    Services: services.map(({ node, inferred, entityPath }) => ({
      Name: node.name,
      Names: [node.name],
      Type: node.type,
      AccountId: node.accountId,
      Inferred: inferred,
      EntityPath: entityPath.map(jsonOfEntity),
    })),
  }
}

function jsonOfEntity({ name, remote, coverage, exceptions }: RootCauseEntity): unknown {
  return {
    Name: name,
    Remote: remote,
    Coverage: coverage,
    Exceptions: exceptions?.map((one) => ({ Name: one.name, Message: one.message })),
  }
}

/** Every member of the pattern is there and equal; lists have one length and agree place by place. */
function isPart(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.length === value.length && pattern.every((one, i) => isPart(one, value[i]))
  if (typeof pattern !== 'object' || pattern === null) return pattern === value
  if (typeof value !== 'object' || value === null) return false
  const members = value as { readonly [member: string]: unknown }
  return Object.entries(pattern).every(([key, one]) => isPart(one, members[key]))
}
