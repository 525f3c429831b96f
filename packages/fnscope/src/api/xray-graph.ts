// GetServiceGraph and GetTraceGraph.
import { nanosToSeconds, NANOS_PER_SECOND } from '../span/time.ts'
import type { Edge, NodeLatency, Reader } from '../query/reader.ts'
import { EMPTY_HISTOGRAM, histogramEntries } from '../query/histogram.ts'
import { CLIENT_TYPE } from '../query/graph-contribution.ts'
import { graphOfSpans, readServiceGraph, type GraphNode } from '../query/service-graph.ts'
import { invalid } from './xray-error.ts'
import { textMember, timeRangeOf, type XrayBody } from './xray-request.ts'
import { serviceIdShape } from './xray-summary.ts'
import { traceIdsMember } from './xray-traces.ts'

export interface GraphOptions {
  readonly reader: Reader
  readonly now: () => bigint
}

/** About how many stored spans a service graph does not count yet (ServiceGraph.behindSpans); absent for none. */
export const BEHIND_HEADER = 'x-fnscope-graph-behind'

/** StartTime and EndTime are whole seconds of the requests found; of the question when there are none. */
export async function getServiceGraph(
  body: XrayBody,
  options: GraphOptions,
  setHeader?: (name: string, value: string) => void,
): Promise<object> {
  const range = timeRangeOf(body, options.now())
  refuseGroup(body)
  refuseToken(body)
  const graph = await readServiceGraph(options.reader, range)
  if (graph.behindSpans > 0) setHeader?.(BEHIND_HEADER, String(graph.behindSpans))
  return {
    StartTime: wholeSeconds(graph.firstNanos ?? range.startNanos),
    EndTime: wholeSeconds(graph.lastNanos ?? range.endNanos),
    Services: graph.nodes.map(serviceShape),
    ContainsOldGroupVersions: false,
  }
}

export async function getTraceGraph(body: XrayBody, options: GraphOptions): Promise<object> {
  const ids = traceIdsMember(body)
  refuseToken(body)
  return { Services: graphOfSpans(await options.reader.readSpans(ids)).nodes.map(serviceShape) }
}

function refuseGroup(body: XrayBody): void {
  const name = textMember(body, 'GroupName')
  const arn = textMember(body, 'GroupARN')
  const isDefault = (name === undefined || name === 'Default') && (arn === undefined || arn.includes(':group/Default'))
  if (!isDefault) throw invalid('Groups are not supported by fnscope yet. Leave out GroupName and GroupARN.')
}

/** A graph is one answer: no token was ever given. */
function refuseToken(body: XrayBody): void {
  if (textMember(body, 'NextToken') !== undefined) throw invalid('NextToken is not valid: the graph has one page.')
}

function serviceShape(node: GraphNode, index: number): object {
  const client = node.key.type === CLIENT_TYPE
  return {
    ReferenceId: index,
    ...serviceIdShape(node.key),
    ...(node.root ? { Root: true } : {}),
    State: client || node.inferred ? 'unknown' : 'active',
    StartTime: wholeSeconds(node.firstNanos),
    EndTime: wholeSeconds(node.lastNanos),
    Edges: node.edges.map(({ target, edge }) => ({
      ReferenceId: target,
      StartTime: wholeSeconds(edge.firstNanos),
      EndTime: wholeSeconds(edge.lastNanos),
      SummaryStatistics: statisticsShape(edge),
      ResponseTimeHistogram: histogramShape(edge),
      Aliases: [],
      ...(edge.edgeType === '' ? {} : { EdgeType: edge.edgeType }),
    })),
    ...(client ? {} : ownShape(node.statistics)),
  }
}

// A caller of which only calls lie in the range has served nothing in it.
const NOTHING = { ok: 0, error: 0, throttle: 0, fault: 0, totalSeconds: 0, histogram: EMPTY_HISTOGRAM }

type Statistics = Pick<NodeLatency | Edge, 'ok' | 'error' | 'throttle' | 'fault' | 'totalSeconds' | 'histogram'>

function ownShape(own: Statistics = NOTHING): object {
  return {
    SummaryStatistics: statisticsShape(own),
    DurationHistogram: histogramShape(own),
    ResponseTimeHistogram: histogramShape(own),
  }
}

function statisticsShape(counts: Statistics): object {
  const errors = counts.throttle + counts.error
  return {
    OkCount: counts.ok,
    ErrorStatistics: { ThrottleCount: counts.throttle, OtherCount: counts.error, TotalCount: errors },
    FaultStatistics: { OtherCount: counts.fault, TotalCount: counts.fault },
    TotalCount: counts.ok + errors + counts.fault,
    TotalResponseTime: Math.round(counts.totalSeconds * 1000) / 1000,
  }
}

function histogramShape(counts: Pick<Statistics, 'histogram'>): object[] {
  return histogramEntries(counts.histogram).map(([seconds, count]) => ({ Value: seconds, Count: count }))
}

function wholeSeconds(nanos: bigint): number {
  return nanosToSeconds(nanos - (nanos % NANOS_PER_SECOND))
}
