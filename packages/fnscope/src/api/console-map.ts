// GET /api/map: the service graph of a range as fnscope's own clients read it, rates and quantiles worked out.
import { CLIENT_TYPE } from '../query/graph-contribution.ts'
import { quantileSeconds } from '../query/quantile.ts'
import type { Edge, NodeLatency, TimeRange } from '../query/reader.ts'
import type { GraphNode, ServiceGraph } from '../query/service-graph.ts'
import { nanosToMillis, nanosToSeconds } from '../span/time.ts'
import type { ConsoleCalls, ConsoleMap, ConsoleMapNode } from './console-types.ts'

/**
 * @param now epoch nanoseconds: rates are of the part of the range that is over
 */
export function consoleMap({ nodes, behindSpans }: ServiceGraph, range: TimeRange, now: bigint): ConsoleMap {
  const endNanos = range.endNanos < now ? range.endNanos : now
  const seconds = Math.max(nanosToSeconds(endNanos - range.startNanos), 1)
  return {
    startMs: nanosToMillis(range.startNanos),
    endMs: nanosToMillis(endNanos),
    nodes: nodes.map((node, id) => nodeShape(node, id, seconds)),
    edges: nodes.flatMap((node, from) =>
      node.edges.map(({ target, edge }) => ({
        from,
        to: target,
        ...(edge.edgeType === '' ? {} : { type: edge.edgeType }),
        ...callsOf(edge, seconds),
      })),
    ),
    behindSpans,
  }
}

function nodeShape(
  { key, root, inferred, statistics, ...node }: GraphNode,
  id: number,
  seconds: number,
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
    ...(statistics === undefined ? {} : { calls: callsOf(statistics, seconds) }),
  }
}

function callsOf(of: Edge | NodeLatency, seconds: number): ConsoleCalls {
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
  }
}

/** To the nanosecond, without the noise of the multiplication. */
function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e9) / 1e6
}
