// fnscope as the DataWay of a deployed DataKit: the write API under its token, and quiet answers to what else a DataKit
// asks of the centre. What it does not know is answered `{}` and logged once, for a DataKit counts anything else as an
// error at each interval.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { isToken, refuseToken } from '../http/token-guard.ts'
import type { Logger } from '../log.ts'
import { formatDatakitError } from './datakit-error.ts'
import { mountPointRoutes, type PointRoutesOptions } from './point-routes.ts'

export interface DatawayOptions extends PointRoutesOptions {
  /** What `token=` may be; none: anything, and nothing. */
  readonly tokens: readonly string[]
  readonly log: Logger
}

const MAX_LOGGED_PATHS = 100
/** Seconds until a DataKit asks for the list again. */
const LIST_INTERVAL_SECONDS = 300

/** Mounts `/v1/*` and `/v2/list/dataway`; the server's own token guard must leave them alone (isDatakitPath). */
export function mountDataway(server: FastifyInstance, options: DatawayOptions): void {
  const { tokens, now, log } = options
  const seconds = (): number => Number(now() / 1_000_000_000n)
  void server.register(async (scope) => {
    guardDataway(scope, tokens)
    mountPointRoutes(scope, options)
    scope.get<{ Params: { readonly token: string } }>('/v1/check/token/:token', async () => ({
      code: 200,
      errorCode: '',
      message: '',
    }))
    scope.get('/v1/ntp', async () => ({ timestamp_sec: seconds(), content: { timestamp_sec: seconds() } }))
    scope.get('/v1/datakit/pull', async () => ({}))
    scope.get('/v2/list/dataway', async () => ({
      content: { dataway_list: [], interval: LIST_INTERVAL_SECONDS },
    }))
    for (const path of ['/v1/election', '/v1/election/heartbeat'])
      scope.post(path, async () => ({ content: { status: 'success', error_msg: '' } }))
    for (const path of ['/v1/query/raw', '/v1/pipeline/debug'])
      scope.post(path, async (_request, reply) => {
        const { headers, body } = formatDatakitError(
          'datakit.notImplemented',
          'fnscope has no query language of this kind.',
        )
        return await reply.code(501).headers(headers).send(body)
      })
    const logged = new Set<string>()
    scope.all('/v1/*', async (request, reply) => {
      const path = request.url.split('?', 1)[0]!
      if (tokenOf(request) === undefined) return await notFound(reply, `There is no ${request.method} ${path} here.`)
      if (logged.size < MAX_LOGGED_PATHS && !logged.has(path)) {
        logged.add(path)
        log.info({ method: request.method, path: path.slice(0, 200) }, 'a DataKit asks for what fnscope does not have')
      }
      return {}
    })
  })
}

/** Refuses what shows none of the tokens, in its `token=` or as any other client does. */
export function guardDataway(scope: FastifyInstance, tokens: readonly string[]): void {
  scope.addHook('onRequest', async (request, reply) => {
    if (isAllowed(request, tokens)) return
    const { headers, body } = formatDatakitError('dataway.tokenNotFound', 'The token is not the one of this server.')
    // Its body is not read: the connection cannot be used again.
    await reply.code(403).headers(headers).header('connection', 'close').send(body)
  })
}

function isAllowed(request: FastifyRequest, tokens: readonly string[]): boolean {
  if (tokens.length === 0) return true
  const token = tokenOf(request) ?? /^\/v1\/check\/token\/([^/?]+)/.exec(request.url)?.[1]
  if (token !== undefined && isToken(token, tokens)) return true
  return refuseToken({ url: request.url, headers: request.headers }, tokens) === undefined
}

function tokenOf(request: FastifyRequest): string | undefined {
  return new URLSearchParams(request.url.split('?', 2)[1] ?? '').get('token') ?? undefined
}

async function notFound(reply: FastifyReply, message: string): Promise<FastifyReply> {
  const { headers, body } = formatDatakitError('datakit.notFound', message)
  return await reply.code(404).headers(headers).send(body)
}
