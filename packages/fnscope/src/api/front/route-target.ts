// What a route answers when it is no function's: a fixed answer, another server's, or a plain refusal.
import type { IncomingHttpHeaders } from 'node:http'
import { messageOf } from '../../errors.ts'
import type { RouteTarget } from '../../functions/trigger-spec.ts'
import * as gateway from '../../functions/triggers/gateway-answer.ts'
import type { Logger } from '../../log.ts'

export interface TargetRequest {
  readonly method: string
  readonly query: string
  readonly body: Uint8Array
  readonly headers: IncomingHttpHeaders
  readonly pathParameters: Readonly<Record<string, string>>
  readonly log: Logger
}

const TIMEOUT_MS = 29_000
/** A connection's own, and what fetch writes itself. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'expect', 'te'])

export async function answerTarget(
  target: Exclude<RouteTarget, { readonly kind: 'function' }>,
  request: TargetRequest,
): Promise<gateway.ProxyResponse> {
  if (target.kind === 'refused')
    return gateway.gatewayError(501, `fnscope: ${target.reason}`, 'NotImplementedException')
  if (target.kind === 'mock') {
    const headers = Object.entries(target.headers).map(([name, value]) => [name, [value]] as const)
    return {
      status: target.status,
      headers: { 'Content-Type': ['application/json'], ...Object.fromEntries(headers) },
      body: Buffer.from(target.body),
    }
  }
  return await forward(target, request)
}

async function forward(
  target: Extract<RouteTarget, { readonly kind: 'http' }>,
  { method, query, body, headers, pathParameters, log }: TargetRequest,
): Promise<gateway.ProxyResponse> {
  const url = target.url.replaceAll(/\{([^}]+?)\+?\}/g, (whole, name: string) => pathParameters[name] ?? whole)
  const verb = target.method === 'ANY' ? method : target.method
  try {
    const answer = await fetch(query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`, {
      method: verb,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        OWN_HEADERS.has(name) || value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(verb === 'GET' || verb === 'HEAD' || body.length === 0 ? {} : { body: Buffer.from(body) }),
    })
    // What came compressed is plain by now.
    const gone = new Set([...OWN_HEADERS, 'content-encoding'])
    const kept = [...answer.headers].filter(([name]) => !gone.has(name) && name !== 'set-cookie')
    const cookies = answer.headers.getSetCookie()
    return {
      status: answer.status,
      headers: {
        ...Object.fromEntries(kept.map(([name, value]) => [name, [value]])),
        ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
      },
      body: Buffer.from(await answer.arrayBuffer()),
    }
  } catch (error) {
    log.warn({ url, reason: messageOf(error) }, 'HTTP integration failed')
    return error instanceof Error && error.name === 'TimeoutError' ? gateway.TIMED_OUT : gateway.FAILED
  }
}
