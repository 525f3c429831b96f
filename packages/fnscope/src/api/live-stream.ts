// GET /api/live: what comes in as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
import type { FastifyInstance } from 'fastify'
import { RequestError } from '../http/request-error.ts'
import { queryOf, refused } from './console-query.ts'
import { LIVE_KINDS, type Live, type LiveKind, type LiveWatcher } from './live.ts'

/** A watcher that leaves so much unread misses what comes then. */
const MOST_UNREAD_BYTES = 256 * 1024
const HEARTBEAT_MS = 15_000
const MOST_WATCHERS = 100

/** Answers with what ends all streams. */
export function mountLive(server: FastifyInstance, live: Live): () => void {
  const heartbeats = setInterval(() => live.heartbeat(), HEARTBEAT_MS).unref()
  // The answer to HEAD would never end.
  server.get('/api/live', { exposeHeadRoute: false }, (request, reply) => {
    const kinds = kindsOf(queryOf(request)['kinds'])
    if (live.watchers >= MOST_WATCHERS)
      throw new RequestError(503, `${MOST_WATCHERS} are watching already.`, { retryAfterSeconds: 30 })
    const last = request.headers['last-event-id']
    void reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    // Where nothing comes for a while, the watcher knows that it is connected.
    raw.write('retry: 1000\n\n')
    const watcher: LiveWatcher = {
      kinds,
      send: (text) => {
        if (raw.writableLength > MOST_UNREAD_BYTES) return false
        raw.write(text)
        return true
      },
      end: () => raw.end(),
    }
    raw.on('error', () => live.leave(watcher))
    raw.on('close', () => live.leave(watcher))
    if (!live.watch(watcher, typeof last === 'string' ? last : undefined)) raw.end()
  })
  return () => {
    clearInterval(heartbeats)
    live.stop()
  }
}

/** @throws FnscopeError FNS_USAGE */
function kindsOf(text: string | undefined): ReadonlySet<LiveKind> {
  if (text === undefined) return new Set(LIVE_KINDS)
  const kinds = text.split(',')
  const unknown = kinds.find((kind) => !(LIVE_KINDS as readonly string[]).includes(kind))
  if (unknown !== undefined)
    throw refused(`kinds wants some of ${LIVE_KINDS.join(',')}, not "${unknown.slice(0, 100)}".`)
  return new Set(kinds as LiveKind[])
}
