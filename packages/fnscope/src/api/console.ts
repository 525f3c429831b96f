// fnscope's own JSON, under /api: what the command line and the console read. Types in console-types.ts.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FnscopeError } from '../errors.ts'
import type { Platform } from '../functions/platform.ts'
import { withOwnIds } from '../codec/own-ids.ts'
import { FilterError, traceFilter, type TraceFilter } from '../query/filter/filter.ts'
import { listFiltered } from '../query/filter/filtered-rows.ts'
import { assembleTrace, isPartial, type TraceNode } from '../query/trace.ts'
import { groupByTrace } from '../query/trace-index.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { LogQuery, Reader, TraceRow } from '../query/reader.ts'
import { formatXrayTraceId, parseTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { NANOS_PER_DAY, nanosToMillis } from '../span/time.ts'
import type { Apps } from './apps.ts'
import { readDeployRequest } from './deploy-request.ts'
import { consoleSpan } from './console-span.ts'
import type {
  ConsoleApp,
  ConsoleHealth,
  ConsoleLogLine,
  ConsoleMetricPoint,
  ConsoleSpan,
  ConsoleTrace,
  ConsoleTraceRow,
} from './console-types.ts'

export interface ConsoleApiOptions {
  readonly reader: Reader
  readonly apps: Apps
  /** @throws FnscopeError */
  readonly deploy: (dir: string, parameters: Readonly<Record<string, string>>) => Promise<ConsoleApp>
  readonly platform: Platform
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly health: () => ConsoleHealth
}

type Query = Readonly<Record<string, string | undefined>>

export function mountConsole(server: FastifyInstance, options: ConsoleApiOptions): void {
  server.get('/api/health', (_, reply) => reply.send(options.health()))
  server.get('/api/apps', (_, reply) => reply.send({ apps: options.apps.list() }))
  server.post('/api/apps', async (request) => {
    const { dir, parameters } = readDeployRequest(request.body)
    return { app: await options.deploy(dir, parameters) }
  })
  server.delete('/api/apps/:stack', async (request) => ({
    app: await options.apps.remove((request.params as { readonly stack: string }).stack),
  }))
  server.get('/api/functions', (_, reply) => reply.send({ functions: options.apps.functions() }))
  server.get('/api/traces', async (request) => ({ traces: await listTraces(queryOf(request), options) }))
  server.get('/api/traces/:id', async (request) =>
    readTrace((request.params as { readonly id: string }).id, options.reader),
  )
  server.get('/api/metrics', async (request) => ({ points: await readMetrics(request.query as Query, options) }))
  server.get('/api/logs', async (request) => ({ lines: await readLogs(queryOf(request), options) }))
}

/** The query's parameters, each once. @throws FnscopeError FNS_USAGE */
function queryOf(request: FastifyRequest): Query {
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>
  for (const [name, value] of Object.entries(query))
    if (typeof value !== 'string') throw new FnscopeError('FNS_USAGE', `${name} may be given once, not several times.`)
  return query as Query
}

/** A whole number from `min` to `max`, or the fallback when absent. @throws FnscopeError FNS_USAGE */
function numberIn(query: Query, name: string, fallback: number, [min, max]: readonly [number, number]): number {
  const text = query[name]
  if (text === undefined) return fallback
  const value = Number(text)
  if (!Number.isFinite(value) || value < min || value > max) {
    throw new FnscopeError('FNS_USAGE', `${name} wants a number from ${min} to ${max}, not "${text}".`)
  }
  return Math.floor(value)
}

function traceIdIn(text: string): string {
  const traceId = parseTraceId(text)
  if (traceId === undefined)
    throw new FnscopeError(
      'FNS_USAGE',
      `"${text}" is no trace id: it looks like 1-63dd2166-434a12c22e1307ff2114f299 or 32 hex digits.`,
    )
  return traceId
}

const HOUR_MS = 3_600_000
const LONGEST_MS = 3650 * 86_400_000

async function listTraces(query: Query, { reader, now }: ConsoleApiOptions): Promise<ConsoleTraceRow[]> {
  const filter = filterIn(query)
  const endNanos = now() + NANOS_PER_DAY
  const startNanos = now() - BigInt(numberIn(query, 'sinceMs', HOUR_MS, [0, LONGEST_MS])) * 1_000_000n
  const pageSize = numberIn(query, 'limit', 20, [1, 200])
  const list = { startNanos, endNanos, by: 'start', limit: pageSize, details: true } as const
  if (filter !== undefined) {
    const { found } = await listFiltered(reader, { ...list, filter, maxProcessed: Number.POSITIVE_INFINITY })
    return found.map(({ row, trace }) => traceRow(row, isPartial(trace)))
  }
  const rows = await reader.listTraces(list)
  // Whether something is still to come is known of a trace whose root came; of others only their spans say.
  const rootless = rows.filter(({ details }) => details?.rootRank !== ROOT_RANK.root)
  const spans = groupByTrace(await reader.readListed(rootless))
  return rows.map((row) => traceRow(row, assembleTrace(spans.get(row.traceId) ?? [])?.partial ?? false))
}

/** @throws FnscopeError FNS_USAGE */
function filterIn(query: Query): TraceFilter | undefined {
  try {
    return traceFilter(query['filter'] ?? '')
  } catch (error) {
    if (error instanceof FilterError) throw new FnscopeError('FNS_USAGE', error.message)
    throw error
  }
}

function traceRow({ traceId, startNanos, endNanos, details, ...flags }: TraceRow, partial: boolean): ConsoleTraceRow {
  const { name = '', httpMethod: method = '', httpUrl: url = '', httpStatus: status = 0 } = details?.root ?? {}
  return {
    id: formatXrayTraceId(traceId),
    name,
    startMs: nanosToMillis(startNanos),
    durationMs: nanosToMillis(endNanos - startNanos),
    ...(status === 0 ? {} : { status }),
    ...(method === '' ? {} : { method }),
    ...(url === '' ? {} : { url }),
    error: flags.error,
    fault: flags.fault,
    throttle: flags.throttle,
    partial,
  }
}

async function readTrace(id: string, reader: Reader): Promise<ConsoleTrace> {
  const traceId = traceIdIn(id)
  const tree = assembleTrace(withOwnIds(await readJoinedTrace(reader, traceId)))
  if (!tree)
    throw new FnscopeError(
      'FNS_TRACE_NOT_FOUND',
      `There is no trace ${formatXrayTraceId(traceId)} here. It may be past retention, not sampled, or not stored yet.`,
    )
  return {
    id: formatXrayTraceId(tree.traceId),
    startMs: nanosToMillis(tree.startNanos),
    durationMs: nanosToMillis(tree.durationNanos),
    spanCount: tree.spanCount,
    roots: tree.roots.map((node) => spanTree(node, '')),
  }
}

/** A streamed subsegment does not know its service: it has that of the span above it. */
function spanTree(node: TraceNode, above: string): ConsoleSpan {
  const service = node.span.service || above
  return consoleSpan(
    node.span,
    service,
    node.children.map((child) => spanTree(child, service)),
  )
}

async function readLogs(query: Query, { reader, platform, now }: ConsoleApiOptions): Promise<ConsoleLogLine[]> {
  const endNanos = now() + NANOS_PER_DAY
  const startNanos = now() - BigInt(numberIn(query, 'sinceMs', HOUR_MS, [0, LONGEST_MS])) * 1_000_000n
  const name = query['function']
  const known = name === undefined ? undefined : (platform.find(name)?.name ?? name)
  const question: LogQuery = {
    range: { startNanos, endNanos },
    limit: numberIn(query, 'limit', 1000, [1, 10_000]),
    order: 'newest',
    ...(known === undefined ? {} : { service: known }),
    ...(query['request'] === undefined ? {} : { requestId: query['request'] }),
    ...(query['trace'] === undefined ? {} : { traceIds: [traceIdIn(query['trace'])] }),
    ...(query['filter'] === undefined ? {} : { text: query['filter'] }),
    ...(query['after'] === undefined ? {} : { receivedAfterNanos: nanosIn(query['after']) }),
  }
  return (await reader.readLogs(question)).reverse().map(logLine)
}

async function readMetrics(query: Query, { reader, platform, now }: ConsoleApiOptions): Promise<ConsoleMetricPoint[]> {
  const sinceMs = numberIn(query, 'sinceMs', HOUR_MS, [0, LONGEST_MS])
  const service = query['function']
  const points = await reader.readMetrics({
    range: { startNanos: now() - BigInt(sinceMs) * 1_000_000n, endNanos: now() + NANOS_PER_DAY },
    limit: numberIn(query, 'limit', 1000, [1, 10_000]),
    ...(query['name'] === undefined ? {} : { name: query['name'] }),
    ...(query['namespace'] === undefined ? {} : { namespace: query['namespace'] }),
    ...(service === undefined ? {} : { service: platform.find(service)?.name ?? service }),
  })
  return points.map(metricPoint)
}

/** The largest 64-bit number: one more would be the least of all to the store. */
const MAX_NANOS = 2n ** 63n - 1n

function nanosIn(text: string): bigint {
  if (!/^\d{1,19}$/.test(text) || BigInt(text) > MAX_NANOS)
    throw new FnscopeError('FNS_USAGE', `after wants the "received" of an earlier line, not "${text}".`)
  return BigInt(text)
}

function logLine(record: LogRecord): ConsoleLogLine {
  return {
    timeMs: nanosToMillis(record.timeNanos),
    received: record.receivedNanos.toString(),
    kind: record.kind,
    function: record.service,
    logGroup: record.logGroup,
    logStream: record.logStream,
    ...(record.requestId === undefined ? {} : { requestId: record.requestId }),
    ...(record.traceId === undefined ? {} : { traceId: formatXrayTraceId(record.traceId) }),
    severity: record.severity,
    body: record.body,
  }
}

function metricPoint(point: MetricPoint): ConsoleMetricPoint {
  const { name, namespace, service, dimensions, unit, kind, value, count, min, max } = point
  const joined = {
    ...(point.requestId === undefined ? {} : { requestId: point.requestId }),
    ...(point.traceId === undefined ? {} : { traceId: formatXrayTraceId(point.traceId) }),
  }
  const timeMs = nanosToMillis(point.timeNanos)
  return { name, namespace, service, dimensions, unit, kind, timeMs, value, count, min, max, ...joined }
}
