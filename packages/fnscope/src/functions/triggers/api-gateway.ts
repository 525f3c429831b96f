// API Gateway REST (v1) proxy integration: a request to the event a function gets, and a function's answer to a response.
// Pure; shapes as the cloud's, seen in events recorded there. Not here: listening, tracing, CORS (api/rest-front.ts).
import type { RestApiSpec } from '../trigger-spec.ts'
import type { RouteMatch } from './api-gateway-route.ts'

export interface ProxyRequest {
  readonly method: string
  /** As sent, after the stage. */
  readonly path: string
  /** Without `?`. */
  readonly query: string
  /** As sent: names in their own case, repeated ones more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  readonly sourceIp: string
  readonly httpVersion: string
}

export interface ProxyContext {
  readonly region: string
  readonly accountId: string
  readonly requestId: string
  readonly extendedRequestId: string
  readonly timeMs: number
  /** The listener's. */
  readonly port: number
  /** X-Amzn-Trace-Id that the function finds among the headers: `Root=…`, with stage tracing more. */
  readonly traceHeader: string
}

export interface ProxyEvent {
  readonly resource: string
  readonly path: string
  readonly httpMethod: string
  readonly headers: Readonly<Record<string, string>> | null
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>> | null
  readonly queryStringParameters: Readonly<Record<string, string>> | null
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>> | null
  readonly pathParameters: Readonly<Record<string, string>> | null
  readonly stageVariables: Readonly<Record<string, string>> | null
  readonly requestContext: Readonly<Record<string, unknown>>
  readonly body: string | null
  readonly isBase64Encoded: boolean
}

export function toProxyEvent(
  request: ProxyRequest,
  match: RouteMatch,
  api: RestApiSpec,
  context: ProxyContext,
): ProxyEvent {
  const headers = group(withGatewayHeaders(request, context))
  const query = group([...new URLSearchParams(request.query)])
  const body = bodyOf(request)
  const userAgent = lastOf(headers, 'user-agent')
  const domainName = `${api.apiId}.execute-api.${context.region}.amazonaws.com`
  return {
    resource: match.route.path,
    path: request.path,
    httpMethod: request.method,
    headers: orNull(lastValues(headers)),
    multiValueHeaders: orNull(headers),
    queryStringParameters: orNull(lastValues(query)),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(match.pathParameters),
    stageVariables: orNull(api.stageVariables),
    requestContext: {
      resourceId: resourceIdOf(match.route.path),
      resourcePath: match.route.path,
      httpMethod: request.method,
      extendedRequestId: context.extendedRequestId,
      requestTime: formatRequestTime(context.timeMs),
      path: `/${api.stage}${request.path === '/' ? '' : request.path}`,
      accountId: context.accountId,
      protocol: `HTTP/${request.httpVersion}`,
      stage: api.stage,
      domainPrefix: api.apiId,
      requestTimeEpoch: context.timeMs,
      requestId: context.requestId,
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp: request.sourceIp,
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: userAgent ?? null,
        user: null,
      },
      domainName,
      apiId: api.apiId,
    },
    body: body.text,
    isBase64Encoded: body.base64,
  }
}

// X-Forwarded-* and X-Amzn-Trace-Id are the gateway's; a client's own X-Forwarded-For stays in front, as on the cloud.
function withGatewayHeaders(request: ProxyRequest, context: ProxyContext): [string, string][] {
  const ours = new Set(['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto', 'x-amzn-trace-id'])
  const kept = request.headers.filter(([name]) => !ours.has(name.toLowerCase()))
  const forwarded = request.headers
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .map(([, value]) => value)
  return [
    ...kept.map(([name, value]): [string, string] => [name, value]),
    ['X-Amzn-Trace-Id', context.traceHeader],
    ['X-Forwarded-For', [...forwarded, request.sourceIp].join(', ')],
    ['X-Forwarded-Port', String(context.port)],
    ['X-Forwarded-Proto', 'http'],
  ]
}

function group(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const list = groups.get(name)
    if (list) list.push(value)
    else groups.set(name, [value])
  }
  return Object.fromEntries(groups)
}

function lastValues(groups: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']))
}

function lastOf(groups: Readonly<Record<string, readonly string[]>>, lowerName: string): string | undefined {
  return Object.entries(groups)
    .find(([name]) => name.toLowerCase() === lowerName)?.[1]
    .at(-1)
}

