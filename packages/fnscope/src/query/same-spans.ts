// Spans of different SDKs that tell of one thing are shown once: one invocation of a function, one call out of it. The
// span that stays says more, and `sources` says whose they were. Pure; the rules are in docs/guide/one-trace.md.
import { FUNCTION_ORIGIN, isCall, sameCall } from './same-call.ts'
import type { Span } from '../span/span.ts'
import { SERVER } from '../span/span-kind.ts'

/** Who is believed first. */
const SOURCES = ['lambda', 'fc', 'xray', 'otlp', 'datadog', 'jaeger', 'zipkin', 'dataway']

/** The spans with each thing once, children under what stayed of their parents. */
export function mergeSame(spans: readonly Span[]): Span[] {
  if (new Set(spans.map(({ source }) => source)).size < 2) return [...spans]
  const invocations = replaced(spans, invocationsOf(spans))
  return replaced(invocations, callsOf(invocations))
}

/** A span → the one that it is the same as, and that stays. */
type Same = ReadonlyMap<Span, Span>

/** The span by which an SDK, or the platform, says: here the function ran. Undefined when it is none. */
function invocationOf(span: Span, parents: ReadonlyMap<string, Span>): string | undefined {
  if (span.origin === FUNCTION_ORIGIN && span.segment && isOwn(span))
    return span.requestId ?? parents.get(span.parentId ?? '')?.requestId
  const id = span.attributes['faas.invocation_id']
  return span.kind === SERVER && typeof id === 'string' && id !== '' ? id : undefined
}

/** Of Lambda itself, here or in the cloud. */
function isOwn({ source }: Span): boolean {
  return source === 'lambda' || source === 'fc' || source === 'xray'
}

/** The platform's segment of a run stays; a retried event has several, and each SDK's span is of that in whose time it lies. */
function invocationsOf(spans: readonly Span[]): Same {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const same = new Map<Span, Span>()
  const groups = Map.groupBy(spans, (span) => invocationOf(span, byId))
  for (const [requestId, group] of groups) {
    if (requestId === undefined || group.length < 2) continue
    const own = group.filter((span) => isOwn(span))
    const hosts = own.length > 0 ? own : [group.toSorted(compareSources)[0]!]
    for (const span of group) {
      if (hosts.includes(span) || (own.length === 0 && span.source === hosts[0]!.source)) continue
      same.set(span, hosts.toSorted((a, b) => overlap(b, span) - overlap(a, span))[0]!)
    }
  }
  return same
}

/** Calls of different SDKs from one place at one time to one thing; each is the same as one other at most. */
function callsOf(spans: readonly Span[]): Same {
  const segmentOf = enclosing(spans)
  const same = new Map<Span, Span>()
  const calls = spans.filter((span) => isCall(span) && !span.segment)
  for (const group of Map.groupBy(calls, segmentOf).values()) {
    const hosts = new Set<Span>()
    for (const span of group.toSorted(compareSources)) {
      const twins = [...hosts].filter(
        (host) => host.source !== span.source && !merged(same, host, span.source) && sameCall(host, span),
      )
      const twin = twins.toSorted((a, b) => distance(a, span) - distance(b, span))[0]
      if (twin === undefined) hosts.add(span)
      else same.set(span, twin)
    }
  }
  return same
}

function merged(same: Same, host: Span, source: string): boolean {
  for (const [one, other] of same) if (other === host && one.source === source) return true
  return false
}

function compareSources(a: Span, b: Span): number {
  return SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) || Number(a.startNanos - b.startNanos)
}

/** The id of the segment that a span is in; where none came, of what is above it. */
function enclosing(spans: readonly Span[]): (span: Span) => string {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  return (span) => {
    const seen = new Set<Span>()
    let at = span
    for (;;) {
      const parent = byId.get(at.parentId ?? '')
      if (at.segment || seen.has(parent ?? at)) return at.spanId
      if (parent === undefined) return at.parentId ?? at.spanId
      seen.add(parent)
      at = parent
    }
  }
}

function overlap(a: Span, b: Span): number {
  const end = Math.min(Number(a.endNanos ?? b.endNanos ?? a.startNanos), Number(b.endNanos ?? b.startNanos))
  return end - Math.max(Number(a.startNanos), Number(b.startNanos))
}

function distance(a: Span, b: Span): number {
  return Math.abs(Number(a.startNanos - b.startNanos))
}

function replaced(spans: readonly Span[], same: Same): Span[] {
  if (same.size === 0) return [...spans]
  const stays = new Map([...same].map(([span, host]) => [span.spanId, host.spanId]))
  const guests = Map.groupBy(same.keys(), (span) => same.get(span)!)
  const guestsById = new Map([...same.keys()].map((span) => [span.spanId, span]))
  return spans
    .filter((span) => !same.has(span))
    .map((span) => {
      const own = guests.get(span)?.reduce(joined, span) ?? span
      // Where a call's other span is its parent, its place is that one's.
      let above = span.parentId ?? ''
      while (stays.get(above) === span.spanId) above = guestsById.get(above)?.parentId ?? ''
      const parentId = stays.get(above) ?? above
      return parentId === (span.parentId ?? '') || parentId === '' ? own : { ...own, parentId }
    })
}

/** What either says; where both do, what the host says. */
function joined(host: Span, guest: Span): Span {
  const filled = { ...fillers(guest), ...fillers(host) }
  return {
    ...host,
    ...filled,
    error: host.error || guest.error,
    fault: host.fault || guest.fault,
    throttle: host.throttle || guest.throttle,
    coldStart: host.coldStart || guest.coldStart,
    statusCode: host.statusCode || guest.statusCode,
    ...((host.http ?? guest.http) && { http: { ...guest.http, ...host.http } }),
    resource: { ...guest.resource, ...host.resource },
    attributes: { ...guest.attributes, ...host.attributes },
    annotations: { ...guest.annotations, ...host.annotations },
    events: [...host.events, ...guest.events],
    links: [...host.links, ...guest.links],
    sources: [...new Set([...(host.sources ?? [host.source]), ...(guest.sources ?? [guest.source])])],
  }
}

/** What is taken whole. */
function fillers({ cause, statusMessage, user, scope, metadata, requestId, resourceArn }: Span): Partial<Span> {
  return {
    ...(cause !== undefined && { cause }),
    ...(statusMessage !== undefined && { statusMessage }),
    ...(user !== undefined && { user }),
    ...(scope !== undefined && { scope }),
    ...(metadata !== undefined && { metadata }),
    ...(requestId !== undefined && { requestId }),
    ...(resourceArn !== undefined && { resourceArn }),
  }
}
