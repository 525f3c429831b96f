// The processes that a fnscope has started, by asking the system. Linux.
import { readdirSync, readFileSync } from 'node:fs'

/** Why a test that looks at processes is skipped; false where it runs. */
export const NO_PROC = process.platform === 'linux' ? false : 'needs /proc to see the processes: Linux'

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (state === 'Z' || state === 'X') return []
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return []
      }
    })
}

/** Everything below `pid`, not itself. */
export function descendantsOf(pid: number): Process[] {
  const all = allProcesses()
  const found: Process[] = []
  for (let parents = [pid]; parents.length > 0;) {
    const children = all.filter((one) => parents.includes(one.parent))
    found.push(...children)
    parents = children.map((one) => one.pid)
  }
  return found
}

/** The embedded engine's process below `pid`; undefined while there is none. */
export function enginePidOf(pid: number): number | undefined {
  return descendantsOf(pid).find((one) => one.command.includes('engine-host.mjs'))?.pid
}

export function isAlive(pid: number): boolean {
  return allProcesses().some((one) => one.pid === pid)
}
