// fnscope's own JSON, under /api: what the command line and the console read. Types in console-types.ts.
import type { FastifyInstance } from 'fastify'
import { FnscopeError } from '../errors.ts'
import type { Platform } from '../functions/platform.ts'
import { withOwnIds } from '../codec/own-ids.ts'
import type { ParseOptions } from '../query/filter/filter.ts'
import { assembleTrace, type TraceNode } from '../query/trace.ts'
import { readJoinedTrace } from '../query/joined-trace.ts'
import type { Reader } from '../query/reader.ts'
import { formatXrayTraceId } from '../span/id.ts'
import { nanosToMillis } from '../span/time.ts'
import type { Apps } from './apps.ts'
import { mountConsoleDoors, type ConsoleDoorsOptions } from './console-doors.ts'
import { mountConsoleFunctions } from './console-functions.ts'
import { mountConsoleLogs } from './console-logs.ts'
import { readMap } from './console-map.ts'
import { mountConsoleMetrics } from './console-metrics.ts'
import { queryOf, rangeIn, traceIdIn } from './console-query.ts'
import { mountConsoleRetention, type ConsoleRetentionOptions } from './console-retention.ts'
import { consoleSpan } from './console-span.ts'
import { mountConsoleTrace } from './console-trace.ts'
import { consoleKeys, consoleValues } from './console-words.ts'
import { listTraces, readFacets, readLatencies } from './console-traces.ts'
import type { ConsoleApp, ConsoleServices, ConsoleSettings, ConsoleSpan, ConsoleTrace } from './console-types.ts'
import { readDeployRequest } from './deploy-request.ts'
import { mountSavedEvents, type SavedEvents } from './saved-events.ts'

export interface ConsoleApiOptions extends ParseOptions, ConsoleDoorsOptions, ConsoleRetentionOptions {
  readonly reader: Reader
  readonly apps: Apps
  /** @throws FnscopeError */
  readonly deploy: (dir: string, parameters: Readonly<Record<string, string>>) => Promise<ConsoleApp>
  readonly platform: Platform
  readonly savedEvents: SavedEvents
  readonly settings: () => ConsoleSettings
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
  server.get('/api/keys', async (request) => await consoleKeys(queryOf(request), options))
  server.get('/api/values', async (request) => await consoleValues(queryOf(request), options))
  server.get('/api/traces/:id', async (request) =>
    readTrace((request.params as { readonly id: string }).id, options.reader),
  )
  server.get('/api/map', async (request) => await readMap(queryOf(request), options))
  mountConsoleTrace(server, options)
  mountConsoleLogs(server, options)
  mountConsoleMetrics(server, options)
  mountConsoleFunctions(server, options)
  mountSavedEvents(server, options.savedEvents)
  mountConsoleDoors(server, options)
  mountConsoleRetention(server, options)
  server.get('/api/settings', (_, reply) => reply.send(options.settings()))
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
