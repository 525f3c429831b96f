// What a list of traces says of each: the fields of X-Ray's TraceSummary, derived from the trace's spans.
import type { Span } from '../span/span.ts'
import { NANOS_PER_SECOND } from '../span/time.ts'
import type { NodeKey, SpanPart, TimeRange } from '../store/store.ts'
import { nodeOf, sameNode } from './graph-contribution.ts'
import { flagRootCauses, responseTimeRootCauses, type RootCause } from './root-cause.ts'
import { inferredCalls, isPartial, timeOf } from './trace.ts'
import { indexTrace, rootSegment, type TraceIndex } from './trace-index.ts'

export interface TraceSummary {
  /** 32 hex digits. */
  readonly traceId: string
  /** Of the earliest segment. */
  readonly startNanos: bigint
  /** To the end of the last segment, asynchronous downstream included. */
  readonly durationNanos: bigint
  /** Of the root segment; absent while it is missing or in progress. */
  readonly responseNanos?: bigint
  /** Of the root segment alone, as are hasError and http. */
  readonly hasFault: boolean
  readonly hasError: boolean
  /** Of any span. */
  readonly hasThrottle: boolean
  readonly partial: boolean
  readonly root?: Span
  readonly annotations: ReadonlyMap<string, readonly AnnotationSummary[]>
  readonly users: readonly UserSummary[]
  /** Every node of the trace, those known from their callers alone too. */
  readonly nodes: readonly NodeKey[]
  readonly entryPoint?: NodeKey
  readonly resourceArns: readonly string[]
  readonly instanceIds: readonly string[]
  readonly availabilityZones: readonly string[]
  readonly errorRootCauses: readonly RootCause[]
  readonly faultRootCauses: readonly RootCause[]
  readonly responseTimeRootCauses: readonly RootCause[]
  /** When something began or ended in the range asked for. */
  readonly matchedNanos?: bigint
  readonly revision: number
}

export interface AnnotationSummary {
  readonly value: string | number | boolean
  readonly nodes: readonly NodeKey[]
}

export interface UserSummary {
  readonly name: string
  readonly nodes: readonly NodeKey[]
}

/** What of the spans it looks at. */
export const SUMMARY_PARTS: readonly SpanPart[] = [
  'http',
  'user',
  'resourceArn',
  'annotations',
  'exceptions',
  'attributes',
]

/** @param events the range of a question for events; fills matchedNanos. Undefined for no spans. */
export function summarizeTrace(spans: readonly Span[], events?: TimeRange): TraceSummary | undefined {
  return spans.length === 0 ? undefined : summaryOf(indexTrace(spans), events)
}

/** The same of a trace that is indexed already. */
export function summaryOf(index: TraceIndex, events?: TimeRange): TraceSummary {
  const root = rootSegment(index)
  const inferred = inferredCalls(index)
  const { startNanos, endNanos } = timeOf(index)
  const matchedNanos = events && matchedTime(index, events)
  return {
    traceId: index.traceId,
    startNanos,
    durationNanos: endNanos - startNanos,
    ...(root?.endNanos === undefined ? {} : { responseNanos: root.endNanos - root.startNanos }),
    hasFault: root?.fault ?? false,
    hasError: root?.error ?? false,
    hasThrottle: index.spans.some((span) => span.throttle),
    partial: isPartial(index),
    ...(root ? { root, entryPoint: nodeOf(root) } : {}),
    annotations: annotationsOf(index),
    users: usersOf(index),
    nodes: distinctNodes([
      ...index.spans.filter((span) => span.segment).map(nodeOf),
      ...inferred.map((call) => call.node),
    ]),
    resourceArns: distinct(index, (span) => span.resourceArn),
    instanceIds: distinct(index, instanceIdOf),
    availabilityZones: distinct(index, availabilityZoneOf),
    errorRootCauses: flagRootCauses(index, 'error', inferred),
    faultRootCauses: flagRootCauses(index, 'fault', inferred),
    responseTimeRootCauses: responseTimeRootCauses(index, inferred),
    ...(matchedNanos === undefined ? {} : { matchedNanos }),
    revision: revisionOf(index),
  }
}

