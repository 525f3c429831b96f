// A function URL behind a listener: every path and method goes to one function, and its answer may be a stream.
import type { FunctionUrlSpec } from '../../functions/trigger-spec.ts'
import { fromHttpResult } from '../../functions/triggers/http-answer.ts'
import { toHttpEvent } from '../../functions/triggers/http-event.ts'
import { formatTraceHeader } from '../../span/trace-header.ts'
import { AuthorizerGate } from './authorizer-gate.ts'
import { MAX_URL_BYTES, readBody } from './front-body.ts'
import { allowsOrigin, preflightOf, withCors } from './front-cors.ts'
import {
  invokeInTime,
  proxyContextOf,
  proxyRequestOf,
  targetOf,
  type Exchange,
  type FrontKind,
  type FrontResponse,
} from './front-exchange.ts'
import { BAD_GATEWAY, FORBIDDEN, THROTTLED, TOO_LARGE } from './function-url-refusals.ts'
import { streamAnswer } from './streamed-answer.ts'

const DEFAULT_TYPE = 'application/json'

export function functionUrlFront(url: FunctionUrlSpec): FrontKind {
  const gate = new AuthorizerGate('http')
  return {
    id: url.urlId,
    label: url.logicalId,
    cloudHost: /^lambda-url\.[a-z0-9-]+\.on\.aws$/,
    allowsOrigin: (origin) => allowsOrigin(url.cors, origin),
    async respond(exchange) {
      const { request } = exchange
      const answer = preflightOf(url.cors, request) ?? (await respondOf(exchange, url, gate))
      return withCors(answer, url.cors, request.headers.origin)
    },
    headers: ({ requestId, trace }) => ({
      'x-amzn-RequestId': requestId,
      'X-Amzn-Trace-Id': formatTraceHeader(trace),
    }),
  }
}

async function respondOf(exchange: Exchange, url: FunctionUrlSpec, gate: AuthorizerGate): Promise<FrontResponse> {
  const { request } = exchange
  const passed = url.authType === 'NONE' ? {} : await gate.pass(exchange, { kind: 'iam' }, undefined)
  if ('refused' in passed) return FORBIDDEN
  const body = await readBody(request, MAX_URL_BYTES)
  if (body === undefined) return TOO_LARGE
  const [path, query] = targetOf(request)
  const event = toHttpEvent(
    proxyRequestOf(exchange, { path, query, body }),
    { routeKey: '$default', path: '$default', pathParameters: {}, ...passed },
    {
      apiId: url.urlId,
      stage: '$default',
      stageVariables: {},
      domainName: `${url.urlId}.lambda-url.${exchange.options.region}.on.aws`,
    },
    proxyContextOf(exchange),
  )
  if (url.invokeMode === 'RESPONSE_STREAM') return await streamAnswer(exchange, url.functionName, event)
  const result = await invokeInTime(exchange, url.functionName, event, undefined)
  if (result === 'throttled') return THROTTLED
  if (result === 'too large') return TOO_LARGE
  if (result === 'timeout' || result === 'failed' || result.functionError !== undefined) return BAD_GATEWAY
  return fromHttpResult(result.payload, DEFAULT_TYPE) ?? BAD_GATEWAY
}
