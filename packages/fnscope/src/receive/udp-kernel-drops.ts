// What the kernel threw away because a UDP socket's buffer was full. Linux says so for each socket; other systems do not.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

// Columns of /proc/net/udp and udp6.
const LOCAL_ADDRESS = 1
const INODE = 9
const DROPS = 12

/** Datagrams since this process's socket on `port` was opened; undefined when nobody says. */
export function kernelDrops(port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = ['udp', 'udp6']
    .flatMap((table) => linesOf(`/proc/net/${table}`))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[LOCAL_ADDRESS]?.endsWith(suffix))
  if (rows.length === 0) return undefined
  const own = socketInodes()
  const drops = rows.find((fields) => own.has(fields[INODE] ?? ''))?.[DROPS]
  return drops === undefined ? undefined : Number(drops)
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1)
  } catch {
    return []
  }
}

function socketInodes(): ReadonlySet<string> {
  const inodes = new Set<string>()
  for (const fd of namesIn('/proc/self/fd')) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // Closed since it was listed.
    }
  }
  return inodes
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
