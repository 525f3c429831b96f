// A REST API of an app as a real HTTP listener: `/<stage>/<path>` in, the function's answer out, with the gateway's limits
// and errors. A web page of another site cannot reach it unless the template's CORS lets it.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Counters } from '../counters.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import type { RestApiSpec } from '../functions/function-spec.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import { matchRoute, methodsOf, type RouteMatch } from '../functions/triggers/api-gateway-route.ts'
import * as gateway from '../functions/triggers/api-gateway.ts'
import type { Logger } from '../log.ts'
import { newTraceId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import { formatTraceHeader, parseTraceHeader, type TraceHeader } from '../span/trace-header.ts'
import { readBody } from './rest-front-body.ts'
import { refuses } from './rest-front-guard.ts'
import { openStageTrace, type StageTrace } from './stage-trace.ts'

export { rewriteOutputs } from './rewrite-outputs.ts'

export interface RestInvokeResult {
  readonly payload: Uint8Array
  readonly functionError?: string | undefined
  /** What the invocation was recorded under: goes back to the caller. */
  readonly traceHeader?: string | undefined
}

export interface RestFrontOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly region: string
  readonly accountId: string
  /** @throws ThrottledError when no environment is to be had */
  readonly invoke: (
    functionName: string,
    payload: Uint8Array,
    traceHeader: string | undefined,
  ) => Promise<RestInvokeResult>
  /** Both spans of stage tracing, when the template asks for it. */
  readonly onStageSpan?: (span: Span) => void
  /** Decides for a stage whose caller did not; default: every request is traced. */
  readonly sample?: () => boolean
  readonly log: Logger
  readonly counters: Counters
  /** 29 000 on the cloud. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

export interface RestFront {
  readonly apiId: string
  /** `http://127.0.0.1:<port>`: no stage, no slash at the end. */
  readonly url: string
  /** Ends listening and open requests; a second call is fine. */
  stop(): Promise<void>
}

const STAGE_TIMEOUT_MS = 29_000
const STOP_GRACE_MS = 2_000

/** @throws FnscopeError FNS_PORT_IN_USE */
export async function openRestFront(api: RestApiSpec, options: RestFrontOptions): Promise<RestFront> {
  const server = createServer((request, response) => {
    void answer(api, options, request, response)
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  let stopping: Promise<void> | undefined
  return {
    apiId: api.apiId,
    url: `http://${host}:${port}`,
    stop: () => (stopping ??= close(server)),
  }
}

async function listen(server: Server, options: RestFrontOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: options.host, port: options.port }, () => {
    server.off('error', reject)
    resolve()
  })
  await promise.catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'EADDRINUSE') throw error
    throw new FnscopeError(
      'FNS_PORT_IN_USE',
      `Port ${options.port} on ${options.host} is taken, so the REST API cannot listen there. Stop what holds it, or use another port.`,
      { cause: error },
    )
  })
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
  await promise
  clearTimeout(timer)
}

/** One request on its way; `trace` is what the function's invocation continues. */
interface Exchange {
  readonly api: RestApiSpec
  readonly options: RestFrontOptions
  readonly request: IncomingMessage
  readonly requestId: string
  readonly timeMs: number
  trace: TraceHeader
  stage: StageTrace | undefined
}

