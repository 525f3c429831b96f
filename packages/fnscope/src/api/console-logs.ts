// GET /api/logs, /api/logs/histogram and /api/logs/context: log lines by function, trace, level, text, pattern and fields.
import type { FastifyInstance } from 'fastify'
import type { Platform } from '../functions/platform.ts'
import { parseFilterPattern, type FilterPattern } from '../query/logs/filter-pattern.ts'
import { PatternError } from '../query/logs/pattern-error.ts'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import type { LogCount, LogQuery, Reader, TimeRange } from '../query/reader.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import { nanosToMillis } from '../span/time.ts'
import { numberIn, queryOf, rangeIn, refused, traceIdIn, type ConsoleQuery } from './console-query.ts'
import type { ConsoleLogHistogram, ConsoleLogLevel, ConsoleLogLine } from './console-types.ts'

export interface ConsoleLogsOptions {
  readonly reader: Reader
  readonly platform: Pick<Platform, 'find'>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

/** Also what a pattern is tried on. */
const MAX_LINES = 10_000
const MATCH_MS = 3000

export function mountConsoleLogs(server: FastifyInstance, options: ConsoleLogsOptions): void {
  server.get('/api/logs', async (request) => await readLogs(queryOf(request), options))
  server.get('/api/logs/histogram', async (request) => await readHistogram(queryOf(request), options))
  server.get('/api/logs/context', async (request) => ({ lines: await readContext(queryOf(request), options) }))
}

interface ReadLogs {
  readonly lines: readonly ConsoleLogLine[]
  /** With a pattern: the newest `received` of what was looked at, and whether there was more than could be. */
  readonly newest?: string
  readonly more?: boolean
}

/** The newest `limit`, oldest of them first. */
async function readLogs(query: ConsoleQuery, options: ConsoleLogsOptions): Promise<ReadLogs> {
  const limit = numberIn(query, 'limit', 1000, [1, MAX_LINES])
  const pattern = patternIn(query['pattern'])
  const search = { ...searchIn(query, options), order: 'newest' } as const
  if (pattern === undefined) {
    const lines = await options.reader.readLogs({ ...search, limit })
    return { lines: lines.reverse().map(logLine) }
  }
  const lines = await options.reader.readLogs({ ...search, limit: MAX_LINES })
  const newest = lines.reduce((most, { receivedNanos }) => (receivedNanos > most ? receivedNanos : most), 0n)
  return {
    lines: fitting(lines, pattern).slice(0, limit).toReversed().map(logLine),
    ...(newest === 0n ? {} : { newest: newest.toString() }),
    more: lines.length === MAX_LINES,
  }
}

/** A filter pattern of CloudWatch Logs. @throws FnscopeError FNS_USAGE */
function patternIn(text: string | undefined): FilterPattern | undefined {
  if (text === undefined) return undefined
  try {
    return parseFilterPattern(text)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw refused(`The filter pattern cannot be used, at character ${error.position + 1}: ${error.message}.`)
  }
}

function fitting(lines: readonly LogRecord[], pattern: FilterPattern): readonly LogRecord[] {
  try {
    return withinMs(MATCH_MS, () => lines.filter(({ body }) => pattern.matches(body)))
  } catch (error) {
    if (ranTooLong(error))
      throw refused('The regular expression of the filter pattern takes too long; make it simpler.')
    throw error
  }
}

async function readHistogram(query: ConsoleQuery, options: ConsoleLogsOptions): Promise<ConsoleLogHistogram> {
  const columns = numberIn(query, 'columns', 60, [1, 500])
  const asked = searchIn(query, options)
  const range = query['until'] === undefined ? { ...asked.range, endNanos: options.now() + 1n } : asked.range
  const columnNanos = columnOf(range, columns)
  const counts = await options.reader.logHistogram({ ...asked, range, columnNanos })
  const cells = Map.groupBy(counts, ({ column, severityNumber }) => `${column} ${levelOf(severityNumber)}`)
  return {
    startMs: nanosToMillis(range.startNanos),
    endMs: nanosToMillis(range.endNanos),
    columnMs: nanosToMillis(columnNanos),
    columns,
    lines: sumOf(counts),
    cells: [...cells.values()].map((those) => ({
      column: those[0]!.column,
      level: levelOf(those[0]!.severityNumber),
      lines: sumOf(those),
    })),
  }
}

/** Columns of equal length that cover the range. */
export function columnOf({ startNanos, endNanos }: TimeRange, columns: number): bigint {
  const length = endNanos - startNanos
  return length <= 0n ? 1n : (length + BigInt(columns) - 1n) / BigInt(columns)
}

const sumOf = (counts: readonly LogCount[]): number => counts.reduce((sum, { lines }) => sum + lines, 0)

/** Lines of the same stream around one: `lines` before, those of its very time, `lines` after. */
async function readContext(query: ConsoleQuery, { reader }: ConsoleLogsOptions): Promise<ConsoleLogLine[]> {
  const time = query['time']
  if (time === undefined) throw refused('time is missing: the "time" of the line.')
  const at = nanosIn(time, 'time', 'the "time" of a line')
  const limit = numberIn(query, 'lines', 20, [1, 500])
  const stream = {
    ...(query['group'] === undefined ? {} : { logGroup: query['group'] }),
    ...(query['stream'] === undefined ? {} : { logStream: query['stream'] }),
  }
  const [before, same, after] = await Promise.all([
    reader.readLogs({ ...stream, range: { startNanos: 0n, endNanos: at }, limit, order: 'newest' }),
    reader.readLogs({ ...stream, range: { startNanos: at, endNanos: at + 1n }, limit: 500 }),
    reader.readLogs({ ...stream, range: { startNanos: at + 1n, endNanos: MAX_NANOS }, limit }),
  ])
  return [...before.reverse(), ...same, ...after].map(logLine)
}

/** @throws FnscopeError FNS_USAGE */
function searchIn(
  query: ConsoleQuery,
  { platform, now }: ConsoleLogsOptions,
): Omit<LogQuery, 'limit' | 'range'> & { readonly range: TimeRange } {
  const name = query['function']
  const known = name === undefined ? undefined : (platform.find(name)?.name ?? name)
  const fields = fieldsIn(query['fields'])
  return {
    range: rangeIn(query, now()),
    ...(known === undefined ? {} : { service: known }),
    ...(query['request'] === undefined ? {} : { requestId: query['request'] }),
    ...(query['trace'] === undefined ? {} : { traceIds: [traceIdIn(query['trace'])] }),
    ...(query['filter'] === undefined ? {} : { text: query['filter'] }),
    ...(query['group'] === undefined ? {} : { logGroup: query['group'] }),
    ...(query['stream'] === undefined ? {} : { logStream: query['stream'] }),
    ...(query['levels'] === undefined ? {} : { severityNumbers: severitiesIn(query['levels']) }),
    ...(fields.length === 0 ? {} : { fields }),
    ...(query['after'] === undefined
      ? {}
      : { receivedAfterNanos: nanosIn(query['after'], 'after', 'the "received" of an earlier line') }),
  }
}

/** The first SeverityNumber of each level. */
const LEVELS: readonly (readonly [level: ConsoleLogLevel, first: number])[] = [
  ['none', 0],
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['error', 17],
  ['fatal', 21],
]

export function levelOf(severityNumber: number): ConsoleLogLevel {
  return LEVELS.findLast(([, first]) => severityNumber >= first)?.[0] ?? 'none'
}

/** @throws FnscopeError FNS_USAGE */
function severitiesIn(text: string): number[] {
  const wanted = text.split(',')
  const unknown = wanted.find((level) => !LEVELS.some(([name]) => name === level))
  if (unknown !== undefined)
    throw refused(`levels wants some of ${LEVELS.map(([name]) => name).join(',')}, not "${unknown.slice(0, 100)}".`)
  return Array.from({ length: 25 }, (_, number) => number).filter((number) => wanted.includes(levelOf(number)))
}

const MAX_FIELDS = 10

/** `{"user.id": "7"}`: members of a JSON line, by their path. @throws FnscopeError FNS_USAGE */
function fieldsIn(text: string | undefined): NonNullable<LogQuery['fields']> {
  if (text === undefined) return []
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    given = undefined
  }
  const entries = typeof given === 'object' && given !== null ? Object.entries(given as Record<string, unknown>) : []
  const fits = entries.every(([path, value]) => path !== '' && typeof value === 'string')
  if (entries.length === 0 || entries.length > MAX_FIELDS || !fits)
    throw refused(`fields wants a JSON object of 1 to ${MAX_FIELDS} texts by path, like {"order.id":"7"}.`)
  return entries.map(([path, value]) => ({ path: path.split('.'), value: value as string }))
}

/** The largest 64-bit number: one more would be the least of all to the store. */
const MAX_NANOS = 2n ** 63n - 1n

function nanosIn(text: string, name: string, what: string): bigint {
  if (!/^\d{1,19}$/.test(text) || BigInt(text) >= MAX_NANOS)
    throw refused(`${name} wants ${what}, not "${text.slice(0, 100)}".`)
  return BigInt(text)
}

/** A line as the console and the command line read it. */
export function logLine(record: LogRecord): ConsoleLogLine {
  return {
    timeMs: nanosToMillis(record.timeNanos),
    time: record.timeNanos.toString(),
    received: record.receivedNanos.toString(),
    kind: record.kind,
    function: record.service,
    logGroup: record.logGroup,
    logStream: record.logStream,
    ...(record.requestId === undefined ? {} : { requestId: record.requestId }),
    ...(record.traceId === undefined ? {} : { traceId: formatXrayTraceId(record.traceId) }),
    severity: record.severity,
    level: levelOf(record.severityNumber),
    body: record.body,
  }
}
