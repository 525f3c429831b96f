// An HTTP trigger of Function Compute behind a listener: every path goes to one function, with the caller's span.
import type { FcTriggerSpec } from '../../functions/trigger-spec.ts'
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import { formatTraceHeader } from '../../span/trace-header.ts'
import { fcRefusal, formatFcError, type FcApiError } from '../fc-error.ts'
import { answerHeaders, fcCallerOf } from '../fc-headers.ts'
import { fcHttpAnswer } from './fc-http-answer.ts'
import { readBody } from './front-body.ts'
import { proxyRequestOf, targetOf, type Exchange, type FrontKind } from './front-exchange.ts'

const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Errors are spelled as those of the API of the function's edition. */
const API_OF = { '2': '/2021-04-06/', '3': '/2023-03-30/' } as const

export function fcTriggerFront(trigger: FcTriggerSpec): FrontKind {
  return {
    id: trigger.id,
    label: trigger.functionName,
    cloudHost: /^[a-z0-9-]+\.fcapp\.run$/,
    allowsOrigin: () => false,
    respond: (exchange) => respondOf(exchange, trigger),
    headers: () => ({}),
  }
}

async function respondOf(exchange: Exchange, trigger: FcTriggerSpec): Promise<ProxyResponse> {
  const refusal = refusalOf(exchange, trigger)
  if (refusal !== undefined) return refused(exchange, trigger, refusal)
  const { request, options, trace } = exchange
  const body = await readBody(request, MAX_BODY_BYTES)
  if (body === undefined) {
    const message = `the body is over ${MAX_BODY_BYTES} bytes`
    return refused(exchange, trigger, { status: 413, code: 'RequestEntityTooLarge', message })
  }
  const [path, query] = targetOf(request)
  const { method, headers, sourceIp } = proxyRequestOf(exchange, { path, query, body })
  const { traceHeader = formatTraceHeader(trace), baggages } = fcCallerOf(request.headers)
  try {
    const answer = await options.invoke({
      functionName: trigger.functionName,
      payload: body,
      traceHeader,
      fc: { http: { method, path, query, headers, clientIp: sourceIp }, baggages },
    })
    const said = fcHttpAnswer(answer)
    const own = Object.entries(answerHeaders(answer)).map(([name, value]): [string, string[]] => [name, [value]])
    return { ...said, headers: { ...said.headers, ...Object.fromEntries(own) } }
  } catch (error) {
    const known = fcRefusal(error)
    if (known === undefined) throw error
    return refused(exchange, trigger, known)
  }
}

function refusalOf({ request }: Exchange, { methods, authType }: FcTriggerSpec): FcApiError | undefined {
  const method = request.method ?? 'GET'
  if (!methods.includes(method))
    return { status: 405, code: 'MethodNotAllowed', message: `the trigger takes ${methods.join(', ')}, not ${method}` }
  if (authType === 'anonymous' || request.headers.authorization !== undefined) return undefined
  const message = `required HTTP header Authorization was not specified: the trigger's authType is ${authType}`
  return { status: 403, code: 'MissingRequiredHeader', message }
}

function refused({ requestId }: Exchange, { edition }: FcTriggerSpec, error: FcApiError): ProxyResponse {
  const { headers, body } = formatFcError(API_OF[edition], error, requestId)
  const lists = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]])
  return { status: error.status, headers: Object.fromEntries(lists), body: Buffer.from(body) }
}
