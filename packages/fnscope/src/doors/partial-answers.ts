// Answers while a part of the store is away: they hold what is there, and say so in a header, and fnscope's own JSON in the
// field `missing` too. AWS answers keep their shape: SDKs read past a header they do not know.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Store } from '../store/store.ts'

export const PARTIAL_HEADER = 'x-fnscope-partial'

/** Marks every answer for which the store was asked while a part of it was away. */
export function markPartialAnswers(server: FastifyInstance, store: Pick<Store, 'watchGaps'>): void {
  const watches = new WeakMap<FastifyRequest, () => readonly string[]>()
  server.addHook('onRequest', (request, _reply, done) => {
    watches.set(request, store.watchGaps())
    done()
  })
  server.addHook('preSerialization', async (request, _reply, payload: unknown) => {
    const missing = watches.get(request)?.() ?? []
    if (missing.length === 0 || !request.url.startsWith('/api/') || !isPlainObject(payload)) return payload
    return { ...payload, missing }
  })
  server.addHook('onSend', async (request, reply, payload) => {
    const missing = watches.get(request)?.() ?? []
    if (missing.length > 0) reply.header(PARTIAL_HEADER, missing.join('; '))
    return payload
  })
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
