// GetTimeSeriesServiceStatistics: what a service, a connection or all clients' calls did, minute by minute.
import { parseFilter } from '../query/filter/parse.ts'
import { FilterError } from '../query/filter/filter.ts'
import type { NodePattern } from '../query/filter/expression.ts'
import type { NodeKey } from '../query/reader.ts'
import { CLIENT_EDGES, readServiceSeries, type SeriesPoint, type SeriesSelector } from '../query/service-series.ts'
import { nanosToSeconds, secondsToNanos } from '../span/time.ts'
import { GraphJson } from './graph-json.ts'
import { invalid } from './xray-error.ts'
import { BEHIND_HEADER, refusingTooMany, statisticsText, type GraphOptions } from './xray-graph.ts'
import { groupTraces } from './xray-groups.ts'
import {
  booleanMember,
  boundedText,
  encodeToken,
  invalidToken,
  numberMember,
  timeRangeOf,
  tokenMember,
  type XrayBody,
} from './xray-request.ts'

/** Of one answer; the rest comes with its token. */
const MAX_PERIODS = 1440

export async function getTimeSeriesServiceStatistics(
  body: XrayBody,
  options: GraphOptions,
  setHeader?: (name: string, value: string) => void,
): Promise<Buffer> {
  const range = timeRangeOf(body, options.now())
  const periodSeconds = numberMember(body, 'Period') ?? 60
  if (periodSeconds !== 60 && periodSeconds !== 300) throw invalid('Period must be 60 or 300 seconds.')
  if (booleanMember(body, 'ForecastStatistics') === true) {
    throw invalid('ForecastStatistics is not supported: fnscope forecasts nothing. Leave it out.')
  }
  const filter = groupTraces(body, options)
  const text = boundedText(body, 'EntitySelectorExpression', 500) ?? ''
  const selector = selectorOf(text)

  const question = [body['StartTime'], body['EndTime'], periodSeconds, text, body['GroupName'], body['GroupARN']].join(
    ' ',
  )
  const startNanos = fromToken(body, question) ?? range.startNanos
  const period = secondsToNanos(periodSeconds)
  const last = startNanos - (startNanos % period) + BigInt(MAX_PERIODS) * period
  const endNanos = last < range.endNanos ? last : range.endNanos
  const { points, behindSpans } = await refusingTooMany(
    readServiceSeries(options.reader, { range: { startNanos, endNanos }, periodSeconds, selector, filter }),
  )
  if (behindSpans > 0) setHeader?.(BEHIND_HEADER, String(behindSpans))
  const next = endNanos < range.endNanos ? encodeToken([question, String(endNanos)]) : undefined
  return jsonOf(points, selector, next)
}

function fromToken(body: XrayBody, question: string): bigint | undefined {
  const content = tokenMember(body, 2)
  if (!content) return undefined
  const [asked, from] = content as [string, string]
  if (asked !== question || !/^\d{1,19}$/.test(from)) throw invalidToken()
  return BigInt(from)
}

/** service("name"), service(id(name: "…", type: "…")), id(…) for the same, edge("from", "to"); blank for clients' calls. */
function selectorOf(text: string): SeriesSelector {
  if (text.trim() === '') return CLIENT_EDGES
  const known = 'EntitySelectorExpression must be service(…), edge(…, …) or id(…)'
  try {
    const parsed = parseFilter(/^\s*id\s*\(/i.test(text) ? `service(${text})` : text)
    if (parsed?.is === 'service' && parsed.where === undefined) {
      const { node } = parsed
      return { is: 'service', isNode: (key) => fits(key, node) }
    }
    if (parsed?.is === 'edge' && parsed.where === undefined) {
      return { is: 'edge', isEdge: (from, to) => fits(from, parsed.from) && fits(to, parsed.to) }
    }
  } catch (error) {
    if (error instanceof FilterError) throw invalid(`${known}: ${error.message}`)
    throw error
  }
  throw invalid(`${known}, without conditions.`)
}

function fits(key: NodeKey, { name, type, accountId }: NodePattern): boolean {
  return (
    (name === undefined || name === key.name) &&
    (type === undefined || type === key.type) &&
    (accountId === undefined || accountId === key.accountId)
  )
}

const POINT_BYTES = 400

function jsonOf(points: readonly SeriesPoint[], selector: SeriesSelector, next: string | undefined): Buffer {
  const entries = points.reduce((sum, { histogram }) => sum + histogram.codes.length, 0)
  const json = new GraphJson(1024 + points.length * POINT_BYTES + entries * 40)
  const member = selector.is === 'edge' ? 'EdgeSummaryStatistics' : 'ServiceSummaryStatistics'
  json.text('{"TimeSeriesServiceStatistics":[')
  for (const [i, point] of points.entries()) {
    const statistics = `"${member}":${statisticsText(point)}`
    json.text(`${i > 0 ? ',' : ''}{"Timestamp":${nanosToSeconds(point.startNanos)},${statistics},`)
    json.text('"ResponseTimeHistogram":')
    json.histogram(point.histogram)
    json.text('}')
  }
  json.text('],"ContainsOldGroupVersions":false')
  json.text(next === undefined ? '}' : `,"NextToken":${JSON.stringify(next)}}`)
  return json.end()
}
