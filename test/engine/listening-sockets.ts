// The TCP addresses a process listens on, from Linux's /proc: a test must not trust the configuration it checks.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTEN = '0A'

/** `host:port` of every listening TCP socket of a process, IPv6 addresses as raw hex. */
export function listeningSockets(pid: number): readonly string[] {
  const inodes = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))
      if (match?.[1] !== undefined) inodes.add(match[1])
    } catch {
      // Closed in the meantime.
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map((fields) => readAddress(fields[1] ?? '')),
  )
}

function readAddress(text: string): string {
  const [host = '', port = ''] = text.split(':')
  const dotted = host.length === 8 ? Buffer.from(host, 'hex').reverse().join('.') : host
  return `${dotted}:${Number.parseInt(port, 16)}`
}
