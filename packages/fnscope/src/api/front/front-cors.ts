// CORS of HTTP APIs and function URLs: the gateway answers preflights itself and puts its own headers on every answer.
import type { IncomingMessage } from 'node:http'
import type { HttpCorsSpec } from '../../functions/trigger-spec.ts'
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import type { FrontResponse } from './front-exchange.ts'

export function allowsOrigin(cors: HttpCorsSpec | undefined, origin: string | undefined): boolean {
  if (cors === undefined) return false
  if (cors.allowOrigins.includes('*')) return true
  return origin !== undefined && cors.allowOrigins.some((allowed) => matches(allowed, origin))
}

/** `https://*.example.com` has one star. */
function matches(allowed: string, origin: string): boolean {
  const [start, end, ...more] = allowed.split('*')
  if (end === undefined || more.length > 0) return allowed.toLowerCase() === origin.toLowerCase()
  return origin.length > start!.length + end.length && origin.startsWith(start!) && origin.endsWith(end)
}

/** Undefined when the request is no preflight, or there is no CORS to answer it by. */
export function preflightOf(cors: HttpCorsSpec | undefined, request: IncomingMessage): ProxyResponse | undefined {
  const { origin, 'access-control-request-method': method } = request.headers
  if (cors === undefined || request.method !== 'OPTIONS' || origin === undefined || method === undefined)
    return undefined
  const list = (names: readonly string[]): string[] => (names.length === 0 ? [] : [names.join(',')])
  const allowed = allowsOrigin(cors, origin)
  const headers: Record<string, readonly string[]> = !allowed
    ? {}
    : {
        ...originHeaders(cors, origin),
        'access-control-allow-methods': list(cors.allowMethods),
        'access-control-allow-headers': list(cors.allowHeaders),
        'access-control-max-age': cors.maxAgeSeconds === undefined ? [] : [String(cors.maxAgeSeconds)],
      }
  return {
    status: 204,
    headers: Object.fromEntries(Object.entries(headers).filter(([, values]) => values.length > 0)),
    body: new Uint8Array(),
  }
}

/** The answer with the gateway's CORS headers in place of the function's. */
export function withCors<Answer extends FrontResponse>(
  answer: Answer,
  cors: HttpCorsSpec | undefined,
  origin: string | undefined,
): Answer {
  if (cors === undefined || origin === undefined || !allowsOrigin(cors, origin)) return answer
  const own = originHeaders(cors, origin)
  const kept = Object.entries(answer.headers).filter(([name]) => !Object.hasOwn(own, name.toLowerCase()))
  return { ...answer, headers: { ...Object.fromEntries(kept), ...own } }
}

function originHeaders(cors: HttpCorsSpec, origin: string): Record<string, readonly string[]> {
  const any = cors.allowOrigins.includes('*') && !cors.allowCredentials
  return {
    'access-control-allow-origin': [any ? '*' : origin],
    ...(any ? {} : { vary: ['Origin'] }),
    ...(cors.allowCredentials ? { 'access-control-allow-credentials': ['true'] } : {}),
    ...(cors.exposeHeaders.length === 0 ? {} : { 'access-control-expose-headers': [cors.exposeHeaders.join(',')] }),
  }
}
