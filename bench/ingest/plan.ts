// What the environment asks of the ingest benchmark; the defaults are the whole of it.
import type { Subject } from './subject.ts'

export interface Plan {
  /** The largest store; others are for questions alone. */
  readonly spans: number
  /** Smaller stores that are asked as well. */
  readonly smaller: readonly number[]
  /** Of the timed run at full speed. DURATION; SECONDS too, which a shell may count up by itself. */
  readonly seconds: number
  /** The longest that filling up to `spans` may take. */
  readonly fillSeconds: number
  readonly settleSeconds: number
  readonly idleSeconds: number
  /** Times that each question is asked. */
  readonly count: number
  /** The most that a peer is filled with which keeps everything in memory. */
  readonly memorySpans: number
}

const number = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback)
  if (!(value >= 0)) throw new Error(`${name} wants a number, not "${process.env[name]}"`)
  return value
}

export function readPlan(): Plan {
  const spans = number('SPANS', 5_000_000)
  return {
    spans,
    smaller: (process.env['SMALLER'] ?? '1000000')
      .split(',')
      .map(Number)
      .filter((size) => size > 0 && size < spans),
    seconds: number('DURATION', number('SECONDS', 40)),
    fillSeconds: number('FILL_SECONDS', 600),
    settleSeconds: number('SETTLE', 20),
    idleSeconds: number('IDLE', 30),
    count: number('COUNT', 100),
    memorySpans: number('MEMORY_SPANS', 2_000_000),
  }
}

/** So many spans the subject is filled with. */
export function capacity({ memorySpans }: Plan, keeps: Subject['keeps'], spans: number): number {
  return keeps === 'memory' ? Math.min(spans, memorySpans) : spans
}

/** What a memory is made larger by: what is sent beside the questions pushes nothing out that they ask for. */
const MEMORY_SLACK_SPANS = 1_000_000

/** So many spans are to be found again: all on disk, in memory the newest. */
export function heldSpans(keeps: Subject['keeps'], spans: number): number {
  return keeps === 'memory' ? spans + MEMORY_SLACK_SPANS : spans
}

/** How many ids at the end of their file such a memory holds for certain; 0: all. One id every 2,400 spans. */
export function lastIdsOf(keeps: Subject['keeps'], spans: number): number {
  return keeps === 'memory' ? Math.max(1, Math.floor((spans * 0.9) / 2400)) : 0
}
