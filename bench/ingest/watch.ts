// What the processes of a subject cost while it runs: CPU seconds by process and thread, memory sampled and at its peak.
import { cpuSeconds, peakRssMb, pssMb, rssMb, threadCpuSeconds } from '../measure.ts'
import type { RunningSubject } from './subject.ts'

const SAMPLE_EVERY_MS = 250
/** Threads below are left out of the figures. */
const LEAST_THREAD_SECONDS = 0.05

export interface CpuReading {
  /** By role. */
  readonly roles: Readonly<Record<string, number>>
  /** By role and thread name. */
  readonly threads: Readonly<Record<string, number>>
}

export function readCpu(running: RunningSubject): CpuReading {
  const roles: Record<string, number> = {}
  const threads: Record<string, number> = {}
  for (const { role, pid } of running.processes()) {
    roles[role] = (roles[role] ?? 0) + (cpuSeconds(pid) ?? 0)
    for (const [thread, seconds] of Object.entries(threadCpuSeconds(pid)))
      threads[`${role}/${thread}`] = (threads[`${role}/${thread}`] ?? 0) + seconds
  }
  return { roles, threads }
}

/** CPU seconds for each million of `spans` between two readings: by role, and `total`. */
export function cpuPerMillion(before: CpuReading, after: CpuReading, spans: number): Record<string, number> {
  const used = difference(before.roles, after.roles)
  const total = Object.values(used).reduce((sum, seconds) => sum + seconds, 0)
  return perMillion({ total, ...used }, spans)
}

/** The same by thread; threads that ended in between are missing. */
export function threadsPerMillion(before: CpuReading, after: CpuReading, spans: number): Record<string, number> {
  const used = Object.entries(difference(before.threads, after.threads))
    .filter(([, seconds]) => seconds >= LEAST_THREAD_SECONDS)
    .toSorted(([, a], [, b]) => b - a)
  return perMillion(Object.fromEntries(used), spans)
}

function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]))
}

function perMillion(seconds: Readonly<Record<string, number>>, spans: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(seconds).map(([name, each]) => [name, Number(((each / Math.max(spans, 1)) * 1e6).toFixed(2))]),
  )
}

/** Megabytes of all processes together. pss counts shared pages once; undefined where the system does not say. */
export function memoryMb(running: RunningSubject): { readonly rss: number; readonly pss?: number } {
  const pids = running.processes().map(({ pid }) => pid)
  const pss = pids.map(pssMb)
  return {
    rss: sum(pids.map((pid) => rssMb(pid) ?? 0)),
    ...(pss.includes(undefined) ? {} : { pss: sum(pss as number[]) }),
  }
}

/** Each process at its own peak, since it started: they need not have met. */
export function peaksMb(running: RunningSubject): Record<string, number> {
  const peaks = running.processes().map(({ role, pid }) => [role, peakRssMb(pid) ?? 0] as const)
  return { ...Object.fromEntries(peaks), sum: sum(peaks.map(([, peak]) => peak)) }
}

/** The most that all processes held at one moment, sampled until disposal. */
export function sampleMemory(running: RunningSubject): Disposable & { mostMb(): number } {
  let most = 0
  const sample = (): void => {
    most = Math.max(most, sum(running.processes().map(({ pid }) => rssMb(pid) ?? 0)))
  }
  sample()
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  return { mostMb: () => most, [Symbol.dispose]: () => clearInterval(timer) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}
