// The service graph, and other sums of calls, of the traces that meet a filter: a group's. No stretch of it is stored, so
// the traces are listed and derived whole; what each contributes counts by its own time, as in the graph of all.
import { graphSpansOf } from '../span/graph-spans.ts'
import type { Reader, TimeRange } from '../store/store.ts'
import type { TraceFilter } from './filter/filter.ts'
import { listFiltered } from './filter/filtered-rows.ts'
import { Derivation } from './graph-derivation.ts'
import { orderGraph } from './graph-order.ts'
import { GraphSum } from './graph-statistics.ts'
import type { ServiceGraph } from './service-graph.ts'

/** Traces that may meet the filter of which one answer is made. */
const MAX_CANDIDATES = 50_000
const TRACES_AT_ONCE = 500

/** The question is about more traces than are looked at for one answer. */
export class TooManyTracesError extends Error {
  constructor() {
    super(`More than ${MAX_CANDIDATES} traces may meet the group's filter in this time: ask about a shorter one.`)
    this.name = 'TooManyTracesError'
  }
}

/** The graph of what starts in the range. @throws TooManyTracesError */
export async function readFilteredGraph(reader: Reader, range: TimeRange, filter: TraceFilter): Promise<ServiceGraph> {
  const sum = new GraphSum(range.startNanos)
  await sumFiltered(reader, { range, filter }, () => sum)
  return { ...orderGraph(sum.rows()), behindSpans: 0 }
}

/**
 * Adds what the traces contribute in the range to the sums of its times.
 *
 * @param sumAt by nanoseconds since the epoch.
 * @throws TooManyTracesError
 */
export async function sumFiltered(
  reader: Reader,
  { range, filter }: { readonly range: TimeRange; readonly filter: TraceFilter },
  sumAt: (nanos: bigint) => GraphSum,
): Promise<void> {
  let candidates = 0
  let after: { readonly startNanos: bigint; readonly traceId: string } | undefined
  do {
    const page = await listFiltered(reader, {
      ...range,
      by: 'active',
      limit: TRACES_AT_ONCE,
      maxProcessed: TRACES_AT_ONCE,
      filter,
      // The graph is of the traces' shape.
      parts: [],
      ...(after ? { after } : {}),
    })
    candidates += page.processed
    if (candidates > MAX_CANDIDATES) throw new TooManyTracesError()
    // The graph of all counts no unsampled ones either.
    addTraces(page.found.flatMap(({ trace }) => trace.spans).filter(({ unsampled }) => unsampled !== true))
    after = page.next
  } while (after)

  function addTraces(spans: Parameters<typeof graphSpansOf>[0]): void {
    const columns = graphSpansOf(spans, range.startNanos)
    const derivation = new Derivation(columns)
    const end = Number(range.endNanos - range.startNanos)
    // Sums are of one table of nodes: each page's are added to those that are asked for.
    const parts = new Map<GraphSum, GraphSum>()
    const partAt = (start: number): GraphSum | undefined => {
      if (start < 0 || start >= end) return undefined
      const whole = sumAt(range.startNanos + BigInt(Math.floor(start)))
      let part = parts.get(whole)
      if (!part) parts.set(whole, (part = new GraphSum(range.startNanos, columns.nodes)))
      return part
    }
    for (let trace = 0; trace < derivation.groups.traces; trace++) derivation.add(trace, partAt)
    for (const [whole, part] of parts) whole.addRows(part.rows())
  }
}
