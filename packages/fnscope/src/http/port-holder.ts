// Which process holds a port: /proc on Linux, lsof elsewhere. Best effort, for messages only: another user's process and
// one in another container stay unknown.
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

/** `node (process 4711)`, or undefined when it cannot be told. */
export async function findPortHolder(port: number, protocol: 'tcp' | 'udp'): Promise<string | undefined> {
  try {
    return process.platform === 'linux' ? await findInProc(port, protocol) : await askLsof(port, protocol)
  } catch {
    return undefined
  }
}

const TCP_LISTEN = '0A'

async function findInProc(port: number, protocol: 'tcp' | 'udp'): Promise<string | undefined> {
  const inodes = new Set<string>()
  for (const table of [protocol, `${protocol}6`]) {
    const lines = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n')
    // sl, local address:port in hex, remote, state, queues, timer, retransmits, uid, timeout, inode
    for (const fields of lines.slice(1).map((line) => line.trim().split(/\s+/))) {
      const local = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
      if (local === port && (protocol === 'udp' || fields[3] === TCP_LISTEN)) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  if (inodes.size === 0) return undefined
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (!inodes.has(target)) continue
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim()
      return `${name} (process ${pid})`
    }
  }
  return undefined
}

async function askLsof(port: number, protocol: 'tcp' | 'udp'): Promise<string | undefined> {
  const state = protocol === 'tcp' ? ['-sTCP:LISTEN'] : []
  const args = ['-nP', `-i${protocol.toUpperCase()}:${port}`, ...state, '-Fpc']
  const { stdout } = await promisify(execFile)('lsof', args, { timeout: 2000 })
  const pid = /^p(\d+)$/m.exec(stdout)?.[1]
  return pid === undefined ? undefined : `${/^c(.+)$/m.exec(stdout)?.[1] ?? 'unknown'} (process ${pid})`
}
