// The feed of the Live page: what is stored first, then what comes (GET /api/live). It goes on while other pages are
// looked at for as long as this page is mounted; a broken connection comes back by itself, with what was missed.
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import type { ConsoleLiveTrace, ConsoleLogLine, ConsoleTraceRow } from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { announce } from '../parts/announce.ts'
import { Feed, type FeedState } from './feed.ts'

export type Connection = 'connecting' | 'open' | 'lost'

export interface LiveFeed {
  readonly feed: Feed
  readonly state: FeedState
  readonly connection: Connection
  /** What is stored has been asked for and answered. */
  readonly loaded: boolean
  readonly error: unknown
}

const FIRST = 100
const ANNOUNCE_MS = 5000

export function useLive(): LiveFeed {
  const feed = useMemo(() => new Feed({ onFrame: (run) => void requestAnimationFrame(run) }), [])
  const state = useSyncExternalStore(feed.subscribe, feed.state)
  const [connection, setConnection] = useState<Connection>('connecting')
  const [loaded, setLoaded] = useState(false)
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const abort = new AbortController()
    let came = 0
    let failed = 0
    const load = async (): Promise<void> => {
      const { traces } = await api.traces({ since: '1d', limit: FIRST }, abort.signal)
      for (const row of traces.toReversed()) feed.addTrace(storedTrace(row), false)
      setLoaded(true)
    }
    load().catch((cause: unknown) => {
      if (!abort.signal.aborted) setError(cause)
    })
    const events = new EventSource('/api/live?kinds=trace,log')
    const on = (name: string, take: (data: unknown) => void): void =>
      events.addEventListener(name, (event: MessageEvent<string>) => take(JSON.parse(event.data)))
    events.addEventListener('open', () => setConnection('open'))
    events.addEventListener('error', () => setConnection('lost'))
    on('trace', (data) => {
      const trace = data as ConsoleLiveTrace
      feed.addTrace(trace)
      came += 1
      if (trace.error || trace.fault || trace.throttle) failed += 1
    })
    on('log', (line) => feed.addLine(line as ConsoleLogLine))
    on('missed', (missed) => feed.miss((missed as { readonly events: number }).events))
    on('reset', () => feed.mark('fnscope was started again', Date.now()))
    const timer = setInterval(() => {
      if (came > 0) announce(`${came} new invocations, ${failed} failed`)
      came = 0
      failed = 0
    }, ANNOUNCE_MS)
    return () => {
      abort.abort()
      events.close()
      clearInterval(timer)
    }
  }, [feed])
  return { feed, state, connection, loaded, error }
}

/** Of the list of traces: it does not say whose the root is, its name does for Lambda. */
function storedTrace({
  id,
  name,
  startMs,
  durationMs,
  status,
  method,
  error,
  fault,
  throttle,
}: ConsoleTraceRow): ConsoleLiveTrace {
  return {
    id,
    name,
    service: name,
    source: '',
    startMs,
    durationMs,
    ...(status === undefined ? {} : { status }),
    ...(method === undefined ? {} : { method }),
    error,
    fault,
    throttle,
  }
}
