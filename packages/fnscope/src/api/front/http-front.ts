// An API or function URL of an app as a real HTTP listener. What is answered is its kind's: rest-api-front.ts,
// http-api-front.ts, function-url-front.ts. A web page of another site cannot reach it unless the template's CORS lets it.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FnscopeError, messageOf } from '../../errors.ts'
import * as gateway from '../../functions/triggers/gateway-answer.ts'
import { newTraceId } from '../../span/id.ts'
import { parseTraceHeader } from '../../span/trace-header.ts'
import type { Exchange, FrontKind, FrontResponse } from './front-exchange.ts'
import { refuses } from './front-guard.ts'
import type { FrontOptions } from './front-options.ts'

export interface HttpFront {
  /** apiId or urlId. */
  readonly id: string
  /** `http://127.0.0.1:<port>`: no stage, no slash at the end. */
  readonly url: string
  /** What answers from the next request on. */
  use(kind: FrontKind): void
  /** Ends listening and open requests; a second call is fine. */
  stop(): Promise<void>
}

const STOP_GRACE_MS = 2_000

/** @throws FnscopeError FNS_PORT_IN_USE */
export async function openHttpFront(kind: FrontKind, options: FrontOptions): Promise<HttpFront> {
  let current = kind
  const server = createServer((request, response) => {
    void answer(current, options, request, response)
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  let stopping: Promise<void> | undefined
  return {
    id: kind.id,
    url: `http://${host}:${port}`,
    use: (next) => void (current = next),
    stop: () => (stopping ??= close(server)),
  }
}

async function listen(server: Server, options: FrontOptions): Promise<void> {
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
      `Port ${options.port} on ${options.host} is taken, so the API cannot listen there. Stop what holds it, or use another port.`,
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

async function answer(
  kind: FrontKind,
  options: FrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const timeMs = (options.now ?? Date.now)()
  const incoming = parseTraceHeader(firstOf(request.headers['x-amzn-trace-id']))
  const exchange: Exchange = {
    options,
    label: kind.label,
    request,
    requestId: randomUUID(),
    extendedRequestId: randomBytes(11).toString('base64'),
    timeMs,
    trace: { ...incoming, traceId: incoming.traceId ?? newTraceId(timeMs / 1000) },
    stage: undefined,
  }
  try {
    const result = refused(kind, exchange) ?? (await kind.respond(exchange))
    exchange.stage?.end(result.status)
    await send(kind, exchange, response, result)
  } catch (error) {
    if (request.destroyed && !request.complete) {
      options.log.debug({ api: kind.label, reason: messageOf(error) }, 'caller went away before its request ended')
      return void response.destroy()
    }
    options.log.error({ err: error, api: kind.label }, 'front failed')
    exchange.stage?.end(500)
    if (response.headersSent) response.destroy()
    else await send(kind, exchange, response, gateway.FAILED)
  }
}

function refused(kind: FrontKind, { request, options }: Exchange): gateway.ProxyResponse | undefined {
  const refusal = refuses(request.headers, kind, options.host)
  if (refusal === undefined) return undefined
  options.counters.refusedRequests.inc({ reason: refusal.reason })
  return gateway.gatewayError(403, refusal.message, 'ForbiddenException')
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

async function send(
  kind: FrontKind,
  exchange: Exchange,
  response: ServerResponse,
  result: FrontResponse,
): Promise<void> {
  response.statusCode = result.status
  for (const [name, values] of Object.entries(result.headers))
    response.setHeader(name, values.length === 1 ? values[0]! : [...values])
  for (const [name, value] of Object.entries(kind.headers(exchange))) response.setHeader(name, value)
  const bodiless = exchange.request.method === 'HEAD' || result.status === 204 || result.status === 304
  // A body that was refused half-way still flows in: the connection ends instead of reading it.
  if (!exchange.request.complete) response.setHeader('Connection', 'close')
  if (!(result.body instanceof Uint8Array)) {
    response.flushHeaders()
    for await (const chunk of result.body) if (!bodiless) response.write(chunk)
    return void response.end()
  }
  if (result.status !== 204 && result.status !== 304) response.setHeader('Content-Length', result.body.length)
  response.end(bodiless ? undefined : result.body)
}
