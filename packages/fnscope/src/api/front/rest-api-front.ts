// The stages of a REST API behind a listener: `/<stage>/<path>` in, the function's answer out, with the gateway's limits
// and errors.
import type { AuthorizerSpec, RestApiSpec } from '../../functions/trigger-spec.ts'
import * as gateway from '../../functions/triggers/gateway-answer.ts'
import { toProxyEvent, type EventRoute } from '../../functions/triggers/rest-event.ts'
import { matchRoute, methodsOf } from '../../functions/triggers/rest-route.ts'
import { formatTraceHeader } from '../../span/trace-header.ts'
import { AuthorizerGate } from './authorizer-gate.ts'
import { unsigned } from './authorizer-refusals.ts'
import { MAX_API_BYTES, readBody } from './front-body.ts'
import {
  invokeInTime,
  pathInStage,
  proxyContextOf,
  proxyRequestOf,
  sourceIpOf,
  targetOf,
  type Exchange,
  type FrontKind,
} from './front-exchange.ts'
import { answerTarget } from './route-target.ts'
import { openStageTrace } from './stage-trace.ts'

const TIMEOUT_MS = 29_000

/** @param stages of one API, at least one */
export function restApiFront(stages: readonly RestApiSpec[]): FrontKind {
  const [first] = stages
  const gate = new AuthorizerGate('rest')
  const respond: FrontKind['respond'] = async (exchange) => {
    const [path] = targetOf(exchange.request)
    for (const api of stages) {
      const inside = pathInStage(api.stage, path)
      if (inside !== undefined) return await respondInStage(exchange, api, inside, gate)
    }
    return gateway.FORBIDDEN
  }
  return {
    id: first!.apiId,
    label: first!.logicalId,
    cloudHost: /^execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
    allowsOrigin: (origin) =>
      stages.some(({ cors }) => cors?.allowOrigin === '*' || (origin !== undefined && cors?.allowOrigin === origin)),
    respond,
    headers: ({ requestId, extendedRequestId, trace }) => ({
      'x-amzn-RequestId': requestId,
      'x-amz-apigw-id': extendedRequestId,
      'X-Amzn-Trace-Id': formatTraceHeader(trace),
    }),
  }
}

async function respondInStage(
  exchange: Exchange,
  api: RestApiSpec,
  path: string,
  gate: AuthorizerGate,
): Promise<gateway.ProxyResponse> {
  const { request, options } = exchange
  const method = request.method ?? 'GET'
  const match = matchRoute(api, method, path)
  const isPreflight = method === 'OPTIONS' && (!match || (api.cors?.everyPath && match.route.method === 'ANY'))
  if (isPreflight && api.cors && methodsOf(api, path).length > 0) return preflight(api, path)
  if (!match) return unsigned(request.headers.authorization)
  const body = await readBody(request, MAX_API_BYTES)
  if (body === undefined) return gateway.TOO_LARGE
  const { target, authorizer, apiKeyRequired } = match.route
  const apiKey = request.headers['x-api-key']
  if (apiKeyRequired && apiKey === undefined) return gateway.FORBIDDEN
  const [, query] = targetOf(request)
  const route: EventRoute = {
    path: match.route.path,
    pathParameters: match.pathParameters,
    ...(apiKeyRequired ? { identity: { apiKey: String(apiKey), apiKeyId: 'local' } } : {}),
  }
  const eventOf = (more: Partial<EventRoute>): ReturnType<typeof toProxyEvent> =>
    toProxyEvent(
      proxyRequestOf(exchange, { path, query, body }),
      { ...route, ...more, ...(route.identity && { identity: { ...route.identity, ...more.identity } }) },
      api,
      proxyContextOf(exchange),
    )
  if (target.kind === 'function' && api.tracing) openStage(exchange, api, target.functionName)
  const passed = authorizer && (await authorize(exchange, { api, path, authorizer, gate, event: eventOf({}) }))
  if (passed !== undefined && 'refused' in passed) return passed.refused
  if (target.kind !== 'function')
    return await answerTarget(target, {
      method,
      query,
      body,
      headers: request.headers,
      pathParameters: match.pathParameters,
      log: options.log,
    })
  return await integrate(exchange, target.functionName, eventOf(passed ?? {}))
}

async function authorize(
  exchange: Exchange,
  asked: {
    readonly api: RestApiSpec
    readonly path: string
    readonly authorizer: AuthorizerSpec
    readonly gate: AuthorizerGate
    readonly event: ReturnType<typeof toProxyEvent>
  },
): Promise<Awaited<ReturnType<AuthorizerGate['pass']>>> {
  const { api, path, authorizer, gate, event } = asked
  const { region, accountId } = exchange.options
  const { body: _, isBase64Encoded: __, ...request } = event
  const arn = `arn:aws:execute-api:${region}:${accountId}:${api.apiId}/${api.stage}/${event.httpMethod}${path}`
  return await gate.pass(exchange, authorizer, {
    arn,
    stageVariables: api.stageVariables,
    payload: { type: 'REQUEST', methodArn: arn, ...request },
  })
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
      ...(api.cors?.allowCredentials ? { 'Access-Control-Allow-Credentials': ['true'] } : {}),
      ...(api.cors?.maxAge ? { 'Access-Control-Max-Age': [api.cors.maxAge] } : {}),
    },
    body: new Uint8Array(),
  }
}

async function integrate(exchange: Exchange, functionName: string, event: object): Promise<gateway.ProxyResponse> {
  const { stage, options } = exchange
  stage?.startInvoke()
  const result = await invokeInTime(exchange, functionName, event, options.timeoutMs ?? TIMEOUT_MS)
  if (result === 'timeout') {
    stage?.endInvoke(504)
    return gateway.TIMED_OUT
  }
  if (result === 'too large') {
    stage?.endInvoke(413)
    return gateway.TOO_LARGE
  }
  // The cloud's gateway shows its caller a throttled function as a failure of its own.
  if (result === 'throttled' || result === 'failed') {
    stage?.endInvoke(result === 'throttled' ? 429 : 500)
    return gateway.FAILED
  }
  stage?.endInvoke(200)
  return result.functionError === undefined ? gateway.fromProxyResult(result.payload) : gateway.MALFORMED
}

// A stage that traces settles what its caller left open, and becomes the parent of what follows.
function openStage(exchange: Exchange, api: RestApiSpec, functionName: string): void {
  const { options, request, trace, timeMs } = exchange
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
