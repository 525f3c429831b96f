// One request to a REST API from its URL to the answer: guard, stage, route, body, proxy event, invocation. The sockets
// are rest-front.ts's.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { messageOf } from '../errors.ts'
import type { RestApiSpec } from '../functions/trigger-spec.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import { matchRoute, methodsOf, type RouteMatch } from '../functions/triggers/api-gateway-route.ts'
import * as gateway from '../functions/triggers/api-gateway.ts'
import { formatTraceHeader, parseTraceHeader, type TraceHeader } from '../span/trace-header.ts'
import { readBody } from './rest-front-body.ts'
import { refuses } from './rest-front-guard.ts'
import type { RestFrontOptions } from './rest-front-options.ts'
import { answerTarget } from './route-target.ts'
import { openStageTrace, type StageTrace } from './stage-trace.ts'

const STAGE_TIMEOUT_MS = 29_000

/** One request on its way; `trace` is what the function's invocation continues. */
export interface Exchange {
  readonly api: RestApiSpec
  readonly options: RestFrontOptions
  readonly request: IncomingMessage
  readonly requestId: string
  readonly timeMs: number
  trace: TraceHeader
  stage: StageTrace | undefined
}

/** Never rejects for what the function did; rejects when the caller is gone before its body was. */
export async function respond(exchange: Exchange): Promise<gateway.ProxyResponse> {
  const { api, options, request } = exchange
  const refusal = refuses(request.headers, api, options.host)
  if (refusal !== undefined) {
    options.counters.refusedRequests.inc({ reason: refusal.reason })
    return gateway.gatewayError(403, refusal.message, 'ForbiddenException')
  }
  const [requestPath, query] = splitOnce(request.url ?? '/', '?')
  const path = pathInStage(api, requestPath)
  if (path === undefined) return gateway.FORBIDDEN
  const method = request.method ?? 'GET'
  const match = matchRoute(api, method, path)
  if (!match && method === 'OPTIONS' && api.cors && methodsOf(api, path).length > 0) return preflight(api, path)
  if (!match) return gateway.NO_ROUTE
  const body = await readBody(request)
  if (body === undefined) return gateway.TOO_LARGE
  const { target } = match.route
  if (target.kind === 'function')
    return await integrate(exchange, match, { functionName: target.functionName, path, query, body })
  return await answerTarget(target, {
    method,
    query,
    body,
    headers: request.headers,
    pathParameters: match.pathParameters,
    log: options.log,
  })
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

interface RequestParts {
  readonly path: string
  readonly query: string
  readonly body: Uint8Array
}

async function integrate(
  exchange: Exchange,
  match: RouteMatch,
  { functionName, ...parts }: RequestParts & { readonly functionName: string },
): Promise<gateway.ProxyResponse> {
  const { api, options, request, timeMs, requestId } = exchange
  if (api.tracing) openStage(exchange, functionName)
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
  return await invoke(exchange, functionName, Buffer.from(JSON.stringify(event)))
}

// A stage that traces settles what its caller left open, and becomes the parent of what follows.
function openStage(exchange: Exchange, functionName: string): void {
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
    functionName,
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

async function invoke(exchange: Exchange, functionName: string, payload: Uint8Array): Promise<gateway.ProxyResponse> {
  const { options, api, trace } = exchange
  const timeout = Promise.withResolvers<'timeout'>()
  const timer = setTimeout(() => timeout.resolve('timeout'), options.timeoutMs ?? STAGE_TIMEOUT_MS)
  try {
    exchange.stage?.startInvoke()
    // The function goes on after the gateway has given up; what it then answers is nobody's.
    const invocation = options.invoke(functionName, payload, formatTraceHeader(trace))
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
    options.log.warn({ api: api.logicalId, functionName, reason: messageOf(error) }, 'invocation failed')
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
