// Logs Insights: StartQuery, GetQueryResults, StopQuery, DescribeQueries. Queries run in this process, over lines as the
// store has them; their answers are kept for an hour, not over a restart.
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../codec/json.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { InsightsRun, type ResultRow } from '../query/logs/insights-run.ts'
import { MAX_RESULTS, parseInsightsQuery, type Command } from '../query/logs/insights-query.ts'
import { lineRow } from '../query/logs/insights-row.ts'
import { PatternError } from '../query/logs/pattern-error.ts'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import type { LogEvent, LogEventQuery } from '../query/reader.ts'
import { listIn, numberIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { readFrom, type LogReadOptions } from './filter-log-events.ts'
import { groupNameIn, invalidParameter, notFound, pageOf } from './log-names.ts'
import { ServiceError } from './service-error.ts'

export interface InsightsOptions extends LogReadOptions {
  readonly accountId: string
  readonly log: Logger
}

type Status = 'Running' | 'Complete' | 'Failed' | 'Cancelled' | 'Timeout'

interface Query {
  readonly id: string
  readonly text: string
  readonly groups: readonly string[]
  readonly createdMs: number
  status: Status
  results: readonly ResultRow[]
  statistics: { recordsMatched: number; recordsScanned: number; bytesScanned: number }
}

const MAX_RUNNING = 30
const MAX_KEPT = 1000
const KEPT_MS = 3_600_000
const MAX_GROUPS = 50
const CHUNK = 10_000
const CHUNK_MS = 5000
const QUERY_MS = 60_000

export function insightsOperations(options: InsightsOptions): Readonly<Record<string, AwsOperation>> {
  const queries = new Map<string, Query>()
  const find = (input: JsonObject): Query => {
    const query = queries.get(textIn(input, 'queryId') ?? '')
    if (query === undefined)
      throw new ServiceError('ResourceNotFoundException', 'The query does not exist, or its results are gone.')
    return query
  }
  return {
    StartQuery: ({ input }) => {
      const { query, commands, limit, asked } = queryIn(input, options)
      forgetOld(queries)
      const running = [...queries.values()].filter(({ status }) => status === 'Running').length
      if (running >= MAX_RUNNING)
        throw new ServiceError('LimitExceededException', `More than ${MAX_RUNNING} queries are running.`)
      queries.set(query.id, query)
      void run(query, { commands, limit, asked }, options)
      return { queryId: query.id }
    },
    GetQueryResults: ({ input }) => {
      const { results, status, statistics } = find(input)
      const from = Number(textIn(input, 'nextToken') ?? 0)
      const most = numberIn(input, 'maxItems') ?? MAX_RESULTS
      if (!Number.isInteger(from) || from < 0) throw invalidParameter('The specified nextToken is invalid.')
      if (!Number.isInteger(most) || most < 1) throw invalidParameter('maxItems must be at least 1.')
      return {
        queryLanguage: 'CWLI',
        results: results.slice(from, from + most).map((row) => row.map(([field, value]) => ({ field, value }))),
        statistics,
        status,
        ...(from + most < results.length ? { nextToken: String(from + most) } : {}),
      }
    },
    StopQuery: ({ input }) => {
      const query = find(input)
      const success = query.status === 'Running'
      if (success) query.status = 'Cancelled'
      return { success }
    },
    DescribeQueries: ({ input }) => {
      const [group, status] = [textIn(input, 'logGroupName'), textIn(input, 'status')]
      forgetOld(queries)
      const matching = [...queries.values()]
        .filter(
          (query) => (group === undefined || query.groups.includes(group)) && (status ?? query.status) === query.status,
        )
        .reverse()
      const limit = numberIn(input, 'maxResults') ?? undefined
      const [page, token] = pageOf(matching, { nextToken: input['nextToken'], limit }, ({ id }) => id)
      return {
        queries: page.map((query) => ({
          queryLanguage: 'CWLI',
          queryId: query.id,
          queryString: query.text,
          status: query.status,
          createTime: query.createdMs,
          logGroupName: query.groups[0],
        })),
        ...token,
      }
    },
  }
}

interface Asked {
  readonly commands: readonly Command[]
  readonly limit: number
  readonly asked: LogEventQuery
}

function queryIn(input: JsonObject, options: InsightsOptions): Asked & { readonly query: Query } {
  const language = textIn(input, 'queryLanguage') ?? 'CWLI'
  if (language !== 'CWLI') throw invalidParameter(`queryLanguage ${language} is not supported by fnscope, only CWLI.`)
  const text = textIn(input, 'queryString')
  if (text === undefined) throw invalidParameter('queryString is required.')
  const limit = numberIn(input, 'limit') ?? MAX_RESULTS
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_RESULTS)
    throw invalidParameter(`limit must be a number from 1 to ${MAX_RESULTS}.`)
  const [start, end] = [secondsIn(input, 'startTime'), secondsIn(input, 'endTime')]
  if (start > end) throw invalidParameter('The end time must be after the start time.')
  const groups = groupsIn(input)
  const commands = commandsOf(text)
  const nowNanos = options.now()
  const asked: LogEventQuery = {
    groups: groups.map((name) => {
      const found = options.groups.find(name)
      if (found === undefined) throw notFound('log group')
      return { name, startNanos: readFrom(found, start * 1000, nowNanos) }
    }),
    endNanos: BigInt(end + 1) * 1_000_000_000n,
    order: 'newest',
    limit: CHUNK,
  }
  const query: Query = {
    id: randomUUID(),
    text,
    groups,
    createdMs: Number(nowNanos / 1_000_000n),
    status: 'Running',
    results: [],
    statistics: { recordsMatched: 0, recordsScanned: 0, bytesScanned: 0 },
  }
  return { query, commands, limit, asked }
}

