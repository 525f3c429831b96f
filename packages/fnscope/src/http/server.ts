// A Fastify instance as every HTTP door of fnscope wants it: raw bodies, guards before any route, errors in the caller's
// format. Routes are mounted by others; where it listens is listen.ts.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

import type { Counters } from '../counters.ts'
import type { Logger } from '../log.ts'
import { drainBody } from './drain-body.ts'
import { describeError, ownErrorFormat, type ErrorFormat, type HttpError } from './error-format.ts'
import { FailureLog } from './failure-log.ts'
import { refuseHost } from './host-guard.ts'
import { refuseOrigin } from './origin-guard.ts'
import type { Refusal } from './refusal.ts'
import { hasAuthorization, refuseToken } from './token-guard.ts'

export interface HttpServerOptions {
  readonly log: Logger
  readonly counters: Counters
  /** Names beside loopback's that the Host header may hold; see refuseHost. */
  readonly allowedHosts?: readonly string[]
  readonly token?: string
  /** Beside the token: what functions that run here have for an access key id. */
  readonly functionKey?: string
  /** Which requests need the token; default: every one. */
  readonly needsToken?: (request: FastifyRequest) => boolean
  /** True: this request needs an Authorization header, of any content. */
  readonly requireAuthorization?: (request: FastifyRequest) => boolean
  /**
   * Origins beside the server's own that may use it; they get CORS headers, nobody else does. 'any': Origin is not
   * looked at and no header added, for a user's API front whose routes answer as its template says.
   */
  readonly allowedOrigins?: readonly string[] | 'any'
  /** Of a request's body; more is 413. */
  readonly bodyLimitBytes: number
  /** How a request's caller wants its errors. Default: fnscope's own. */
  readonly errorFormat?: (request: FastifyRequest) => ErrorFormat
  /** How long a client may take to send a whole request; 0 (default) is no limit. Answers may always take any time. */
  readonly requestTimeoutMs?: number
  /** The URL under which a request is routed, where that is not its own. */
  readonly rewriteUrl?: (request: { readonly url: string; readonly headers: IncomingHttpHeaders }) => string
}

const MAX_HEADER_BYTES = 64 * 1024
const MAX_LOGGED_URL = 500
// Longer than any client's or balancer's idle time, so that it is never us who closes under a request.
const KEEP_ALIVE_MS = 75_000

export type HttpServer = FastifyInstance

