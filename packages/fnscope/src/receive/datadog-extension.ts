// What Datadog's libraries ask of its Lambda extension on port 8124. Python and Node ask only when told to test; their
// traces go to the agent's port. Libraries that leave it to the extension to make the function's span are answered with
// the context of their caller, and get no span from here: the platform makes one of its own for every invocation.
import type { FastifyInstance } from 'fastify'

import { isDeeperThan, isJsonObject } from '../codec/json.ts'

/** An event may have 6 MiB. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024 + 1024

const MAX_DEPTH = 512
const CONTEXT = ['x-datadog-trace-id', 'x-datadog-sampling-priority', 'x-datadog-tags'] as const
const MAX_HEADER = 512

type Texts = Readonly<Record<string, unknown>>

/** Mounts the routes. The server reads bodies, up to MAX_EVENT_BYTES. */
export function mountDatadogExtension(server: FastifyInstance): void {
  server.post('/lambda/flush', async () => '')
  server.get('/lambda/hello', async () => ({}))
  server.post('/lambda/start-invocation', async (request, reply) => {
    const context = contextOf(request.headers, request.body)
    for (const name of CONTEXT) {
      const value = context[name]
      if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) && value.length <= MAX_HEADER)
        reply.header(name, value)
    }
    return {}
  })
  server.post('/lambda/end-invocation', async () => ({}))
}

/** The caller's context: among the request's own headers, or among those of the event that is its body. */
function contextOf(headers: Texts, body: unknown): Texts {
  if (headers[CONTEXT[0]] !== undefined || !Buffer.isBuffer(body)) return headers
  const text = body.toString('utf8')
  if (isDeeperThan(text, MAX_DEPTH)) return {}
  try {
    const event: unknown = JSON.parse(text)
    const own = isJsonObject(event) ? event['headers'] : undefined
    if (!isJsonObject(own)) return {}
    return Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]))
  } catch {
    return {}
  }
}
