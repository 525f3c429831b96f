// GET /api/map: the service graph of a range as fnscope's own clients read it, rates and quantiles worked out; with a filter
// or facets that of the traces that meet them.
import { readFilteredGraph, TooManyTracesError } from '../query/filtered-graph.ts'
import { CLIENT_TYPE } from '../query/graph-contribution.ts'
import { secondsOfCode, type Histogram } from '../query/histogram.ts'
import { quantileSeconds } from '../query/quantile.ts'
import type { Edge, NodeLatency, TimeRange } from '../query/reader.ts'
import { readServiceGraph, type GraphNode, type ServiceGraph } from '../query/service-graph.ts'
import { nanosToMillis, nanosToSeconds } from '../span/time.ts'
import { rangeIn, refused, type ConsoleQuery } from './console-query.ts'
import { searchIn } from './console-search.ts'
import { millisecondsOfStep, stepOf, type TracesOptions } from './console-traces.ts'
import type { ConsoleCalls, ConsoleMap, ConsoleMapNode } from './console-types.ts'

export async function readMap(query: ConsoleQuery, options: TracesOptions): Promise<ConsoleMap> {
  const now = options.now()
  const range = rangeIn(query, now)
  const { where, filter } = searchIn(query, options)
  const wanted = filter ?? (where && { candidates: where, parts: [], sure: undefined, isMet: () => true })
  const shape = { range, now, histograms: query['histograms'] === '1' }
  if (wanted === undefined) return consoleMap(await readServiceGraph(options.reader, range), shape)
  try {
    return consoleMap(await readFilteredGraph(options.reader, range, wanted), shape)
  } catch (error) {
    if (error instanceof TooManyTracesError) throw refused(error.message)
    throw error
  }
}

interface MapShape {
  readonly range: TimeRange
  /** Epoch nanoseconds: rates are of the part of the range that is over. */
  readonly now: bigint
  readonly histograms: boolean
}

function consoleMap({ nodes, behindSpans }: ServiceGraph, { range, now, histograms }: MapShape): ConsoleMap {
  const endNanos = range.endNanos < now ? range.endNanos : now
  const seconds = Math.max(nanosToSeconds(endNanos - range.startNanos), 1)
  return {
    startMs: nanosToMillis(range.startNanos),
    endMs: nanosToMillis(endNanos),
    nodes: nodes.map((node, id) => nodeShape(node, id, { seconds, histograms })),
    edges: nodes.flatMap((node, from) =>
      node.edges.map(({ target, edge }) => ({
        from,
        to: target,
        ...(edge.edgeType === '' ? {} : { type: edge.edgeType }),
        ...callsOf(edge, { seconds, histograms }),
      })),
    ),
    behindSpans,
  }
}

function nodeShape(
  { key, root, inferred, statistics, ...node }: GraphNode,
  id: number,
  shape: CallsShape,
): ConsoleMapNode {
  return {
    id,
    name: key.name,
    type: key.type,
    ...(key.accountId === '' ? {} : { accountId: key.accountId }),
    root,
    inferred,
    client: key.type === CLIENT_TYPE,
    firstMs: nanosToMillis(node.firstNanos),
    lastMs: nanosToMillis(node.lastNanos),
    ...(statistics === undefined ? {} : { calls: callsOf(statistics, shape) }),
  }
}

interface CallsShape {
  readonly seconds: number
  readonly histograms: boolean
}

function callsOf(of: Edge | NodeLatency, { seconds, histograms }: CallsShape): ConsoleCalls {
  const count = of.ok + of.error + of.throttle + of.fault
  const quantileMs = (share: number): number => milliseconds(quantileSeconds(of.histogram, share) ?? 0)
  return {
    count,
    perSecond: Number((count / seconds).toPrecision(4)),
    ok: of.ok,
    error: of.error,
    throttle: of.throttle,
    fault: of.fault,
    averageMs: count === 0 ? 0 : milliseconds(of.totalSeconds / count),
    p50Ms: quantileMs(0.5),
    p90Ms: quantileMs(0.9),
    p99Ms: quantileMs(0.99),
    ...(histograms ? { histogram: binsOf(of.histogram) } : {}),
  }
}

/** In the steps of the heat map. */
function binsOf({ codes, counts }: Histogram): NonNullable<ConsoleCalls['histogram']> {
  const bins = new Map<number, number>()
  for (const [i, code] of codes.entries()) {
    const step = stepOf(secondsOfCode(code) * 1e9)
    bins.set(step, (bins.get(step) ?? 0) + counts[i]!)
  }
  return [...bins]
    .toSorted(([a], [b]) => a - b)
    .map(([step, calls]) => ({ fromMs: millisecondsOfStep(step), toMs: millisecondsOfStep(step + 1), calls }))
}

/** To the nanosecond, without the noise of the multiplication. */
function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e9) / 1e6
}