/** A client that takes us for its proxy names the whole URL: the host in it goes before the header (RFC 9112, 3.2.2). */
function originForm(request: IncomingMessage): string {
  const { url = '/', headers } = request
  const absolute = /^http:\/\/([^/?#]+)(.*)$/is.exec(url)
  if (absolute === null) return url
  headers.host = absolute[1]!
  return absolute[2]!.startsWith('/') ? absolute[2]! : `/${absolute[2]!}`
}

/** Request bodies arrive as Buffer (undefined without one), whatever their type says. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log, allowedOrigins = [], rewriteUrl } = options
  const formatOf = options.errorFormat ?? (() => ownErrorFormat)
  const server = fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: options.requestTimeoutMs ?? 0,
    connectionTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    // A function's name may come as its whole ARN, encoded.
    routerOptions: { maxParamLength: 2048 },
    rewriteUrl: (request: IncomingMessage) => {
      const url = originForm(request)
      return rewriteUrl?.({ url, headers: request.headers }) ?? url
    },
  })
  server.server.headersTimeout = Math.max(options.requestTimeoutMs ?? 0, 60_000)
  // '*' does not take JSON and text while Fastify's own parsers are there.
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  const failures = new FailureLog(log)
  const send = (request: FastifyRequest, reply: FastifyReply, error: HttpError): FastifyReply => {
    const { headers, body } = formatOf(request)(error)
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterSeconds))
    return reply.code(error.status).headers(headers).send(body)
  }

  server.addHook('onRequest', (request, reply, done) => {
    // A type that is there and empty is none: presigned URLs are sent to like this, and Fastify would answer 415.
    if (request.raw.headers['content-type'] === '') delete request.raw.headers['content-type']
    const refusal = refuse(request, options)
    if (refusal !== undefined) {
      options.counters.refusedRequests.inc({ reason: refusal.reason })
      // A browser asks its user, and sends what it is told with all that the page then asks for.
      if (refusal.status === 401 && request.headers.accept?.includes('text/html') === true)
        void reply.header('www-authenticate', 'Basic realm="fnscope", charset="UTF-8"')
      // Its body is not read: the connection cannot be used again.
      void send(request, reply.header('connection', 'close'), refusal)
      return
    }
    if (allowedOrigins !== 'any' && isAllowedOrigin(request, allowedOrigins)) {
      addCorsHeaders(request, reply)
      if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
        void reply.code(204).send()
        return
      }
    }
    done()
  })

  server.addHook('onResponse', (_request, reply, done) => {
    const { statusCode } = reply
    // What the guards refuse has a counter of its own.
    if (statusCode >= 400 && statusCode < 500 && statusCode !== 401 && statusCode !== 403)
      options.counters.badRequests.inc({ status: statusCode })
    done()
  })
  // Fastify answers these itself, before there is a request.
  server.server.on('clientError', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET') options.counters.badRequests.inc({ status: 'bad_http' })
  })

  server.setErrorHandler(async (error, request, reply) => {
    const described = describeError(error)
    if (described.status === 500)
      failures.add(error, 'request failed', { method: request.method, url: request.url.slice(0, MAX_LOGGED_URL) })
    if (described.status === 413) await drainBody(request.raw)
    return send(request, reply, described)
  })
  server.setNotFoundHandler((request, reply) =>
    send(request, reply, {
      status: 404,
      code: 'NotFoundException',
      message: `There is no ${request.method} ${request.url.split('?')[0]} here.`,
    }),
  )
  return server
}

function refuse(request: FastifyRequest, options: HttpServerOptions): Refusal | undefined {
  const { allowedHosts = [], allowedOrigins = [], token, functionKey, needsToken, requireAuthorization } = options
  const refusal =
    refuseHost(request.headers.host, allowedHosts) ??
    (allowedOrigins === 'any' ? undefined : refuseOrigin(request, allowedOrigins))
  if (refusal !== undefined) return refusal
  // A preflight of an allowed origin carries no credentials, by the Fetch standard.
  const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (preflight && allowedOrigins !== 'any' && isAllowedOrigin(request, allowedOrigins)) return undefined
  const raw = { url: request.raw.url ?? '', headers: request.headers }
  if (token !== undefined) {
    const tokens = functionKey === undefined ? [token] : [token, functionKey]
    return (needsToken?.(request) ?? true) ? refuseToken(raw, tokens) : undefined
  }
  if (requireAuthorization?.(request) === true && !hasAuthorization(raw)) return NO_AUTHORIZATION
  return undefined
}

// The words of the cloud's own gateways.
const NO_AUTHORIZATION: Refusal = {
  status: 403,
  reason: 'no_authorization',
  code: 'MissingAuthenticationTokenException',
  message: 'Missing Authentication Token',
}

function isAllowedOrigin(request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  return request.headers.origin !== undefined && allowedOrigins.includes(request.headers.origin)
}

function addCorsHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('access-control-allow-origin', request.headers.origin).header('vary', 'Origin')
  const { 'access-control-request-method': method, 'access-control-request-headers': headers } = request.headers
  if (method !== undefined) reply.header('access-control-allow-methods', method)
  if (headers !== undefined) reply.header('access-control-allow-headers', headers)
}

/** Takes no more requests, lets those in flight end within `graceMs`, then cuts what is left. Twice is fine. */
export async function closeHttpServer(server: FastifyInstance, graceMs = 5000): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), graceMs)
  try {
    await server.close()
  } finally {
    clearTimeout(timer)
  }
}
