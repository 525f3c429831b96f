// One request on its way through a front, and the call of the function behind it with the gateway's patience.
import type { IncomingMessage } from 'node:http'
import { messageOf } from '../../errors.ts'
import { ThrottledError } from '../../functions/throttled-error.ts'
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import type { ProxyContext, ProxyRequest } from '../../functions/triggers/proxy-request.ts'
import { formatTraceHeader, parseTraceHeader, type TraceHeader } from '../../span/trace-header.ts'
import type { FrontInvokeResult, FrontOptions } from './front-options.ts'
import type { StageTrace } from './stage-trace.ts'

/** `trace` is what the function's invocation continues. */
export interface Exchange {
  readonly options: FrontOptions
  /** Of the API, for the log. */
  readonly label: string
  readonly request: IncomingMessage
  readonly requestId: string
  readonly extendedRequestId: string
  readonly timeMs: number
  trace: TraceHeader
  stage: StageTrace | undefined
}

export interface StreamedResponse extends Omit<ProxyResponse, 'body'> {
  readonly body: AsyncIterable<Uint8Array>
}

export type FrontResponse = ProxyResponse | StreamedResponse

/** One kind of API behind a listener. */
export interface FrontKind {
  /** apiId or urlId. */
  readonly id: string
  /** Logical id. */
  readonly label: string
  /** Never rejects for what the function did; rejects when the caller is gone before its body was. */
  respond(exchange: Exchange): Promise<FrontResponse>
  /** Host of the cloud, without `<id>.` and the region: what tests and clients may send for Host. */
  readonly cloudHost: RegExp
  /** Whether pages of this origin may call. */
  allowsOrigin(origin: string | undefined): boolean
  /** What every answer carries. */
  headers(exchange: Exchange): Readonly<Record<string, string>>
}

/** Throttled: no environment was to be had; too large: no function takes an event of that size; failed: nothing ran. */
export type Invoked = FrontInvokeResult | 'timeout' | 'throttled' | 'too large' | 'failed'

/** Of an event: the body as JSON or base64, and all that stands beside it. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024

/** Undefined: it is more than a function takes. */
export function payloadOf(event: object): Buffer | undefined {
  const payload = Buffer.from(JSON.stringify(event))
  return payload.byteLength > MAX_EVENT_BYTES ? undefined : payload
}

export async function invokeInTime(
  exchange: Exchange,
  functionName: string,
  event: object,
  timeoutMs: number | undefined,
): Promise<Invoked> {
  const { options, label, trace } = exchange
  const payload = payloadOf(event)
  if (payload === undefined) return 'too large'
  const timeout = Promise.withResolvers<'timeout'>()
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => timeout.resolve('timeout'), timeoutMs)
  try {
    // The function goes on after the gateway has given up; what it then answers is nobody's.
    const invocation = options.invoke({ functionName, payload, traceHeader: formatTraceHeader(trace) })
    invocation.catch(() => undefined)
    const result = await Promise.race([invocation, timeout.promise])
    if (result !== 'timeout') exchange.trace = withAnswered(trace, result.traceHeader)
    return result
  } catch (error) {
    options.log.warn({ api: label, functionName, reason: messageOf(error) }, 'invocation failed')
    return error instanceof ThrottledError ? 'throttled' : 'failed'
  } finally {
    clearTimeout(timer)
  }
}

export function withAnswered(sent: TraceHeader, answered: string | undefined): TraceHeader {
  if (answered === undefined) return sent
  const trace = parseTraceHeader(answered)
  return trace.traceId === undefined ? sent : trace
}

/** @param path as events have it */
export function proxyRequestOf(
  { request }: Exchange,
  parts: { readonly path: string; readonly query: string; readonly body: Uint8Array },
): ProxyRequest {
  return {
    ...parts,
    method: request.method ?? 'GET',
    headers: pairsOf(request.rawHeaders),
    sourceIp: sourceIpOf(request),
    httpVersion: request.httpVersion,
  }
}

export function proxyContextOf(exchange: Exchange): ProxyContext {
  const { options, request } = exchange
  return {
    region: options.region,
    accountId: options.accountId,
    requestId: exchange.requestId,
    extendedRequestId: exchange.extendedRequestId,
    timeMs: exchange.timeMs,
    port: request.socket.localPort ?? 0,
    traceHeader: formatTraceHeader(exchange.trace),
  }
}

/** Path and query. */
export function targetOf(request: IncomingMessage): readonly [path: string, query: string] {
  const url = request.url ?? '/'
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

/** The path below the stage, `/` for the stage itself; undefined outside it. */
export function pathInStage(stage: string, path: string): string | undefined {
  const prefix = `/${stage}`
  if (path === prefix) return '/'
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined
}

function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return pairs
}

export function sourceIpOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
}
