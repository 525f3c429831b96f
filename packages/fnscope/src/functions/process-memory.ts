// Peak memory of an environment's processes: from /proc on Linux; elsewhere one `ps`, best effort.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

function descendants(pid: number, depth = 0): number[] {
  if (depth > 8) return []
  const children = readText(`/proc/${pid}/task/${pid}/children`).trim()
  if (children === '') return []
  return children.split(' ').flatMap((child) => [Number(child), ...descendants(Number(child), depth + 1)])
}

/** Kilobytes: the process's own peak and what its children hold now; 0 where that cannot be known at once. */
export function peakMemoryKb(pid: number): number {
  if (process.platform !== 'linux') return 0
  let sum = kilobytes(readText(`/proc/${pid}/status`), 'VmHWM')
  if (sum > 0) for (const child of descendants(pid)) sum += kilobytes(readText(`/proc/${child}/status`), 'VmRSS')
  return sum
}

/** The same where there is no /proc: resident size now, answered later. */
export function requestMemoryKb(pid: number, answer: (kb: number) => void): void {
  execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 2000 }, (error, stdout) => {
    if (!error) answer(Number(stdout.trim()) || 0)
  })
}
