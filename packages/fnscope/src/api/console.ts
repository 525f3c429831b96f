// fnscope's own JSON, under /api: what the command line and the console read. Types in console-types.ts.
import type { FastifyInstance } from 'fastify'
import { FnscopeError } from '../errors.ts'
import type { Platform } from '../functions/platform.ts'
import { withOwnIds } from '../codec/own-ids.ts'
import type { ParseOptions } from '../query/filter/filter.ts'
import { assembleTrace, type TraceNode } from '../query/trace.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { LogQuery, Reader } from '../query/reader.ts'
import { readServiceGraph } from '../query/service-graph.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { NANOS_PER_DAY, nanosToMillis } from '../span/time.ts'
import type { Apps } from './apps.ts'
import { readDeployRequest } from './deploy-request.ts'
import { consoleMap } from './console-map.ts'
import { HOUR_MS, LONGEST_MS, numberIn, queryOf, rangeIn, traceIdIn, type ConsoleQuery } from './console-query.ts'
import { consoleSpan } from './console-span.ts'
import { listTraces, readFacets, readLatencies } from './console-traces.ts'
import type {
  ConsoleApp,
  ConsoleHealth,
  ConsoleLogLine,
  ConsoleMetricPoint,
  ConsoleServices,
  ConsoleSpan,
  ConsoleTrace,
} from './console-types.ts'

export interface ConsoleApiOptions extends ParseOptions {
  readonly reader: Reader
  readonly apps: Apps
  /** @throws FnscopeError */
  readonly deploy: (dir: string, parameters: Readonly<Record<string, string>>) => Promise<ConsoleApp>
  readonly platform: Platform
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly health: () => ConsoleHealth
}

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
  server.get('/api/traces', async (request) => await listTraces(queryOf(request), options))
  server.get('/api/facets', async (request) => await readFacets(queryOf(request), options))
  server.get('/api/latencies', async (request) => await readLatencies(queryOf(request), options))
  server.get('/api/services', async (request) => {
    const range = rangeIn(queryOf(request), options.now())
    return { services: await options.reader.services(range) } satisfies ConsoleServices
  })
  server.get('/api/traces/:id', async (request) =>
    readTrace((request.params as { readonly id: string }).id, options.reader),
  )
  server.get('/api/map', async (request) => {
    const now = options.now()
    const range = rangeIn(queryOf(request), now)
    return consoleMap(await readServiceGraph(options.reader, range), range, now)
  })
  server.get('/api/metrics', async (request) => ({ points: await readMetrics(queryOf(request), options) }))
  server.get('/api/logs', async (request) => ({ lines: await readLogs(queryOf(request), options) }))
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

async function readLogs(query: ConsoleQuery, { reader, platform, now }: ConsoleApiOptions): Promise<ConsoleLogLine[]> {
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
    ...(query['group'] === undefined ? {} : { logGroup: query['group'] }),
    ...(query['stream'] === undefined ? {} : { logStream: query['stream'] }),
    ...(query['after'] === undefined ? {} : { receivedAfterNanos: nanosIn(query['after']) }),
  }
  return (await reader.readLogs(question)).reverse().map(logLine)
}

async function readMetrics(
  query: ConsoleQuery,
  { reader, platform, now }: ConsoleApiOptions,
): Promise<ConsoleMetricPoint[]> {
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

/** A line as the console and the command line read it. */
export function logLine(record: LogRecord): ConsoleLogLine {
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
