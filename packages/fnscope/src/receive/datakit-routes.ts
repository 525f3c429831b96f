// What applications ask of a DataKit beside its inputs: ping, last errors, global host tags. Its write API is
// point-routes.ts, its agents' protocols have files of their own.
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'

import { isDeeperThan, isJsonObject } from '../codec/json.ts'
import { formatDatakitError } from './datakit-error.ts'
import { guardDataway, type DatawayOptions } from './dataway-routes.ts'
import type { HostTags } from './host-tags.ts'

export interface DatakitOptions extends Pick<DatawayOptions, 'tokens' | 'log'> {
  readonly version: string
  readonly hostTags: HostTags
}

const MAX_ERROR_LENGTH = 2000
const MAX_DEPTH = 8

/** The server's own token guard must leave these paths alone, as those of DataWay. */
export function mountDatakit(server: FastifyInstance, options: DatakitOptions): void {
  void server.register(async (scope) => {
    guardDataway(scope, options.tokens)
    mountRoutes(scope, options)
  })
}

function mountRoutes(server: FastifyInstance, { version, hostTags, log }: DatakitOptions): void {
  const started = performance.now()
  server.get('/v1/ping', async () => {
    const uptime = `${((performance.now() - started) / 1000).toFixed(3)}s`
    return { content: { version, uptime, host: hostname() } }
  })
  server.post('/v1/lasterror', async (request, reply) => {
    const said = errorOf(request.body)
    if (said === undefined) {
      const { headers, body } = formatDatakitError('datakit.invalidRequest', 'Wanted {"input":"…","err_content":"…"}.')
      return await reply.code(400).headers(headers).send(body)
    }
    log.warn(said, 'an application tells of an error in what it collects')
    return await reply.send('')
  })
  const path = '/v1/global/host/tags'
  const all = (): object => ({ 'dataway-tags': {}, 'election-tags': {}, 'host-tags': hostTags.entries() })
  server.get(path, async () => ({
    // As Go prints a map.
    'host-tags': `map[${hostTags
      .list()
      .map(({ key, value }) => `${key}:${value}`)
      .join(' ')}]`,
  }))
  server.post(path, async (request) => {
    for (const [key, value] of new URLSearchParams(request.url.split('?', 2)[1] ?? ''))
      if (key !== 'token') hostTags.set(key, value)
    return all()
  })
  server.delete(path, async (request) => {
    const names = new URLSearchParams(request.url.split('?', 2)[1] ?? '').get('tags') ?? ''
    for (const name of names.split(',')) hostTags.delete(name)
    return all()
  })
}

function errorOf(body: unknown): { readonly input: string; readonly error: string } | undefined {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : ''
  if (isDeeperThan(text, MAX_DEPTH)) return undefined
  try {
    const said: unknown = JSON.parse(text)
    if (!isJsonObject(said)) return undefined
    const { input, err_content: error } = said
    if (typeof input !== 'string' || typeof error !== 'string' || input === '' || error === '') return undefined
    return { input: input.slice(0, MAX_ERROR_LENGTH), error: error.slice(0, MAX_ERROR_LENGTH) }
  } catch {
    return undefined
  }
}
