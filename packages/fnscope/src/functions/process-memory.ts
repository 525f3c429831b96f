// Memory and number of an environment's processes: from /proc on Linux; elsewhere one `ps`, best effort.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What the processes of one command hold now, and held at most. */
export interface HeldMemory {
  /** The program's own peak, and what its children hold now. */
  readonly peakKb: number
  /** Resident now; what processes share counts in each. */
  readonly residentKb: number
  readonly processes: readonly number[]
  /** Of all of them. */
  readonly threads: number
}

/** So many are looked at one by one for what they share; of more, as many stand for all. */
const MOST_LOOKED_AT = 64

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}

/** Each thread has the children that it started. */
function childrenOf(pid: number, threads: readonly string[] = threadsOf(pid)): number[] {
  const children = threads
    .map((thread) => readText(`/proc/${pid}/task/${thread}/children`).trim())
    .filter((text) => text !== '')
  return children.flatMap((text) => text.split(' ').map(Number))
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** `pid` and all below it; of more than `mostThreads` in all no more is looked at, for that costs time. */
function treeOf(pid: number, mostThreads: number): { readonly processes: number[]; readonly threads: number } {
  const processes = [pid]
  let threads = 0
  for (let at = 0; at < processes.length && threads <= mostThreads; at += 1) {
    const own = threadsOf(processes[at]!)
    threads += own.length
    if (threads <= mostThreads) processes.push(...childrenOf(processes[at]!, own))
  }
  return { processes, threads }
}

/**
 * The program that a command line started by way of `wrappers` processes, one below the other; undefined: it has not
 * begun.
 */
export function programBelow(pid: number, wrappers: number): number | undefined {
  let program: number | undefined = pid
  for (let left = wrappers; left > 0 && program !== undefined; left -= 1) program = childrenOf(program)[0]
  return program
}

/** Of a program and all that it started; nothing where that cannot be known at once. */
export function heldMemory(program: number, mostThreads: number): HeldMemory {
  const linux = process.platform === 'linux'
  const { processes, threads } = linux ? treeOf(program, mostThreads) : { processes: [], threads: 0 }
  let [peakKb, residentKb] = [0, 0]
  for (const pid of processes) {
    const status = readText(`/proc/${pid}/status`)
    const resident = kilobytes(status, 'VmRSS')
    residentKb += resident
    peakKb += pid === program ? kilobytes(status, 'VmHWM') : resident
  }
  return { peakKb, residentKb, processes, threads }
}

/** Kilobytes that they really take together: what several share counts once. Costs a millisecond a process. */
export function proportionalKb(processes: readonly number[]): number {
  const step = Math.max(1, Math.ceil(processes.length / MOST_LOOKED_AT))
  const looked = processes.filter((_, at) => at % step === 0)
  const sum = looked.reduce((total, pid) => total + kilobytes(readText(`/proc/${pid}/smaps_rollup`), 'Pss'), 0)
  return looked.length === 0 ? 0 : (sum * processes.length) / looked.length
}

/** Resident size where there is no /proc, answered later. */
export function requestMemoryKb(pid: number, answer: (kb: number) => void): void {
  execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 2000 }, (error, stdout) => {
    if (!error) answer(Number(stdout.trim()) || 0)
  })
}
