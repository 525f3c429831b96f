// Which stored trace an invocation belongs to that only its log tells of: by request id where a span has it, else by time.
// An X-Ray SDK inside a function sends subsegments whose parent nobody sent; that parent is the function's segment.
import type { Span } from '../span/span.ts'
import type { Reader } from './reader.ts'

export interface InvocationToFind {
  readonly requestId: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  /** 32 hex digits: what its log says. */
  readonly traceId?: string
}

export interface FoundTrace {
  readonly traceId: string
  /** The span that the SDK's hang under. */
  readonly functionId?: string
  /** The platform's own segments are there already. */
  readonly complete: boolean
}

/** Spans of one trace whose parent is not there. */
interface Orphans {
  readonly traceId: string
  readonly parentId: string
  startNanos: bigint
  endNanos: bigint
}

type Search = Pick<Reader, 'listTraces' | 'readListed' | 'readSpans'>

/** Times that a cloud cuts to milliseconds; then clocks and logs that are late. The close fits are taken first. */
const SLACKS_NANOS = [5_000_000n, 100_000_000n] as const
const NANOS_PER_SECOND = 1_000_000_000n
const MAX_TRACES = 500

/** Request id → its trace. What is absent belongs to none that is stored, or to one of several. */
export async function findInvocationTraces(
  reader: Search,
  invocations: readonly InvocationToFind[],
): Promise<Map<string, FoundTrace>> {
  const found = new Map<string, FoundTrace>()
  if (invocations.length === 0) return found
  const range = rangeOf(invocations)
  const [named, around] = await Promise.all([readNamed(reader, invocations, range), readAround(reader, range)])
  const orphans = orphansOf(around)
  for (const { requestId, traceId } of invocations) {
    const own = named.filter((span) => span.requestId === requestId || span.traceId === traceId)
    const complete = own.some(
      (span) => span.requestId === requestId && span.segment && (span.origin ?? '').startsWith('AWS::Lambda'),
    )
    const id = own.find((span) => span.requestId === requestId)?.traceId ?? traceId
    if (id !== undefined) found.set(requestId, { traceId: id, complete })
  }
  return matchByTime(invocations, orphans, found)
}

function rangeOf(invocations: readonly InvocationToFind[]): { readonly startNanos: bigint; readonly endNanos: bigint } {
  let [{ startNanos, endNanos }] = invocations as readonly [InvocationToFind]
  for (const one of invocations) {
    if (one.startNanos < startNanos) startNanos = one.startNanos
    if (one.endNanos > endNanos) endNanos = one.endNanos
  }
  return { startNanos: startNanos - NANOS_PER_SECOND, endNanos: endNanos + NANOS_PER_SECOND }
}

async function readNamed(
  reader: Search,
  invocations: readonly InvocationToFind[],
  range: { readonly startNanos: bigint; readonly endNanos: bigint },
): Promise<Span[]> {
  const of = invocations.map(
    ({ requestId }) => ({ is: 'text', field: 'requestId', op: '=', value: requestId }) as const,
  )
  const where = { is: 'span', where: { is: 'or', of } } as const
  const rows = await reader.listTraces({ ...range, by: 'active', limit: MAX_TRACES, where })
  const traceIds = invocations.flatMap(({ traceId }) => traceId ?? [])
  const [listed, said] = await Promise.all([reader.readListed(rows), reader.readSpans(traceIds)])
  return [...listed, ...said]
}

async function readAround(
  reader: Search,
  range: { readonly startNanos: bigint; readonly endNanos: bigint },
): Promise<Span[]> {
  return await reader.readListed(await reader.listTraces({ ...range, by: 'active', limit: MAX_TRACES }))
}

function orphansOf(spans: readonly Span[]): Orphans[] {
  const known = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`))
  const groups = new Map<string, Orphans>()
  for (const { traceId, parentId, startNanos, endNanos = startNanos, segment, source } of spans) {
    if (segment || source !== 'xray' || parentId === undefined || known.has(`${traceId} ${parentId}`)) continue
    const key = `${traceId} ${parentId}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { traceId, parentId, startNanos, endNanos })
    else {
      if (startNanos < group.startNanos) group.startNanos = startNanos
      if (endNanos > group.endNanos) group.endNanos = endNanos
    }
  }
  return [...groups.values()]
}

/** Only where one invocation and one group of orphans fit nothing else: a wrong trace is worse than a trace of its own. */
function matchByTime(
  invocations: readonly InvocationToFind[],
  orphans: readonly Orphans[],
  found: Map<string, FoundTrace>,
): Map<string, FoundTrace> {
  const left = new Set(orphans)
  const open = new Set(invocations.filter(({ requestId }) => found.get(requestId)?.complete !== true))
  for (const slackNanos of SLACKS_NANOS) {
    for (let changed = true; changed;) {
      changed = false
      const wanted = new Map(
        [...open].map((one) => [one, [...left].filter((group) => fits(one, group, found, slackNanos))] as const),
      )
      for (const [invocation, candidates] of wanted) {
        const [group] = candidates
        const rivals = [...wanted.values()].filter((others) => others.includes(group!))
        if (candidates.length !== 1 || rivals.length !== 1) continue
        const { traceId, parentId } = group!
        found.set(invocation.requestId, { traceId, functionId: parentId, complete: false })
        left.delete(group!)
        open.delete(invocation)
        changed = true
      }
    }
  }
  return found
}

function fits(
  { requestId, startNanos, endNanos }: InvocationToFind,
  group: Orphans,
  found: ReadonlyMap<string, FoundTrace>,
  slackNanos: bigint,
): boolean {
  const said = found.get(requestId)?.traceId
  if (said !== undefined && said !== group.traceId) return false
  return group.startNanos >= startNanos - slackNanos && group.endNanos <= endNanos + slackNanos
}
