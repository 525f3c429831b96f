// GetInsightSummaries, GetInsight, GetInsightEvents, GetInsightImpactGraph: what query/insights.ts finds. An insight's id
// says the minute in which it began and whose it is, so that it can be found again.
import { createHash } from 'node:crypto'
import type { NodeKey, TimeRange } from '../query/reader.ts'
import { readFilteredGraph } from '../query/filtered-graph.ts'
import { filterOfText } from './xray-filter.ts'
import { findInsights, GAP_MINUTES, USUAL_MINUTES, type Impact, type Insight } from '../query/insights.ts'
import { nodeKeyText } from '../query/graph-statistics.ts'
import { readServiceGraph, type GraphNode } from '../query/service-graph.ts'
import { minuteRows } from '../query/service-series.ts'
import { nanosToSeconds, NANOS_PER_MINUTE } from '../span/time.ts'
import { invalid } from './xray-error.ts'
import { refusingTooMany, type GraphOptions } from './xray-graph.ts'
import { groupFilterOf, groupsOf } from './xray-group-list.ts'
import { groupMember } from './xray-groups.ts'
import {
  encodeToken,
  invalidToken,
  listMember,
  nameMember,
  numberMember,
  refuseToken,
  timeRangeOf,
  tokenMember,
  type XrayBody,
} from './xray-request.ts'
import type { XrayGroup } from './xray-state.ts'
import { serviceIdShape } from './xray-summary.ts'

/** No insight is longer: what goes on for hours becomes what is usual. */
const LONGEST_MINUTES = 360n
const STATES: ReadonlySet<unknown> = new Set(['ACTIVE', 'CLOSED'])

interface Found {
  readonly id: string
  readonly group: XrayGroup
  readonly insight: Insight
}

/** Those of which something lies in the range, newest first. */
export async function getInsightSummaries(body: XrayBody, options: GraphOptions): Promise<object> {
  const now = options.now()
  const range = timeRangeOf(body, now)
  const group = groupMember(body, options)
  if (!group.insightsEnabled) {
    throw invalid(`Insights are not enabled for the group ${JSON.stringify(group.name)}: enable them with UpdateGroup.`)
  }
  const states = body['States'] == null ? [] : listMember(body, 'States')
  for (const state of states) if (!STATES.has(state)) throw invalid('States may hold ACTIVE and CLOSED alone.')
  const longest = LONGEST_MINUTES * NANOS_PER_MINUTE
  // What goes on beyond the range is looked at whole: an insight is the same whoever asks for it.
  const endNanos = range.endNanos + longest < now ? range.endNanos + longest : now
  const found = await insightsOf(group, { startNanos: range.startNanos - longest, endNanos }, options)
  const all = found.filter(({ insight }) => insight.startNanos < range.endNanos && insight.endNanos > range.startNanos)
  const wanted = all.filter(({ insight }) => states.length === 0 || states.includes(stateOf(insight, now)))
  const question = [body['StartTime'], body['EndTime'], group.arn, states].join(' ')
  const { page, next } = pageOf(body, wanted, { question, most: 100 })
  return {
    InsightSummaries: page.map((found) => ({
      ...insightShape(found, now),
      LastUpdateTime: nanosToSeconds(found.insight.endNanos),
    })),
    ...next,
  }
}

export async function getInsight(body: XrayBody, options: GraphOptions): Promise<object> {
  return { Insight: insightShape(await insightMember(body, options), options.now()) }
}

/** One for each minute in which a service of it was anomalous, newest first. */
export async function getInsightEvents(body: XrayBody, options: GraphOptions): Promise<object> {
  const { id, insight } = await insightMember(body, options)
  const { page, next } = pageOf(body, insight.minutes.toReversed(), { question: id, most: 50 })
  return {
    InsightEvents: page.map(({ startNanos, clients, root, anomalous }) => ({
      Summary: `${shareText(root)} of the requests to ${nameOf(insight.root)} were faults.`,
      EventTime: nanosToSeconds(startNanos),
      ClientRequestImpactStatistics: impactShape(clients),
      RootCauseServiceRequestImpactStatistics: impactShape(root),
      TopAnomalousServices: anomalousShape(anomalous),
    })),
    ...next,
  }
}

/** The services of the group's graph in that time from which calls lead to the root cause, and that one. */
export async function getInsightImpactGraph(body: XrayBody, options: GraphOptions): Promise<object> {
  const range = timeRangeOf(body, options.now())
  const { id, group, insight } = await insightMember(body, options)
  refuseToken(body)
  const filter = filterOf(group, options)
  const graph = filter
    ? await refusingTooMany(readFilteredGraph(options.reader, range, filter))
    : await readServiceGraph(options.reader, range)
  const reached = callersOf(graph.nodes, insight.root)
  return {
    InsightId: id,
    StartTime: body['StartTime'],
    EndTime: body['EndTime'],
    ServiceGraphStartTime: nanosToSeconds(graph.firstNanos ?? range.startNanos),
    ServiceGraphEndTime: nanosToSeconds(graph.lastNanos ?? range.endNanos),
    Services: [...reached].map((ReferenceId) => ({
      ReferenceId,
      ...serviceIdShape(graph.nodes[ReferenceId]!.key),
      Edges: graph.nodes[ReferenceId]!.edges.flatMap(({ target }) =>
        reached.has(target) ? { ReferenceId: target } : [],
      ),
    })),
  }
}

