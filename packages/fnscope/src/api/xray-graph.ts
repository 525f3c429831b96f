// GetServiceGraph and GetTraceGraph: their answers as JSON.
import { nanosToSeconds, NANOS_PER_SECOND } from '../span/time.ts'
import type { Edge, NodeLatency, Reader } from '../query/reader.ts'
import { EMPTY_HISTOGRAM } from '../query/histogram.ts'
import { CLIENT_TYPE } from '../query/graph-contribution.ts'
import { readFilteredGraph, TooManyTracesError } from '../query/filtered-graph.ts'
import { graphOfSpans, readServiceGraph, type GraphNode, type ServiceGraph } from '../query/service-graph.ts'
import { GraphJson } from './graph-json.ts'
import { invalid } from './xray-error.ts'
import type { GroupsOptions } from './xray-group-list.ts'
import { groupTraces } from './xray-groups.ts'
import { refuseToken, timeRangeOf, type XrayBody } from './xray-request.ts'
import { serviceIdShape } from './xray-summary.ts'
import { traceIdsMember } from './xray-traces.ts'

export interface GraphOptions extends GroupsOptions {
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
): Promise<Buffer> {
  const range = timeRangeOf(body, options.now())
  const filter = groupTraces(body, options)
  refuseToken(body)
  const graph = filter
    ? await refusingTooMany(readFilteredGraph(options.reader, range, filter))
    : await readServiceGraph(options.reader, range)
  if (graph.behindSpans > 0) setHeader?.(BEHIND_HEADER, String(graph.behindSpans))
  const start = wholeSeconds(graph.firstNanos ?? range.startNanos)
  const end = wholeSeconds(graph.lastNanos ?? range.endNanos)
  const write = (): Buffer =>
    jsonOf(`{"StartTime":${start},"EndTime":${end},`, graph, ',"ContainsOldGroupVersions":false}')
  // The times of a graph with calls are its own.
  if (graph.firstNanos === undefined) return write()
  const written = answers.get(graph.nodes) ?? write()
  answers.set(graph.nodes, written)
  return written
}

/** By the nodes of graphs, which stay the same object while nothing in them changes (query/graph-cache.ts). */
const answers = new WeakMap<readonly GraphNode[], Buffer>()

export async function getTraceGraph(body: XrayBody, options: GraphOptions): Promise<Buffer> {
  const ids = traceIdsMember(body)
  refuseToken(body)
  return jsonOf('{', graphOfSpans(await options.reader.readSpans(ids)), '}')
}

/** The nodes as objects, for answers in which they are a part. */
export function servicesOf(nodes: readonly GraphNode[]): readonly object[] {
  const { Services } = JSON.parse(jsonOf('{', { nodes }, '}').toString('utf8')) as { readonly Services: object[] }
  return Services
}

/** More than one answer can be made of is the asker's to change. */
export async function refusingTooMany<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof TooManyTracesError) throw invalid(error.message)
    throw error
  }
}

/** What an answer's nodes and edges are about, without their histograms. */
const EDGE_BYTES = 600

function jsonOf(before: string, { nodes }: Pick<ServiceGraph, 'nodes'>, after: string): Buffer {
  let bytes = 1024
  for (const { edges, statistics } of nodes) {
    bytes += EDGE_BYTES + 80 * (statistics?.histogram.codes.length ?? 0)
    for (const { edge } of edges) bytes += EDGE_BYTES + 40 * edge.histogram.codes.length
  }
  const json = new GraphJson(bytes)
  json.text(`${before}"Services":[`)
  for (const [i, node] of nodes.entries()) {
    if (i > 0) json.text(',')
    writeService(json, node, i)
  }
  json.text(`]${after}`)
  return json.end()
}

function writeService(json: GraphJson, node: GraphNode, index: number): void {
  const client = node.key.type === CLIENT_TYPE
  const start = {
    ReferenceId: index,
    ...serviceIdShape(node.key),
    ...(node.root ? { Root: true } : {}),
    State: client || node.inferred ? 'unknown' : 'active',
    StartTime: wholeSeconds(node.firstNanos),
    EndTime: wholeSeconds(node.lastNanos),
  }
  json.text(`${JSON.stringify(start).slice(0, -1)},"Edges":[`)
  for (const [i, { target, edge }] of node.edges.entries()) {
    const times = `"StartTime":${wholeSeconds(edge.firstNanos)},"EndTime":${wholeSeconds(edge.lastNanos)}`
    const counts = `"SummaryStatistics":${statisticsText(edge)},"ResponseTimeHistogram":`
    json.text(`${i > 0 ? ',' : ''}{"ReferenceId":${target},${times},${counts}`)
    json.histogram(edge.histogram)
    json.text(`,"Aliases":[]${edge.edgeType === '' ? '' : `,"EdgeType":${JSON.stringify(edge.edgeType)}`}}`)
  }
  json.text(']')
  if (!client) writeOwn(json, node.statistics)
  json.text('}')
}

// A caller of which only calls lie in the range has served nothing in it.
const NOTHING = { ok: 0, error: 0, throttle: 0, fault: 0, totalSeconds: 0, histogram: EMPTY_HISTOGRAM }

type Statistics = Pick<NodeLatency | Edge, 'ok' | 'error' | 'throttle' | 'fault' | 'totalSeconds' | 'histogram'>

function writeOwn(json: GraphJson, own: Statistics = NOTHING): void {
  json.text(`,"SummaryStatistics":${statisticsText(own)},"DurationHistogram":`)
  json.histogram(own.histogram)
  json.text(',"ResponseTimeHistogram":')
  json.histogram(own.histogram)
}

export function statisticsText(counts: Omit<Statistics, 'histogram'>): string {
  const errors = counts.throttle + counts.error
  return JSON.stringify({
    OkCount: counts.ok,
    ErrorStatistics: { ThrottleCount: counts.throttle, OtherCount: counts.error, TotalCount: errors },
    FaultStatistics: { OtherCount: counts.fault, TotalCount: counts.fault },
    TotalCount: counts.ok + errors + counts.fault,
    TotalResponseTime: Math.round(counts.totalSeconds * 1000) / 1000,
  })
}

function wholeSeconds(nanos: bigint): number {
  return nanosToSeconds(nanos - (nanos % NANOS_PER_SECOND))
}