/**
 * 1, and one more for each second begun after the first between the trace's first segment and its latest span, by the
 * time they were received. So it is 1 for a trace that comes at once, whatever its spans' own times, and grows when
 * something is added or sent anew later; subsegments streamed ahead of their segment do not count.
 */
function revisionOf(index: TraceIndex): number {
  const segments = index.spans.filter((span) => span.segment && !span.inProgress)
  let first: bigint | undefined
  for (const span of segments.length > 0 ? segments : index.spans) {
    if (first === undefined || span.receivedNanos < first) first = span.receivedNanos
  }
  let last = first ?? 0n
  for (const span of index.spans) if (span.receivedNanos > last) last = span.receivedNanos
  const seconds = Number((last - (first ?? 0n) + NANOS_PER_SECOND - 1n) / NANOS_PER_SECOND)
  return Math.max(1, seconds)
}

/** The earliest start or end inside the range; its start when spans only pass through it. */
function matchedTime(index: TraceIndex, range: TimeRange): bigint {
  let matched: bigint | undefined
  for (const span of index.spans) {
    for (const nanos of [span.startNanos, span.endNanos]) {
      if (nanos === undefined || nanos < range.startNanos || nanos >= range.endNanos) continue
      if (matched === undefined || nanos < matched) matched = nanos
    }
  }
  return matched ?? range.startNanos
}

/** The service a span belongs to, as a list of one; of none for a subsegment whose segment did not come. */
function ownNodes(index: TraceIndex, span: Span): NodeKey[] {
  const segment = index.segments.get(span)
  return segment ? [nodeOf(segment)] : []
}

function annotationsOf(index: TraceIndex): Map<string, AnnotationSummary[]> {
  const byKey = new Map<string, { value: string | number | boolean; nodes: NodeKey[] }[]>()
  for (const span of index.spans) {
    for (const [key, annotation] of Object.entries(span.annotations)) {
      // X-Ray's numbers are doubles
      const value = typeof annotation === 'bigint' ? Number(annotation) : annotation
      const values = byKey.get(key) ?? []
      byKey.set(key, values)
      const known = values.find((one) => one.value === value)
      if (known) known.nodes = distinctNodes([...known.nodes, ...ownNodes(index, span)])
      else values.push({ value, nodes: ownNodes(index, span) })
    }
  }
  return byKey
}

function usersOf(index: TraceIndex): UserSummary[] {
  const byName = new Map<string, NodeKey[]>()
  for (const span of index.spans) {
    if (span.user === undefined || span.user === '') continue
    byName.set(span.user, distinctNodes([...(byName.get(span.user) ?? []), ...ownNodes(index, span)]))
  }
  return [...byName].map(([name, nodes]) => ({ name, nodes }))
}

function distinctNodes(nodes: readonly NodeKey[]): NodeKey[] {
  return nodes.filter((node, i) => nodes.findIndex((other) => sameNode(node, other)) === i)
}

function distinct(index: TraceIndex, valueOf: (span: Span) => string | undefined): string[] {
  return [...new Set(index.spans.map(valueOf).filter((value) => value !== undefined && value !== ''))] as string[]
}

export function instanceIdOf(span: Span): string | undefined {
  return ec2Of(span, 'instance_id', 'host.id')
}

export function availabilityZoneOf(span: Span): string | undefined {
  return ec2Of(span, 'availability_zone', 'cloud.availability_zone')
}

/** A member of X-Ray's aws.ec2, or OpenTelemetry's attribute of the resource. */
function ec2Of(span: Span, member: string, resourceKey: string): string | undefined {
  const ec2 = span.attributes['aws.ec2']
  const own = typeof ec2 === 'object' && ec2 !== null ? (ec2 as { readonly [key: string]: unknown })[member] : undefined
  const value = own ?? span.resource[resourceKey]
  return typeof value === 'string' ? value : undefined
}
