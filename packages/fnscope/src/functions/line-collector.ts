// The lines of one environment since the last invocation's end, bounded, in the order of writing. What reads the bytes
// is log-stream.ts; what they become is invocation-log.ts.
import type { Clock } from './clock.ts'
import type { ExtensionNote } from './extension.ts'
import type { FunctionLine } from './invocation-record.ts'
import type { LogEvent } from './log-stream.ts'
import { StackTraceLines } from './stack-trace-lines.ts'

/** Text of one invocation that is kept; what goes over is counted. */
const MAX_LOG_BYTES = 10 * 1024 * 1024
/** Lines of one stack trace are written one after the other. */
const TRACE_PAUSE_NANOS = 200_000_000n
/** As the cloud bounds an event. */
const MAX_TRACE_LENGTH = 256 * 1024

export interface CollectedLines {
  readonly lines: readonly FunctionLine[]
  /** Lines that went over the bound. */
  readonly droppedLines: number
}

/** Who wrote a line, and when in the environment's life. */
export type LineOrigin = Pick<FunctionLine, 'duringInit' | 'requestId' | 'extension'>

export class LineCollector {
  readonly #clock: Clock
  #lines: FunctionLine[] = []
  #bytes = 0
  #dropped = 0
  #lastNanos = 0n
  readonly #traces = new StackTraceLines()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the platform itself says, at its place among the lines. */
  note(note: ExtensionNote, when: LineOrigin): void {
    this.#traces.end()
    this.#lines.push({ timeNanos: this.#next(this.#clock()), text: '', level: '', note, ...when })
  }

  add(event: LogEvent, when: LineOrigin): void {
    if (this.#bytes + event.text.length > MAX_LOG_BYTES) {
      this.#dropped += 1
      return
    }
    // The order of writing is kept in the times: the runtime's clock and ours may be a little apart.
    const now = this.#clock()
    const said = event.timeNanos !== undefined && event.timeNanos < now ? event.timeNanos : now
    const lastNanos = this.#lastNanos
    const timeNanos = this.#next(said)
    const pauseNanos = timeNanos - lastNanos
    this.#bytes += event.text.length
    if (event.timeNanos !== undefined) this.#traces.end()
    else if (this.#joins(event.text, pauseNanos, when)) return
    this.#lines.push({ timeNanos, text: event.text, level: event.level, ...when })
  }

  #next(atNanos: bigint): bigint {
    this.#lastNanos = atNanos > this.#lastNanos ? atNanos : this.#lastNanos + 1n
    return this.#lastNanos
  }

  /** A raw line of the stack trace that the last line belongs to becomes a part of that. */
  #joins(text: string, pauseNanos: bigint, when: LineOrigin): boolean {
    const last = this.#lines.at(-1)
    const together =
      last !== undefined &&
      last.note === undefined &&
      last.extension === when.extension &&
      last.requestId === when.requestId &&
      last.duringInit === when.duringInit &&
      pauseNanos <= TRACE_PAUSE_NANOS &&
      last.text.length + text.length < MAX_TRACE_LENGTH
    if (!together) this.#traces.end()
    if (!this.#traces.continues(text) || !together) return false
    this.#lines[this.#lines.length - 1] = { ...last, text: `${last.text}\n${text}` }
    return true
  }

  /** Hands over what there is, and begins anew. */
  take(): CollectedLines {
    this.#traces.end()
    const taken = { lines: this.#lines, droppedLines: this.#dropped }
    this.#lines = []
    this.#bytes = 0
    this.#dropped = 0
    return taken
  }
}