function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map
}

const TEXTUAL =
  /^(text\/|multipart\/form-data|application\/(json|xml|javascript|x-www-form-urlencoded|graphql|x-ndjson|yaml)\b|[^;]+\+(json|xml)\b)/i

function bodyOf(request: ProxyRequest): { readonly text: string | null; readonly base64: boolean } {
  if (request.body.length === 0) return { text: null, base64: false }
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  if (type === undefined || TEXTUAL.test(type)) {
    try {
      return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.body), base64: false }
    } catch {
      // Not UTF-8 in spite of its type: only base64 keeps the bytes.
    }
  }
  return { text: Buffer.from(request.body).toString('base64'), base64: true }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `22/Nov/2024:15:20:00 +0000` */
export function formatRequestTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

// Six characters that stay the same for a path; the cloud draws them when it makes the resource.
function resourceIdOf(path: string): string {
  let hash = 0x811c9dc5
  for (const char of path) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0
  return hash.toString(36).padStart(6, '0').slice(-6)
}

export interface ProxyResponse {
  readonly status: number
  /** Names as the function spelled them; a repeated header has several values. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
}

/** A response that the gateway makes itself: `{"message": …}` and the error's type. */
export function gatewayError(status: number, message: string, errorType: string): ProxyResponse {
  return {
    status,
    headers: { 'Content-Type': ['application/json'], 'x-amzn-ErrorType': [errorType] },
    // The cloud has a blank after the colon where the integration failed, and none where the request was refused.
    body: Buffer.from(`{"message":${status < 500 ? '' : ' '}${JSON.stringify(message)}}`),
  }
}

export const NO_ROUTE = gatewayError(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException')
export const FORBIDDEN = gatewayError(403, 'Forbidden', 'ForbiddenException')
export const TOO_LARGE = gatewayError(413, 'Request Too Long', 'RequestTooLongException')
export const MALFORMED = gatewayError(502, 'Internal server error', 'InternalServerErrorException')
export const FAILED = gatewayError(500, 'Internal server error', 'InternalServerErrorException')
export const TIMED_OUT = gatewayError(504, 'Endpoint request timed out', 'InternalServerErrorException')

/** What a function returned, as a response; `MALFORMED` (502) when it is not `{statusCode, headers?, body?, …}`. */
export function fromProxyResult(payload: Uint8Array): ProxyResponse {
  let result: unknown
  try {
    result = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return MALFORMED
  }
  if (!isRecord(result)) return MALFORMED
  const status = statusOf(result['statusCode'])
  const headers = headersOf(result['headers'], result['multiValueHeaders'])
  const body = result['body'] ?? ''
  const base64 = result['isBase64Encoded'] ?? false
  if (status === undefined || headers === undefined || typeof body !== 'string' || typeof base64 !== 'boolean') {
    return MALFORMED
  }
  return { status, headers, body: Buffer.from(body, base64 ? 'base64' : 'utf8') }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function statusOf(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined
}

// The gateway keeps these names for itself and passes a function's own on under another.
const REMAPPED = new Set(['connection', 'content-length', 'date', 'host', 'server', 'www-authenticate'])
const DROPPED = new Set(['keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

function headersOf(single: unknown, multi: unknown): Record<string, string[]> | undefined {
  const headers: Record<string, string[]> = {}
  const put = (name: string, values: readonly unknown[]): boolean => {
    const lower = name.toLowerCase()
    if (DROPPED.has(lower)) return true
    const texts = values.map((value) =>
      typeof value === 'object' || value === undefined ? undefined : `${value as string | number | boolean}`,
    )
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return false
    if (!texts.every((text) => text !== undefined && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text))) return false
    for (const known of Object.keys(headers)) if (known.toLowerCase() === lower) delete headers[known]
    headers[REMAPPED.has(lower) ? `x-amzn-Remapped-${name}` : name] = texts as string[]
    return true
  }
  const fits =
    entriesOf(single)?.every(([name, value]) => put(name, [value])) === true &&
    entriesOf(multi)?.every(([name, value]) => Array.isArray(value) && put(name, value)) === true
  if (!fits) return undefined
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    headers['Content-Type'] = ['application/json']
  }
  return headers
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (value === undefined || value === null) return []
  return isRecord(value) ? Object.entries(value) : undefined
}
