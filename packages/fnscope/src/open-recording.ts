// What everything that comes in goes through, and where it is read again: the data directory's retention, the store, the
// log in front of it, the graph's job, and who looks on as it passes. Wiring only; doors and functions are server.ts's.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { logLine } from './api/console-logs.ts'
import { Live } from './api/live.ts'
import type { Config } from './config.ts'
import type { Counters } from './counters.ts'
import type { Clock } from './functions/clock.ts'
import {
  answeringStored,
  measuringLogs,
  showingBatches,
  tellingLogs,
  type LineMetrics,
  type LogListener,
} from './ingest-taps.ts'
import type { Ingest } from './ingest/ingest.ts'
import { openIngest } from './ingest/open-ingest.ts'
import type { Logger } from './log.ts'
import { openConfiguredStore } from './open-store.ts'
import { GraphJob } from './query/graph-job.ts'
import { RetentionSetting } from './retention-setting.ts'
import { NANOS_PER_DAY, type TimeBounds } from './span/time.ts'
import { takeDataLock } from './store/engine-lock.ts'
import type { Store } from './store/store.ts'

export interface RecordingOptions {
  readonly dataDir: string
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Logger
  /** The longest that closing waits for the log to drain. */
  readonly drainMs: number
}

export interface Recording {
  readonly retention: RetentionSetting
  readonly store: Store
  readonly ingest: Ingest
  /** For doors whose sender waits for the answer: with `--ack stored` until it is stored. */
  readonly answeringIngest: Ingest
  readonly job: GraphJob
  readonly live: Live
  /** Called with log lines as they are taken in. */
  readonly logListeners: LogListener[]
  /** Asked for the points that lines make before they are taken in. */
  readonly lineMetrics: LineMetrics[]
  /** When spans may start. */
  readonly bounds: () => TimeBounds
  /** Resolves when everything accepted so far can be read. */
  flushed(): Promise<void>
}

/** The longest that a sender waits with `--ack stored`: below the 10 s after which most give up. */
const STORED_WAIT_MS = 8000

/** What is opened is closed by `cleanup`. @throws FnscopeError */
export async function openRecording(
  config: Config,
  options: RecordingOptions,
  cleanup: AsyncDisposableStack,
): Promise<Recording> {
  const { dataDir, counters, clock, log, drainMs } = options
  const retention = new RetentionSetting({ config, dataDir, log })
  const opened = await openConfiguredStore(config, { dataDir, retention: retention.current, log })
  cleanup.defer(() => opened.close())
  const { store } = opened
  const openedIngest = await openIngest({
    dir: join(dataDir, 'wal'),
    writer: store,
    counters,
    log,
    maxBytes: config.walMaxBytes,
    fsync: config.fsync,
    lock: takeDataLock,
  })
  cleanup.defer(() => openedIngest.close({ drainMs }))
  const holder = randomUUID()
  const job = new GraphJob({
    // What a missing part of the store lacks would be stored as all there is.
    reader: store.whole,
    writer: store,
    now: clock,
    log,
    // Nobody else is on the store of a data directory.
    ...(config.storeUrl !== undefined && { lease: (seconds: number) => store.lease('graph', holder, seconds) }),
  })
  cleanup.defer(() => job.stop())
  const logListeners: LogListener[] = []
  const lineMetrics: LineMetrics[] = []
  const live = new Live({ logLine })
  const ingest = showingBatches(tellingLogs(measuringLogs(openedIngest, lineMetrics), logListeners), (batch) =>
    live.note(batch),
  )
  const answeringIngest = config.ack === 'stored' ? answeringStored(ingest, STORED_WAIT_MS) : ingest
  job.start()

  const bounds = (): TimeBounds => {
    const now = clock()
    return {
      minNanos: now - BigInt(Math.round(retention.current.spansDays * 86_400)) * 1_000_000_000n,
      maxNanos: now + NANOS_PER_DAY,
    }
  }
  const flushed = async (): Promise<void> => await openedIngest.flushed()
  return { retention, store, ingest, answeringIngest, job, live, logListeners, lineMetrics, bounds, flushed }
}