async function answer(
  api: RestApiSpec,
  options: RestFrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const timeMs = (options.now ?? Date.now)()
  const incoming = parseTraceHeader(firstOf(request.headers['x-amzn-trace-id']))
  const trace = { ...incoming, traceId: incoming.traceId ?? newTraceId(timeMs / 1000) }
  const exchange: Exchange = { api, options, request, requestId: randomUUID(), timeMs, trace, stage: undefined }
  try {
    const result = await respond(exchange)
    exchange.stage?.end(result.status)
    send(exchange, response, result)
  } catch (error) {
    options.log.error({ err: error, api: api.logicalId }, 'REST front failed')
    exchange.stage?.end(500)
    if (!response.headersSent) send(exchange, response, gateway.FAILED)
    else response.destroy()
  }
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

async function respond(exchange: Exchange): Promise<gateway.ProxyResponse> {
  const { api, options, request } = exchange
  const refusal = refuses(request.headers, api, options.host)
  if (refusal !== undefined) {
    options.counters.refusedRequests.inc({ reason: refusal.reason })
    return gateway.gatewayError(403, refusal.message, 'ForbiddenException')
  }
  const [target, query] = splitOnce(request.url ?? '/', '?')
  const path = pathInStage(api, target)
  if (path === undefined) return gateway.FORBIDDEN
  const method = request.method ?? 'GET'
  const match = matchRoute(api, method, path)
  if (!match && method === 'OPTIONS' && api.cors && methodsOf(api, path).length > 0) return preflight(api, path)
  if (!match) return gateway.NO_ROUTE
  const body = await readBody(request)
  if (body === undefined) return gateway.TOO_LARGE
  return await integrate(exchange, match, { path, query, body })
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** The path below the stage, `/` for the stage itself; undefined outside it. */
function pathInStage(api: RestApiSpec, target: string): string | undefined {
  const prefix = `/${api.stage}`
  if (target === prefix) return '/'
  return target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : undefined
}

// SAM's OPTIONS method is a mock integration: it never reaches the function.
function preflight(api: RestApiSpec, path: string): gateway.ProxyResponse {
  const methods = api.cors?.allowMethods || [...new Set([...methodsOf(api, path), 'OPTIONS'])].sort().join(',')
  return {
    status: 200,
    headers: {
      'Content-Type': ['application/json'],
      'Access-Control-Allow-Origin': [api.cors?.allowOrigin ?? ''],
      'Access-Control-Allow-Methods': [methods],
      ...(api.cors?.allowHeaders ? { 'Access-Control-Allow-Headers': [api.cors.allowHeaders] } : {}),
    },
    body: new Uint8Array(),
  }
}

async function integrate(
  exchange: Exchange,
  match: RouteMatch,
  parts: { readonly path: string; readonly query: string; readonly body: Uint8Array },
): Promise<gateway.ProxyResponse> {
  const { api, options, request, timeMs, requestId } = exchange
  if (api.tracing) openStage(exchange, match)
  const event = gateway.toProxyEvent(
    {
      ...parts,
      method: request.method ?? 'GET',
      headers: pairsOf(request.rawHeaders),
      sourceIp: sourceIpOf(request),
      httpVersion: request.httpVersion,
    },
    match,
    api,
    {
      region: options.region,
      accountId: options.accountId,
      requestId,
      extendedRequestId: randomBytes(11).toString('base64'),
      timeMs,
      port: request.socket.localPort ?? 0,
      traceHeader: formatTraceHeader(exchange.trace),
    },
  )
  return await invoke(exchange, match, Buffer.from(JSON.stringify(event)))
}

// A stage that traces settles what its caller left open, and becomes the parent of what follows.
function openStage(exchange: Exchange, match: RouteMatch): void {
  const { api, options, request, trace, timeMs } = exchange
  const sampled = typeof trace.sampled === 'boolean' ? trace.sampled : (options.sample?.() ?? true)
  if (!sampled || options.onStageSpan === undefined) {
    exchange.trace = { ...trace, sampled }
    return
  }
  const stage = openStageTrace({
    api,
    region: options.region,
    accountId: options.accountId,
    trace: { traceId: trace.traceId!, ...(trace.parentId === undefined ? {} : { parentId: trace.parentId }) },
    functionName: match.route.functionName,
    method: request.method ?? 'GET',
    url: `http://${request.headers.host ?? options.host}${request.url ?? '/'}`,
    clientIp: sourceIpOf(request),
    userAgent: request.headers['user-agent'],
    startMs: timeMs,
    now: options.now ?? Date.now,
    onSpan: options.onStageSpan,
  })
  exchange.stage = stage
  exchange.trace = { ...trace, sampled: true, parentId: stage.parentId }
}

async function invoke(exchange: Exchange, match: RouteMatch, payload: Uint8Array): Promise<gateway.ProxyResponse> {
  const { options, api, trace } = exchange
  const timeout = Promise.withResolvers<'timeout'>()
  const timer = setTimeout(() => timeout.resolve('timeout'), options.timeoutMs ?? STAGE_TIMEOUT_MS)
  try {
    exchange.stage?.startInvoke()
    // The function goes on after the gateway has given up; what it then answers is nobody's.
    const invocation = options.invoke(match.route.functionName, payload, formatTraceHeader(trace))
    invocation.catch(() => undefined)
    const result = await Promise.race([invocation, timeout.promise])
    if (result === 'timeout') {
      exchange.stage?.endInvoke(504)
      return gateway.TIMED_OUT
    }
    exchange.stage?.endInvoke(200)
    exchange.trace = withAnswered(trace, result.traceHeader)
    return result.functionError === undefined ? gateway.fromProxyResult(result.payload) : gateway.MALFORMED
  } catch (error) {
    options.log.warn(
      { api: api.logicalId, functionName: match.route.functionName, reason: messageOf(error) },
      'invocation failed',
    )
    // The cloud's gateway shows its caller a throttled function as a failure of its own.
    exchange.stage?.endInvoke(error instanceof ThrottledError ? 429 : 500)
    return gateway.FAILED
  } finally {
    clearTimeout(timer)
  }
}

function withAnswered(sent: TraceHeader, answered: string | undefined): TraceHeader {
  if (answered === undefined) return sent
  const trace = parseTraceHeader(answered)
  return trace.traceId === undefined ? sent : trace
}

function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return pairs
}

function sourceIpOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
}

function send(exchange: Exchange, response: ServerResponse, result: gateway.ProxyResponse): void {
  response.statusCode = result.status
  for (const [name, values] of Object.entries(result.headers)) {
    response.setHeader(name, values.length === 1 ? values[0]! : [...values])
  }
  response.setHeader('x-amzn-RequestId', exchange.requestId)
  response.setHeader('x-amz-apigw-id', randomBytes(11).toString('base64'))
  response.setHeader('X-Amzn-Trace-Id', formatTraceHeader(exchange.trace))
  const bodiless = exchange.request.method === 'HEAD' || result.status === 204 || result.status === 304
  if (result.status !== 204 && result.status !== 304) response.setHeader('Content-Length', result.body.length)
  // A body that was refused half-way still flows in: the connection ends instead of reading it.
  if (!exchange.request.complete) response.setHeader('Connection', 'close')
  response.end(bodiless ? undefined : result.body)
}
