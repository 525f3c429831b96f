// One subject under one protocol: a timed run into an empty store, filling it up, what that cost, the questions, and a
// restart; before it, smaller stores that are only asked.
import { diskBytes, load } from '../measure.ts'
import { askAll, type Answers } from './ask-all.ts'
import type { Figures } from './figures.ts'
import type { Sent } from './loadgen.ts'
import { capacity, heldSpans, lastIdsOf, type Plan } from './plan.ts'
import type { Protocol, RunningSubject, Subject, TableSize } from './subject.ts'
import { pause, Trial } from './trial.ts'
import { cpuPerMillion, memoryMb, peaksMb, readCpu, sampleMemory, threadsPerMillion } from './watch.ts'

const FRESH_SECONDS = 2

/** @throws Error when it does not start, or not listen for the protocol */
export async function measureSubject(subject: Subject, protocol: Protocol, plan: Plan): Promise<Figures> {
  const problems: string[] = []
  const options = { subject, protocol, problem: (text: string) => void problems.push(text) }
  const loadBefore = load()
  const questions: Record<string, Answers> = {}
  if (subject.keeps !== 'nothing') {
    for (const size of plan.smaller) {
      const spans = capacity(plan, subject.keeps, size)
      await using trial = new Trial({ ...options, spans: heldSpans(subject.keeps, spans) })
      await trial.start()
      const sent = await trial.send({ spans, seconds: plan.fillSeconds })
      await trial.untilStored()
      await pause(plan.settleSeconds)
      questions[size] = await askTrial(trial, subject, plan, { spans, perSecond: sent.acked_spans_per_s })
    }
  }

  const spans = capacity(plan, subject.keeps, plan.spans)
  await using trial = new Trial({ ...options, spans: heldSpans(subject.keeps, spans) })
  const startSeconds = await trial.start()
  await pause(FRESH_SECONDS)
  const idleFreshMb = memoryMb(trial.running)
  const ingested = await ingest(trial, plan, subject.keeps === 'nothing' ? 0 : spans)
  const bytes = diskBytes(trial.dataDir)
  const tables = await trial.running.tables?.()
  if (subject.keeps !== 'nothing')
    questions[plan.spans] = await askTrial(trial, subject, plan, {
      spans,
      perSecond: ingested.timed.acked_spans_per_s,
    })
  const afterQuestions = memoryMb(trial.running).rss
  return {
    subject: subject.name,
    protocol,
    loadBefore,
    startSeconds,
    idleFreshMb,
    ...ingested,
    memoryMb: { ...ingested.memoryMb, afterQuestions },
    questions,
    ...(subject.keeps === 'disk'
      ? {
          disk: diskFigures(bytes, ingested.spans, tables),
          restart: await restart(trial, plan),
        }
      : {}),
    loadAfter: load(),
    problems,
  }
}

function diskFigures(
  bytes: number,
  spans: number,
  tables: Readonly<Record<string, TableSize>> | undefined,
): NonNullable<Figures['disk']> {
  const perSpan = (of: number): number => Number((of / spans).toFixed(1))
  if (tables === undefined) return { bytes, bytesPerSpan: perSpan(bytes) }
  const ofTables = Object.values(tables).reduce((sum, table) => sum + table.bytes, 0)
  return { bytes, bytesPerSpan: perSpan(bytes), tablesBytesPerSpan: perSpan(ofTables), tables }
}

async function ingest(trial: Trial, plan: Plan, spans: number) {
  const { running } = trial
  using memory = sampleMemory(running)
  const before = readCpu(running)
  const timed = await trial.send({ seconds: plan.seconds })
  let stored = await trial.untilStored()
  const afterTimed = readCpu(running)
  let fill: Sent | undefined
  if (spans > trial.acked) {
    fill = await trial.send({ seconds: plan.fillSeconds, spans: spans - trial.acked })
    stored = await trial.untilStored()
    if (trial.acked < spans)
      trial.problem(`only ${trial.acked} spans in ${plan.seconds} and ${plan.fillSeconds} s (FILL_SECONDS)`)
  }
  await pause(plan.settleSeconds)
  return {
    timed,
    ...(fill === undefined ? {} : { fill }),
    spans: trial.acked,
    storedAfterSeconds: stored.seconds,
    cpuSecondsPerMillion: {
      timed: cpuPerMillion(before, afterTimed, timed.acked_spans),
      timedThreads: threadsPerMillion(before, afterTimed, timed.acked_spans),
      settled: cpuPerMillion(before, readCpu(running), trial.acked),
    },
    memoryMb: { mostSampled: memory.mostMb(), peaks: peaksMb(running), settled: memoryMb(running).rss },
  }
}

async function askTrial(
  trial: Trial,
  { keeps }: Subject,
  { count }: Plan,
  { spans, perSecond }: { readonly spans: number; readonly perSecond: number },
): Promise<Answers> {
  return await askAll({
    running: trial.running,
    idsFile: trial.idsFile,
    lastIds: lastIdsOf(keeps, spans),
    count,
    spansBefore: keeps === 'memory' ? Math.min(trial.acked, heldSpans(keeps, spans)) : trial.acked,
    beside: { ...trial.sending, rate: perSecond / 2 },
    problem: (text) => trial.problem(`at ${trial.acked} spans: ${text}`),
  })
}

async function restart(trial: Trial, { idleSeconds }: Plan): Promise<NonNullable<Figures['restart']>> {
  const stopSeconds = await trial.stop()
  const startSeconds = await trial.start()
  const { running } = trial
  // What a start still has to do is not idling yet.
  await pause(idleSeconds / 3)
  const before = readCpu(running)
  const began = performance.now()
  await pause((idleSeconds * 2) / 3)
  const seconds = (performance.now() - began) / 1000
  return { stopSeconds, startSeconds, idleMb: memoryMb(running), idleCpuPercent: cpuPercent(before, running, seconds) }
}

function cpuPercent(before: ReturnType<typeof readCpu>, running: RunningSubject, seconds: number): number {
  const total = ({ roles }: ReturnType<typeof readCpu>): number =>
    Object.values(roles).reduce((sum, each) => sum + each, 0)
  return Number((((total(readCpu(running)) - total(before)) / Math.max(seconds, 0.001)) * 100).toFixed(1))
}
