// The lines of one environment since the last invocation's end, bounded, in the order of writing. What reads the bytes
// is log-stream.ts; what they become is invocation-log.ts.
import type { Clock } from './clock.ts'
import type { FunctionLine } from './invocation-record.ts'
import type { LogEvent } from './log-stream.ts'

/** Text of one invocation that is kept; what goes over is counted. */
const MAX_LOG_BYTES = 10 * 1024 * 1024

export interface CollectedLines {
  readonly lines: readonly FunctionLine[]
  /** Lines that went over the bound. */
  readonly droppedLines: number
}

export class LineCollector {
  readonly #clock: Clock
  #lines: FunctionLine[] = []
  #bytes = 0
  #dropped = 0
  #lastNanos = 0n

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(event: LogEvent, when: Pick<FunctionLine, 'duringInit' | 'requestId'>): void {
    if (this.#bytes + event.text.length > MAX_LOG_BYTES) {
      this.#dropped += 1
      return
    }
    // The order of writing is kept in the times: the runtime's clock and ours may be a little apart.
    const now = this.#clock()
    const said = event.timeNanos !== undefined && event.timeNanos < now ? event.timeNanos : now
    const timeNanos = said > this.#lastNanos ? said : this.#lastNanos + 1n
    this.#lastNanos = timeNanos
    this.#bytes += event.text.length
    this.#lines.push({ timeNanos, text: event.text, level: event.level, ...when })
  }

  /** Hands over what there is, and begins anew. */
  take(): CollectedLines {
    const taken = { lines: this.#lines, droppedLines: this.#dropped }
    this.#lines = []
    this.#bytes = 0
    this.#dropped = 0
    return taken
  }
}
