// What is written down of one subject under one protocol. Types alone.
import type { Answers } from './ask-all.ts'
import type { Sent } from './loadgen.ts'
import type { Protocol, TableSize } from './subject.ts'

export interface Figures {
  readonly subject: string
  readonly protocol: Protocol
  readonly loadBefore: number
  readonly startSeconds: number
  readonly idleFreshMb: Memory
  readonly timed: Sent
  /** What was sent after the timed run to reach the plan's number of spans. */
  readonly fill?: Sent
  readonly spans: number
  /** From the last acknowledgement until all is stored. */
  readonly storedAfterSeconds: number
  /** CPU seconds for each million of acknowledged spans, by process. */
  readonly cpuSecondsPerMillion: {
    /** Of the timed run, until all of it is stored. */
    readonly timed: Readonly<Record<string, number>>
    readonly timedThreads: Readonly<Record<string, number>>
    /** Of all that was sent, until it had settled: with the merges. */
    readonly settled: Readonly<Record<string, number>>
  }
  /** Of all processes, until the settling ended. */
  readonly memoryMb: {
    readonly mostSampled: number
    /** Each process's own; `sum` of moments that need not have met. */
    readonly peaks: Readonly<Record<string, number>>
    readonly settled: number
    readonly afterQuestions: number
  }
  readonly disk?: {
    /** Of the data directory: with logs, and parts that a merge replaced and that are not removed yet. */
    readonly bytes: number
    readonly bytesPerSpan: number
    readonly tablesBytesPerSpan?: number
    readonly tables?: Readonly<Record<string, TableSize>>
  }
  /** By the number of spans that were planned; `spansBefore` says how many there were. */
  readonly questions: Readonly<Record<string, Answers>>
  readonly restart?: {
    /** 30: it did not end and was killed. */
    readonly stopSeconds: number
    readonly startSeconds: number
    readonly idleMb: Memory
    /** Of one core. */
    readonly idleCpuPercent: number
  }
  readonly loadAfter: number
  readonly problems: readonly string[]
}

export interface Memory {
  readonly rss: number
  /** Pages that processes share counted once. */
  readonly pss?: number
}
