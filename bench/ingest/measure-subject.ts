// One subject under one protocol, from an empty directory to a restart: what the figures of the table come of.
import { join } from 'node:path'

import { diskBytes, load } from '../measure.ts'
import { askAll, type Answers } from './ask-all.ts'
import { ownDirectory } from './children.ts'
import { send, type SendOptions, type Sent } from './loadgen.ts'
import { capacity, lastIdsOf, type Plan } from './plan.ts'
import type { Protocol, RunningSubject, Subject, TableSize } from './subject.ts'
import { cpuPerMillion, memoryMb, peaksMb, readCpu, sampleMemory, threadsPerMillion } from './watch.ts'

export interface Figures {
  readonly subject: string
  readonly protocol: Protocol
  readonly loadBefore: number
  readonly startSeconds: number
  readonly idleFreshMb: { readonly rss: number; readonly pss?: number }
  readonly timed: Sent
  readonly fill?: Sent
  readonly spans: number
  /** From the last acknowledgement until all is stored. */
  readonly storedAfterSeconds: number
  /** Acknowledged and not found stored. */
  readonly missingSpans?: number
  readonly cpuSecondsPerMillion: {
    /** Of the timed run, until all of it is stored. */
    readonly timed: Readonly<Record<string, number>>
    readonly timedThreads: Readonly<Record<string, number>>
    /** Of all that was sent, and until `settleSeconds` later: with merges. */
    readonly settled: Readonly<Record<string, number>>
  }
  readonly memoryMb: {
    readonly mostSampled: number
    readonly peaks: Readonly<Record<string, number>>
    readonly afterSettling: number
    readonly afterQuestions?: number
  }
  readonly disk?: {
    readonly bytes: number
    readonly bytesPerSpan: number
    readonly tables?: Readonly<Record<string, TableSize>>
  }
  /** By the number of spans. */
  readonly questions: Readonly<Record<string, Answers>>
  readonly restart?: {
    readonly startSeconds: number
    readonly idleMb: { readonly rss: number; readonly pss?: number }
    /** Of one core. */
    readonly idleCpuPercent: number
  }
  readonly loadAfter: number
  readonly problems: readonly string[]
}

const STORED_TIMEOUT_MS = 180_000

interface Run {
  readonly subject: Subject
  readonly protocol: Protocol
  readonly plan: Plan
  readonly problem: (text: string) => void
}

/** @throws Error when it does not start or does not listen for the protocol */
export async function measureSubject(subject: Subject, protocol: Protocol, plan: Plan): Promise<Figures> {
  const problems: string[] = []
  const run: Run = { subject, protocol, plan, problem: (text) => problems.push(text) }
  const loadBefore = load()
  const questions: Record<string, Answers> = {}
  if (subject.keeps !== 'nothing')
    for (const spans of plan.smaller) {
      const answers = await askSmaller(run, spans)
      if (answers !== undefined) questions[spans] = answers
    }

  using directory = ownDirectory(subject.name)
  const most = capacity(plan, subject.keeps, plan.spans)
  const started = await timedStart(subject, directory.path, most)
  let { running } = started
  try {
    const idsFile = `${directory.path}.ids`
    const sending = { protocol, target: targetOf(running, protocol), idsFile }
    await pause(2)
    const idleFreshMb = memoryMb(running)

    const cpuBefore = readCpu(running)
    let mostSampled: number
    let timed: Sent
    let fill: Sent | undefined
    let stored: Awaited<ReturnType<typeof untilStored>>
    let cpuTimed: ReturnType<typeof readCpu>
    {
      using memory = sampleMemory(running)
      timed = checked(await send({ ...sending, seconds: plan.seconds }), run)
      stored = await untilStored(running, timed.acked_spans)
      cpuTimed = readCpu(running)
      const rest = most - timed.acked_spans
      if (rest > 0 && subject.keeps !== 'nothing') {
        fill = checked(await send({ ...sending, seconds: plan.fillSeconds, spans: rest }), run)
        stored = await untilStored(running, timed.acked_spans + fill.acked_spans)
      }
      await pause(plan.settleSeconds)
      mostSampled = memory.mostMb()
    }
    const spans = timed.acked_spans + (fill?.acked_spans ?? 0)
    if (stored.missing !== 0) run.problem(`${stored.missing} acknowledged spans are not stored`)
    const cpuSettled = readCpu(running)
    const peaks = peaksMb(running)
    const afterSettling = memoryMb(running).rss
    const tables = await running.tables?.()
    const bytes = diskBytes(directory.path)

    const asked =
      subject.keeps === 'nothing'
        ? undefined
        : await askAll({
            running,
            idsFile,
            lastIds: lastIdsOf(subject.keeps, most),
            count: plan.count,
            spansBefore: spans,
            beside: { protocol, target: sending.target, rate: timed.acked_spans_per_s / 2 },
            problem: run.problem,
          })
    if (asked !== undefined) questions[plan.spans] = asked
    const afterQuestions = memoryMb(running).rss
    let restart: Figures['restart']
    if (subject.keeps === 'disk') {
      await running.stop()
      const again = await timedStart(subject, directory.path, most)
      running = again.running
      restart = { startSeconds: again.seconds, ...(await measureIdle(running, plan.idleSeconds)) }
    }
    return {
      subject: subject.name,
      protocol,
      loadBefore,
      startSeconds: started.seconds,
      idleFreshMb,
      timed,
      ...(fill === undefined ? {} : { fill }),
      spans,
      storedAfterSeconds: stored.seconds,
      ...(running.storedSpans === undefined ? {} : { missingSpans: stored.missing }),
      cpuSecondsPerMillion: {
        timed: cpuPerMillion(cpuBefore, cpuTimed, timed.acked_spans),
        timedThreads: threadsPerMillion(cpuBefore, cpuTimed, timed.acked_spans),
        settled: cpuPerMillion(cpuBefore, cpuSettled, spans),
      },
      memoryMb: { mostSampled, peaks, afterSettling, ...(asked === undefined ? {} : { afterQuestions }) },
      ...(subject.keeps === 'disk'
        ? {
            disk: {
              bytes,
              bytesPerSpan: Number((bytes / Math.max(spans, 1)).toFixed(1)),
              ...(tables === undefined ? {} : { tables }),
            },
          }
        : {}),
      questions,
      ...(restart === undefined ? {} : { restart }),
      loadAfter: load(),
      problems,
    }
  } finally {
    await running.stop()
  }
}

/** A store of its own with fewer spans, for the questions. */
async function askSmaller(run: Run, spans: number): Promise<Answers | undefined> {
  const { subject, protocol, plan } = run
  const most = capacity(plan, subject.keeps, spans)
  using directory = ownDirectory(subject.name)
  const { running } = await timedStart(subject, directory.path, most)
  try {
    const idsFile = `${directory.path}.ids`
    const target = targetOf(running, protocol)
    const sent = checked(await send({ protocol, target, idsFile, spans: most, seconds: plan.fillSeconds }), run)
    await untilStored(running, sent.acked_spans)
    await pause(plan.settleSeconds)
    return await askAll({
      running,
      idsFile,
      lastIds: lastIdsOf(subject.keeps, most),
      count: plan.count,
      spansBefore: sent.acked_spans,
      beside: { protocol, target, rate: sent.acked_spans_per_s / 2 },
      problem: (text) => run.problem(`at ${spans} spans: ${text}`),
    })
  } finally {
    await running.stop()
  }
}
