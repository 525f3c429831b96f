// A REST API of an app as a real HTTP listener: `/<stage>/<path>` in, the function's answer out, with the gateway's limits
// and errors. A web page of another site cannot reach it unless the template's CORS lets it.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FnscopeError, messageOf } from '../errors.ts'
import type { RestApiSpec } from '../functions/trigger-spec.ts'
import * as gateway from '../functions/triggers/api-gateway.ts'
import { newTraceId } from '../span/id.ts'
import { formatTraceHeader, parseTraceHeader } from '../span/trace-header.ts'
import { respond, type Exchange } from './rest-front-exchange.ts'
import type { RestFrontOptions } from './rest-front-options.ts'

export interface RestFront {
  readonly apiId: string
  /** `http://127.0.0.1:<port>`: no stage, no slash at the end. */
  readonly url: string
  /** Ends listening and open requests; a second call is fine. */
  stop(): Promise<void>
}

const STOP_GRACE_MS = 2_000

/** @throws FnscopeError FNS_PORT_IN_USE */
export async function openRestFront(api: RestApiSpec, options: RestFrontOptions): Promise<RestFront> {
  const server = createServer((request, response) => {
    void answer(api, options, request, response)
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  let stopping: Promise<void> | undefined
  return {
    apiId: api.apiId,
    url: `http://${host}:${port}`,
    stop: () => (stopping ??= close(server)),
  }
}

async function listen(server: Server, options: RestFrontOptions): Promise<void> {
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
      `Port ${options.port} on ${options.host} is taken, so the REST API cannot listen there. Stop what holds it, or use another port.`,
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
  api: RestApiSpec,
  options: RestFrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const timeMs = (options.now ?? Date.now)()
  const incoming = parseTraceHeader(firstOf(request.headers['x-amzn-trace-id']))
  const trace = { ...incoming, traceId: incoming.traceId ?? newTraceId(timeMs / 1000) }
  const exchange: Exchange = { api, options, request, requestId: randomUUID(), timeMs, trace, stage: undefined }
  try {
    const result = await respond(exchange)
    exchange.stage?.end(result.status)
    send(exchange, response, result)
  } catch (error) {
    if (request.destroyed && !request.complete) {
      options.log.debug({ api: api.logicalId, reason: messageOf(error) }, 'caller went away before its request ended')
      return void response.destroy()
    }
    options.log.error({ err: error, api: api.logicalId }, 'REST front failed')
    exchange.stage?.end(500)
    if (!response.headersSent) send(exchange, response, gateway.FAILED)
    else response.destroy()
  }
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

function send(exchange: Exchange, response: ServerResponse, result: gateway.ProxyResponse): void {
  response.statusCode = result.status
  for (const [name, values] of Object.entries(result.headers)) {
    response.setHeader(name, values.length === 1 ? values[0]! : [...values])
  }
  response.setHeader('x-amzn-RequestId', exchange.requestId)
  response.setHeader('x-amz-apigw-id', randomBytes(11).toString('base64'))
  response.setHeader('X-Amzn-Trace-Id', formatTraceHeader(exchange.trace))
  const bodiless = exchange.request.method === 'HEAD' || result.status === 204 || result.status === 304
  if (result.status !== 204 && result.status !== 304) response.setHeader('Content-Length', result.body.length)
  // A body that was refused half-way still flows in: the connection ends instead of reading it.
  if (!exchange.request.complete) response.setHeader('Connection', 'close')
  response.end(bodiless ? undefined : result.body)
}
