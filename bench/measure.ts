// What every benchmark shares: quantiles, the costs of a process, and results written beside the machine they were
// taken on.
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
  return secondsOf(readProc(`/proc/${pid}/stat`))
}

function secondsOf(stat: string | undefined): number | undefined {
  // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field behind it.
  const fields = stat?.replace(/^.*\) /s, '').split(' ')
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** CPU seconds by the names of the process's threads, those of one name summed; threads that ended are missing. */
export function threadCpuSeconds(pid: number): Readonly<Record<string, number>> {
  const seconds: Record<string, number> = {}
  for (const thread of listed(`/proc/${pid}/task`)) {
    const stat = readProc(`/proc/${pid}/task/${thread}/stat`)
    const name = /\((.*)\)/s.exec(stat ?? '')?.[1]
    if (name !== undefined) seconds[name] = (seconds[name] ?? 0) + (secondsOf(stat) ?? 0)
  }
  return seconds
}

/** Bytes that a file or everything below a directory takes on the disk. */
export function diskBytes(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  const below = stat?.isDirectory() ? listed(path).map((name) => diskBytes(join(path, name))) : []
  return below.reduce((sum, bytes) => sum + bytes, (stat?.blocks ?? 0) * 512)
}

/** Datagrams that the kernel threw away for want of room in the socket on this port; undefined where it does not say. */
export function udpDrops(port: number): number | undefined {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const line = readProc('/proc/net/udp')
    ?.split('\n')
    .find((each) => each.trim().split(/\s+/)[1]?.endsWith(local))
  return line === undefined ? undefined : Number(line.trim().split(/\s+/).at(-1))
}

/** The most memory that the process ever held, in MB; undefined where there is no /proc. */
export function peakRssMb(pid: number): number | undefined {
  return megabytes(/^VmHWM:\s+(\d+)/m, readProc(`/proc/${pid}/status`))
}

/** Memory that the process holds now, in MB; undefined where there is no /proc. */
export function rssMb(pid: number): number | undefined {
  return megabytes(/^VmRSS:\s+(\d+)/m, readProc(`/proc/${pid}/status`))
}

/** The same, pages that processes share counted once among them; reading it takes milliseconds of a large process. */
export function pssMb(pid: number): number | undefined {
  return megabytes(/^Pss:\s+(\d+)/m, readProc(`/proc/${pid}/smaps_rollup`))
}

function megabytes(line: RegExp, text: string | undefined): number | undefined {
  const kilobytes = line.exec(text ?? '')?.[1]
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
}

/** Direct children of the process. */
export function childrenOf(pid: number): number[] {
  const text = readProc(`/proc/${pid}/task/${pid}/children`)?.trim()
  return text ? text.split(' ').map(Number) : []
}

function listed(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
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
