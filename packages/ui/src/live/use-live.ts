// The feed of the Live page: what is stored first, then what comes (GET /api/live). It goes on while other pages are
// looked at for as long as this page is mounted; a broken connection comes back by itself, with what was missed.
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type {
  ConsoleLivePhases,
  ConsoleLiveTrace,
  ConsoleLogLine,
  ConsoleTraceRow,
} from '../../../fnscope/src/api/console-types.ts'
import { api } from '../api.ts'
import { announce } from '../parts/announce.ts'
import { useLiveEvents, type LiveEvent } from '../parts/live-events.ts'
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

const EVENTS: readonly LiveEvent[] = ['trace', 'phases', 'log']
const FIRST = 100
const ANNOUNCE_MS = 5000

export function useLive(): LiveFeed {
  const feed = useMemo(() => new Feed({ onFrame: (run) => void requestAnimationFrame(run) }), [])
  const state = useSyncExternalStore(feed.subscribe, feed.state)
  const [connection, setConnection] = useState<Connection>('connecting')
  const [loaded, setLoaded] = useState(false)
  const [error, setError] = useState<unknown>()
  const came = useRef({ all: 0, failed: 0 })
  useEffect(() => {
    const abort = new AbortController()
    const load = async (): Promise<void> => {
      const { traces } = await api.traces({ since: '1d', limit: FIRST, phases: 1 }, abort.signal)
      for (const row of traces.toReversed()) {
        for (const phases of row.phases ?? []) feed.addPhases({ id: row.id, ...phases })
        feed.addTrace(storedTrace(row), false)
      }
      setLoaded(true)
    }
    load().catch((cause: unknown) => {
      if (!abort.signal.aborted) setError(cause)
    })
    return () => abort.abort()
  }, [feed])
  useLiveEvents(EVENTS, true, {
    on(event, data) {
      if (event === 'log') feed.addLine(data as ConsoleLogLine)
      if (event === 'phases') feed.addPhases(data as ConsoleLivePhases)
      if (event !== 'trace') return
      const trace = data as ConsoleLiveTrace
      feed.addTrace(trace)
      came.current.all += 1
      if (trace.error || trace.fault || trace.throttle) came.current.failed += 1
    },
    missed(events) {
      if (events === undefined) feed.mark('fnscope was started again', Date.now())
      else feed.miss(events)
    },
    connected: (isOpen) => setConnection(isOpen ? 'open' : 'lost'),
  })
  useEffect(() => {
    const timer = setInterval(() => {
      const { all, failed } = came.current
      if (all > 0) announce(`${all} new invocations, ${failed} failed`)
      came.current = { all: 0, failed: 0 }
    }, ANNOUNCE_MS)
    return () => clearInterval(timer)
  }, [])
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
