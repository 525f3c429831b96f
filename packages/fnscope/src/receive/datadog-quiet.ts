// What Datadog's tracers send beside traces: read, and thrown away. Answered as the agent answers, for a tracer that is
// refused here complains in the function's log.
import type { FastifyInstance, FastifyRequest } from 'fastify'

import { RequestError } from '../http/request-error.ts'
import { leaveBodies } from './take-body.ts'

interface QuietRoute {
  readonly path: string
  readonly status: number
  /** JSON; empty for no body. */
  readonly answer: string
}

const ROUTES: readonly QuietRoute[] = [
  // Figures of what a client has sent or dropped: every span is here, so they say nothing new.
  { path: '/v0.6/stats', status: 200, answer: '' },
  { path: '/v0.1/pipeline_stats', status: 200, answer: '{}' },
  // Which integrations are loaded, how often a tracer starts.
  { path: '/telemetry/proxy/*', status: 202, answer: '' },
  // Nothing to configure.
  { path: '/v0.7/config', status: 200, answer: '{}' },
]

const MAX_BODY_BYTES = 25 * 1024 * 1024

/** Mounts the routes, POST and PUT. @param counted is told of each body, by its path */
export function mountDatadogQuiet(server: FastifyInstance, counted: (path: string) => void): void {
  void server.register(async (scope) => {
    leaveBodies(scope)
    for (const { path, status, answer } of ROUTES)
      scope.route({
        method: ['POST', 'PUT'],
        url: path,
        handler: async (request, reply) => {
          await discardBody(request, MAX_BODY_BYTES)
          counted(path)
          if (answer !== '') reply.type('application/json')
          return await reply.code(status).send(answer)
        },
      })
  })
}

/** Reads the body to its end and keeps nothing. @throws RequestError 413 */
export async function discardBody(request: FastifyRequest, maxBytes: number): Promise<void> {
  let bytes = 0
  for await (const piece of request.raw) {
    bytes += (piece as Buffer).length
    if (bytes > maxBytes) throw new RequestError(413, `The body is larger than ${maxBytes} bytes.`)
  }
}
