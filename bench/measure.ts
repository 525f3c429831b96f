// What every benchmark shares: quantiles, the costs of a process, and results written beside the machine they were
// taken on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), 'results.json')
/** Of /proc: USER_HZ, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export interface Quantiles {
  readonly min: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** Of samples in any order; three decimals. */
export function quantiles(samples: readonly number[]): Quantiles {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(3))
  return { min: at(0), p50: at(0.5), p95: at(0.95), max: at(1) }
}

export function median(samples: readonly number[]): number {
  return quantiles(samples).p50
}

/** CPU seconds that the process has used, all its threads; undefined where there is no /proc. */
export function cpuSeconds(pid: number): number | undefined {
  // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field behind it.
  const fields = readProc(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /, '')
    .split(' ')
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** The most memory that the process ever held, in MB; undefined where there is no /proc. */
export function peakRssMb(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
}

/** Direct children of the process. */
export function childrenOf(pid: number): number[] {
  const text = readProc(`/proc/${pid}/task/${pid}/children`)?.trim()
  return text ? text.split(' ').map(Number) : []
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Processes that want a core, averaged over the last minute: figures taken beside others say so. */
export function load(): number {
  return Number(loadavg()[0]!.toFixed(2))
}

/** Prints the figures and puts them under `name` in results.json. */
export function report(name: string, figures: Readonly<Record<string, unknown>>): void {
  const all = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, unknown>) : {}
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
  all[name] = { date: new Date().toISOString().slice(0, 10), machine, ...figures }
  if (process.env['DRY'] === undefined) writeFileSync(RESULTS, `${JSON.stringify(all, undefined, 2)}\n`)
  console.log(JSON.stringify({ name, ...figures }, undefined, 2))
}