function groupsIn(input: JsonObject): readonly string[] {
  const [names, identifiers] = [listIn(input, 'logGroupNames'), listIn(input, 'logGroupIdentifiers')]
  const ways = [textIn(input, 'logGroupName'), names, identifiers].filter((one) => one !== undefined)
  if (ways.length !== 1) throw invalidParameter('Give one of logGroupName, logGroupNames and logGroupIdentifiers.')
  if (names === undefined && identifiers === undefined) return [groupNameIn(input)]
  const given = names ?? identifiers!
  if (given.length < 1 || given.length > MAX_GROUPS)
    throw invalidParameter(`A query is about 1 to ${MAX_GROUPS} log groups.`)
  return given.map((one) => groupNameIn(names === undefined ? { logGroupIdentifier: one } : { logGroupName: one }))
}

function secondsIn(input: JsonObject, name: string): number {
  const seconds = numberIn(input, name)
  if (seconds === undefined || !Number.isSafeInteger(seconds) || seconds < 0)
    throw invalidParameter(`${name} must be a time in seconds since 1970.`)
  // Some clients send milliseconds; the cloud takes them as such too.
  return Math.min(seconds > 100_000_000_000 ? Math.floor(seconds / 1000) : seconds, 9_223_372_035)
}

function commandsOf(text: string): readonly Command[] {
  try {
    return parseInsightsQuery(text)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    const location = { startCharOffset: error.position, endCharOffset: error.position + 1 }
    const message = `${error.message} (character ${error.position + 1})`
    throw new ServiceError('MalformedQueryException', message, {
      members: { queryCompileError: { location, message } },
    })
  }
}

async function run(query: Query, { commands, limit, asked }: Asked, options: InsightsOptions): Promise<void> {
  const endMs = performance.now() + QUERY_MS
  try {
    const work = new InsightsRun(commands, limit)
    let before: LogEvent | undefined
    for (;;) {
      const events = await options.reader.readLogEvents({ ...asked, ...(before === undefined ? {} : { before }) })
      if (query.status !== 'Running') return
      const goesOn = withinMs(CHUNK_MS, () => events.every((event) => work.take(lineRow(event, options.accountId))))
      query.statistics.recordsScanned += events.length
      query.statistics.bytesScanned += events.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0)
      before = events.at(-1)
      if (!goesOn || events.length < CHUNK) break
      if (performance.now() > endMs) {
        query.status = 'Timeout'
        return
      }
    }
    query.results = withinMs(CHUNK_MS, () => work.finish())
    query.statistics.recordsMatched = work.matched
    query.status = 'Complete'
  } catch (error) {
    query.status = ranTooLong(error) ? 'Timeout' : 'Failed'
    options.log.warn({ query: query.text, reason: messageOf(error) }, 'Logs Insights query failed')
  }
}

function forgetOld(queries: Map<string, Query>): void {
  const oldestMs = Date.now() - KEPT_MS
  for (const [id, query] of queries)
    if (query.status !== 'Running' && (query.createdMs < oldestMs || queries.size > MAX_KEPT)) queries.delete(id)
}
