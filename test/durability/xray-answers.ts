// What a started fnscope says of the traces that were sent to it, counted. Asserts nothing.
import { setTimeout as delay } from 'node:timers/promises'
import { ask, askWithHeaders } from './xray-client.ts'

const WHOLE_WITHIN_MS = 120_000

interface Document {
  readonly id: string
  readonly name: string
  readonly inferred?: boolean
  readonly in_progress?: boolean
  readonly end_time?: number
  readonly subsegments?: readonly Document[]
}

interface Service {
  readonly ReferenceId: number
  readonly Name: string
  readonly Type?: string
  readonly SummaryStatistics?: { readonly TotalCount: number }
  readonly Edges: readonly {
    readonly ReferenceId: number
    readonly SummaryStatistics: { readonly TotalCount: number }
  }[]
}

interface TracesPage {
  readonly Traces: readonly { readonly Id: string; readonly Segments: readonly { readonly Document: string }[] }[]
  readonly UnprocessedTraceIds: readonly string[]
  readonly NextToken?: string
}

const IDS_A_CALL = 100

/** Trace id → its documents as one line: `front(handler(back)) back`. Traces that are not there have none. */
export async function readShapes(url: string, ids: readonly string[]): Promise<Map<string, string>> {
  const shapes = new Map<string, string>()
  for (const documents of await readDocuments(url, ids))
    shapes.set(documents[0], documents[1].map(shapeOf).sort().join(' '))
  return shapes
}

/** Trace id and documents, in no order. */
export async function readDocuments(url: string, ids: readonly string[]): Promise<[string, Document[]][]> {
  const found: [string, Document[]][] = []
  for (let from = 0; from < ids.length; from += IDS_A_CALL) {
    const question = { TraceIds: ids.slice(from, from + IDS_A_CALL) }
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: TracesPage = await ask(url, '/Traces', token === '' ? question : { ...question, NextToken: token })
      for (const { Id, Segments } of page.Traces)
        found.push([Id, Segments.map(({ Document: text }) => JSON.parse(text) as Document)])
      token = page.NextToken
    }
  }
  return found
}

function shapeOf(document: Document): string {
  const state = document.end_time === undefined ? '…' : ''
  const below = (document.subsegments ?? []).map(shapeOf).sort()
  return `${document.name}${state}${below.length === 0 ? '' : `(${below.join(' ')})`}`
}

export interface TimeRange {
  readonly StartTime: number
  readonly EndTime: number
}

interface SummariesPage {
  readonly TraceSummaries: readonly { readonly Id: string; readonly IsPartial: boolean }[]
  readonly NextToken?: string
}

/** The ids of every summary of the range, as often as they are listed. */
export async function listIds(url: string, range: TimeRange): Promise<string[]> {
  const ids: string[] = []
  for (let token: string | undefined = ''; token !== undefined;) {
    const question = token === '' ? range : { ...range, NextToken: token }
    const page: SummariesPage = await ask(url, '/TraceSummaries', question)
    ids.push(...page.TraceSummaries.map((summary) => summary.Id))
    token = page.NextToken
  }
  return ids
}

/** `front` → requests counted at the node, `front>back` → at the edge; the client's node is `client`. */
export type GraphCounts = Readonly<Record<string, number>>

export async function readServiceGraph(url: string, range: TimeRange): Promise<GraphCounts> {
  return countsOf((await ask<{ Services: readonly Service[] }>(url, '/ServiceGraph', range)).Services)
}

/** Once it says that it has all that is stored: much at once is counted some seconds later. */
export async function readWholeServiceGraph(url: string, range: TimeRange): Promise<GraphCounts> {
  for (const until = Date.now() + WHOLE_WITHIN_MS; ; await delay(200)) {
    const { body, headers } = await askWithHeaders(url, '/ServiceGraph', range)
    const behind = headers.get('x-fnscope-graph-behind')
    if (behind === null) return countsOf((body as { Services: readonly Service[] }).Services)
    if (Date.now() > until) throw new Error(`the service graph still lacks ${behind} spans`)
  }
}

/** Of all the ids, in questions of a hundred, added up. */
export async function readTraceGraph(url: string, ids: readonly string[]): Promise<GraphCounts> {
  const sum: Record<string, number> = {}
  for (let from = 0; from < ids.length; from += IDS_A_CALL) {
    const { Services } = await ask<{ Services: readonly Service[] }>(url, '/TraceGraph', {
      TraceIds: ids.slice(from, from + IDS_A_CALL),
    })
    for (const [name, count] of Object.entries(countsOf(Services))) sum[name] = (sum[name] ?? 0) + count
  }
  return sum
}

function countsOf(services: readonly Service[]): GraphCounts {
  const counts: Record<string, number> = {}
  const nameOf = (service: Service): string => (service.Type === 'client' ? 'client' : service.Name)
  const byId = new Map(services.map((service) => [service.ReferenceId, nameOf(service)]))
  for (const service of services) {
    if (service.SummaryStatistics !== undefined) counts[nameOf(service)] = service.SummaryStatistics.TotalCount
    for (const edge of service.Edges)
      counts[`${nameOf(service)}>${byId.get(edge.ReferenceId)}`] = edge.SummaryStatistics.TotalCount
  }
  return counts
}
