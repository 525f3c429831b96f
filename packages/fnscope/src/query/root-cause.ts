// Root causes of a trace: for errors and faults the paths from the root to the deepest entities that carry the flag, for
// the response time the path of those that took most of it. X-Ray's ErrorRootCauses, FaultRootCauses, ResponseTimeRootCauses.
import type { CauseException, Span } from '../span/span.ts'
import type { NodeKey } from '../store/store.ts'
import { nodeOf, secondsOf } from './graph-contribution.ts'
import type { InferredCall } from './trace.ts'
import { rootSegment, type TraceIndex } from './trace-index.ts'

export interface RootCause {
  /** The root itself carries the flag: the client has seen it. */
  readonly clientImpacting: boolean
  readonly services: readonly RootCauseService[]
}

export interface RootCauseService {
  readonly node: NodeKey
  readonly inferred: boolean
  readonly entityPath: readonly RootCauseEntity[]
}

export interface RootCauseEntity {
  readonly name: string
  readonly remote: boolean
  /** Of an error or a fault. */
  readonly exceptions?: readonly { readonly name: string; readonly message: string }[]
  /** Of a response time: the entity's share of the root's, 0 to 1. */
  readonly coverage?: number
}

/** Paths told of one trace; a loop that fails a thousand times says nothing more than its first. */
const MAX_CAUSES = 10
/** The response time is followed down while one child takes at least this share of its parent's. */
const MAIN_SHARE = 0.5

/** `flag` fault: fault. error: error or throttle without fault. */
export function flagRootCauses(
  index: TraceIndex,
  flag: 'error' | 'fault',
  inferred: readonly InferredCall[],
): RootCause[] {
  const carries = (span: Span): boolean =>
    flag === 'fault' ? span.fault : !span.fault && (span.error || span.throttle)
  const above = new Set<Span>()
  for (const span of index.spans) {
    if (!carries(span)) continue
    for (let at = index.parents.get(span); at && !above.has(at); at = index.parents.get(at)) above.add(at)
  }
  const deepest = index.spans.filter((span) => carries(span) && !above.has(span)).slice(0, MAX_CAUSES)
  if (deepest.length === 0) return []
  const root = rootSegment(index)
  const exceptions = exceptionsById(index)
  const clientImpacting = root !== undefined && carries(root)
  return deepest.map((span) => ({
    clientImpacting,
    services: servicesOf(index, span, inferred, (one) => ({ exceptions: exceptionsOf(one, exceptions) })),
  }))
}

/** At most one: the path that the root's time went. */
export function responseTimeRootCauses(index: TraceIndex, inferred: readonly InferredCall[]): RootCause[] {
  const root = rootSegment(index)
  const total = root ? secondsOf(root) : 0
  if (!root || total === 0) return []
  let at = root
  for (;;) {
    const children = index.children.get(at) ?? []
    const [longest] = children.toSorted((a, b) => secondsOf(b) - secondsOf(a))
    if (!longest || secondsOf(longest) < secondsOf(at) * MAIN_SHARE) break
    at = longest
  }
  const coverage = (span: Span): number => Math.min(1, Math.round((secondsOf(span) / total) * 10_000) / 10_000)
  return [
    { clientImpacting: true, services: servicesOf(index, at, inferred, (span) => ({ coverage: coverage(span) })) },
  ]
}

/** The path from the top to `span`, its entities under their services. */
function servicesOf(
  index: TraceIndex,
  span: Span,
  inferred: readonly InferredCall[],
  detail: (span: Span) => Pick<RootCauseEntity, 'exceptions' | 'coverage'>,
): RootCauseService[] {
  const path: Span[] = []
  for (let at: Span | undefined = span; at; at = index.parents.get(at)) path.push(at)
  const services: { node: NodeKey; inferred: boolean; entityPath: RootCauseEntity[] }[] = []
  for (const one of path.reverse()) {
    if (one.segment || services.length === 0) {
      services.push({ node: nodeOf(one), inferred: false, entityPath: [] })
    }
    const remote = !one.segment && (one.namespace === 'aws' || one.namespace === 'remote')
    services.at(-1)!.entityPath.push({ name: one.name, remote, ...detail(one) })
  }
  const call = inferred.find((one) => one.span === span)
  if (call) {
    const entity = { name: call.node.name, remote: false, ...detail(span) }
    services.push({ node: call.node, inferred: true, entityPath: [entity] })
  }
  return services
}

function exceptionsById(index: TraceIndex): Map<string, CauseException> {
  const found = new Map<string, CauseException>()
  for (const span of index.spans) {
    for (const one of recordedIn(span)) if (typeof one.id === 'string') found.set(one.id, one)
  }
  return found
}

/** Exceptions recorded in the span itself; OpenTelemetry's are events. */
export function exceptionsIn(span: Span): { readonly name: string; readonly message: string }[] {
  const recorded = recordedIn(span)
  if (recorded.length > 0) return recorded.map((one) => ({ name: textOf(one.type), message: textOf(one.message) }))
  return span.events
    .filter(({ name }) => name === 'exception')
    .map(({ attributes }) => ({
      name: textOf(attributes['exception.type']),
      message: textOf(attributes['exception.message']),
    }))
}

// A cause is stored as it was sent: its parts may be of any type.
function recordedIn(span: Span): CauseException[] {
  const exceptions: unknown = typeof span.cause === 'object' ? span.cause.exceptions : undefined
  if (!Array.isArray(exceptions)) return []
  return exceptions.filter((one: unknown) => typeof one === 'object' && one !== null) as CauseException[]
}

/** A cause that is an id names an exception recorded elsewhere in the trace. */
function exceptionsOf(
  span: Span,
  byId: ReadonlyMap<string, CauseException>,
): { readonly name: string; readonly message: string }[] {
  const named = typeof span.cause === 'string' ? byId.get(span.cause) : undefined
  return named ? [{ name: textOf(named.type), message: textOf(named.message) }] : exceptionsIn(span)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