/** Numbers of the nodes from which calls lead to the node, and its own; in the graph's order. */
function callersOf(nodes: readonly GraphNode[], node: NodeKey): ReadonlySet<number> {
  const reached = new Set(nodes.flatMap(({ key }, i) => (nodeKeyText(key) === nodeKeyText(node) ? [i] : [])))
  for (let before = 0; before < reached.size;) {
    before = reached.size
    for (const [i, { edges }] of nodes.entries()) if (edges.some(({ target }) => reached.has(target))) reached.add(i)
  }
  return new Set([...reached].sort((a, b) => a - b))
}

async function insightMember(body: XrayBody, options: GraphOptions): Promise<Found> {
  const id = nameMember(body, 'InsightId', 36)
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) throw invalid('InsightId must be one of an insight.')
  const startNanos = BigInt(Number.parseInt(id.slice(0, 8), 16)) * NANOS_PER_MINUTE
  // It began there: minutes before it would make it begin earlier, and are no part of it.
  const around = BigInt(GAP_MINUTES + 1) * NANOS_PER_MINUTE
  const range = { startNanos: startNanos - around, endNanos: startNanos + LONGEST_MINUTES * NANOS_PER_MINUTE }
  if (startNanos < options.now()) {
    for (const group of groupsOf(options).filter(({ insightsEnabled }) => insightsEnabled)) {
      if (!id.endsWith(suffixOf(group))) continue
      const found = (await insightsOf(group, range, options)).find((one) => one.id === id)
      if (found) return found
    }
  }
  throw invalid(`There is no insight ${id}: its traces may be gone, or insights of its group were disabled.`)
}

/** Insights that began in the range. */
async function insightsOf(group: XrayGroup, range: TimeRange, options: GraphOptions): Promise<Found[]> {
  const startNanos = range.startNanos - BigInt(USUAL_MINUTES + 1) * NANOS_PER_MINUTE
  const read = minuteRows(options.reader, { ...range, startNanos }, filterOf(group, options))
  const { rows } = await refusingTooMany(read)
  return findInsights(rows, range).map((insight) => ({ id: idOf(insight, group), group, insight }))
}

function filterOf(group: XrayGroup, options: GraphOptions): ReturnType<typeof filterOfText> {
  return filterOfText(group.filterExpression, { groupFilter: groupFilterOf(options) })
}

function idOf({ startNanos, root }: Insight, group: XrayGroup): string {
  const minute = Number(startNanos / NANOS_PER_MINUTE)
    .toString(16)
    .padStart(8, '0')
  const of = createHash('sha256')
    .update(JSON.stringify([root.name, root.type, root.accountId]))
    .digest('hex')
  return `${minute}-${of.slice(0, 4)}-4${of.slice(4, 7)}-8${of.slice(7, 10)}-${suffixOf(group)}`
}

function suffixOf({ arn }: XrayGroup): string {
  return createHash('sha256').update(arn).digest('hex').slice(0, 12)
}

/** Closed once nothing was anomalous for as long as minutes are joined. */
function stateOf({ endNanos }: Insight, now: bigint): 'ACTIVE' | 'CLOSED' {
  return now - endNanos > BigInt(GAP_MINUTES) * NANOS_PER_MINUTE ? 'CLOSED' : 'ACTIVE'
}

function insightShape({ id, group, insight }: Found, now: bigint): object {
  const state = stateOf(insight, now)
  const others = insight.anomalous.length - 1
  const reached = others === 0 ? '' : ` It reached ${others} more service${others === 1 ? '' : 's'}.`
  return {
    InsightId: id,
    GroupARN: group.arn,
    GroupName: group.name,
    RootCauseServiceId: serviceIdShape(insight.root),
    Categories: ['FAULT'],
    State: state,
    StartTime: nanosToSeconds(insight.startNanos),
    ...(state === 'CLOSED' ? { EndTime: nanosToSeconds(insight.endNanos) } : {}),
    Summary: `${shareText(insight.rootImpact)} of the requests to ${nameOf(insight.root)} were faults.${reached}`,
    ClientRequestImpactStatistics: impactShape(insight.clients),
    RootCauseServiceRequestImpactStatistics: impactShape(insight.rootImpact),
    TopAnomalousServices: anomalousShape(insight.anomalous),
  }
}

const MOST_ANOMALOUS = 10

function anomalousShape(nodes: readonly NodeKey[]): object[] {
  return nodes.slice(0, MOST_ANOMALOUS).map((node) => ({ ServiceId: serviceIdShape(node) }))
}

function impactShape({ fault, ok, total }: Impact): object {
  return { FaultCount: fault, OkCount: ok, TotalCount: total }
}

function shareText({ fault, total }: Impact): string {
  return `${total === 0 ? 0 : Math.round((fault / total) * 100)} % (${fault} of ${total})`
}

function nameOf({ name, type }: NodeKey): string {
  return type === '' ? name : `${name} (${type})`
}

/** MaxResults of them from NextToken on. */
function pageOf<One>(
  body: XrayBody,
  all: readonly One[],
  { question, most }: { readonly question: string; readonly most: number },
): { readonly page: readonly One[]; readonly next: { readonly NextToken?: string } } {
  const count = numberMember(body, 'MaxResults') ?? most
  if (!Number.isInteger(count) || count < 1 || count > most) throw invalid(`MaxResults must be from 1 to ${most}.`)
  const content = tokenMember(body, 2)
  if (content && (content[0] !== question || !/^\d{1,9}$/.test(content[1]!))) throw invalidToken()
  const from = Number(content?.[1] ?? 0)
  const to = from + count
  return { page: all.slice(from, to), next: to < all.length ? { NextToken: encodeToken([question, String(to)]) } : {} }
}
