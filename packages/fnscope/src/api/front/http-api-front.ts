// An HTTP API (v2) behind a listener: routes, authorizers and CORS, events of format 2.0 or 1.0.
import type { HttpApiSpec } from '../../functions/trigger-spec.ts'
import { fromProxyResult, MALFORMED, type ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import { fromHttpResult } from '../../functions/triggers/http-answer.ts'
import { toHttpEvent } from '../../functions/triggers/http-event.ts'
import { matchHttpRoute, type HttpRouteMatch } from '../../functions/triggers/http-route.ts'
import { toProxyEvent, type EventRoute } from '../../functions/triggers/rest-event.ts'
import { AuthorizerGate } from './authorizer-gate.ts'
import { MAX_API_BYTES, readBody } from './front-body.ts'
import { allowsOrigin, preflightOf, withCors } from './front-cors.ts'
import {
  invokeInTime,
  pathInStage,
  proxyContextOf,
  proxyRequestOf,
  targetOf,
  type Exchange,
  type FrontKind,
} from './front-exchange.ts'
import { answerTarget } from './route-target.ts'

const TIMEOUT_MS = 30_000
const DEFAULT_TYPE = 'text/plain;charset=UTF-8'

const error = (status: number, message: string): ProxyResponse => ({
  status,
  headers: { 'Content-Type': ['application/json'] },
  body: Buffer.from(JSON.stringify({ message })),
})
const NOT_FOUND = error(404, 'Not Found')
const TOO_LARGE = error(413, 'Request Entity Too Large')
const FAILED = error(500, 'Internal Server Error')
/** The one without a content type: so it was seen on the cloud. */
const UNAVAILABLE: ProxyResponse = { ...error(503, 'Service Unavailable'), headers: {} }

/** @param stages of one API, at least one */
export function httpApiFront(stages: readonly HttpApiSpec[]): FrontKind {
  const gate = new AuthorizerGate('http')
  const [first] = stages
  return {
    id: first!.apiId,
    label: first!.logicalId,
    cloudHost: /^execute-api\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
    allowsOrigin: (origin) => stages.some(({ cors }) => allowsOrigin(cors, origin)),
    async respond(exchange) {
      const { request } = exchange
      const [path] = targetOf(request)
      const named = stages.find(({ stage }) => stage !== '$default' && pathInStage(stage, path) !== undefined)
      const api = named ?? stages.find(({ stage }) => stage === '$default')
      if (api === undefined) return NOT_FOUND
      const inside = named === undefined ? path : pathInStage(named.stage, path)!
      const answer = preflightOf(api.cors, request) ?? (await respondInStage(exchange, api, inside, gate))
      return withCors(answer, api.cors, request.headers.origin)
    },
    headers: ({ extendedRequestId }) => ({ 'Apigw-Requestid': extendedRequestId }),
  }
}

async function respondInStage(
  exchange: Exchange,
  api: HttpApiSpec,
  path: string,
  gate: AuthorizerGate,
): Promise<ProxyResponse> {
  const { request, options } = exchange
  const match = matchHttpRoute(api.routes, request.method ?? 'GET', path)
  if (match === undefined) return NOT_FOUND
  const body = await readBody(request, MAX_API_BYTES)
  if (body === undefined) return TOO_LARGE
  const { authorizer, target } = match.route
  const parts = { api, match, path, body }
  const { region, accountId } = options
  const passed =
    authorizer &&
    (await gate.pass(exchange, authorizer, {
      arn: `arn:aws:execute-api:${region}:${accountId}:${api.apiId}/${api.stage}/${request.method}${path}`,
      stageVariables: api.stageVariables,
      payload: eventOf(exchange, parts, authorizer.kind === 'lambda' ? authorizer.payload : '2.0', {}),
    }))
  if (passed !== undefined && 'refused' in passed) return passed.refused
  if (target.kind !== 'function')
    return await answerTarget(target, {
      method: request.method ?? 'GET',
      query: targetOf(request)[1],
      body,
      headers: request.headers,
      pathParameters: match.pathParameters,
      log: options.log,
    })
  const { payload, timeoutMs } = match.route
  const event = eventOf(exchange, parts, payload, passed ?? {})
  const patience = options.timeoutMs ?? timeoutMs ?? TIMEOUT_MS
  const result = await invokeInTime(exchange, target.functionName, event, patience)
  if (result === 'timeout' || result === 'throttled') return UNAVAILABLE
  if (result === 'too large') return TOO_LARGE
  if (result === 'failed' || result.functionError !== undefined) return FAILED
  if (payload === '2.0') return fromHttpResult(result.payload, DEFAULT_TYPE) ?? FAILED
  const answer = fromProxyResult(result.payload)
  return answer === MALFORMED ? FAILED : answer
}

interface EventParts {
  readonly api: HttpApiSpec
  readonly match: HttpRouteMatch
  /** Below the stage. */
  readonly path: string
  readonly body: Uint8Array
}

function eventOf(
  exchange: Exchange,
  { api, match, path, body }: EventParts,
  payload: '1.0' | '2.0',
  passed: Pick<EventRoute, 'authorizer' | 'identity'>,
): object {
  const [whole, query] = targetOf(exchange.request)
  const context = { ...proxyContextOf(exchange), requestId: exchange.extendedRequestId }
  const { region } = exchange.options
  const pathParameters = match.pathParameters
  if (payload === '2.0')
    return toHttpEvent(
      proxyRequestOf(exchange, { path: whole, query, body }),
      { routeKey: match.routeKey, path: match.route.path, pathParameters, ...passed },
      { ...api, domainName: `${api.apiId}.execute-api.${region}.amazonaws.com` },
      context,
    )
  const event = toProxyEvent(
    proxyRequestOf(exchange, { path, query, body }),
    { path: match.route.path, pathParameters, ...passed },
    api,
    context,
  )
  return { version: '1.0', ...event }
}
