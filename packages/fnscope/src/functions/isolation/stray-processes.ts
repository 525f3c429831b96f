// Processes that left their environment's process group (setsid, as daemons do) where no namespace ends them: found by a
// variable that every process of the environment inherits, unless it clears them. Linux alone shows another's variables.
import { readdir, readFile } from 'node:fs/promises'

const MARK = 'FNSCOPE_ENVIRONMENT'
/** One that is forked while others are looked at is found at the next look. */
const MOST_LOOKS = 5

/** @param environment a text that no other environment has, of letters, digits and dashes */
export function markOf(environment: string): Record<string, string> {
  return { [MARK]: environment }
}

/** SIGKILL to what is left of the environment. */
export async function killStrays(environment: string): Promise<void> {
  if (process.platform !== 'linux') return
  const mark = `${MARK}=${environment}\0`
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const found = await Promise.all(pids.map(async (pid) => (await variablesOf(pid)).includes(mark)))
    const strays = pids.filter((_, at) => found[at])
    if (strays.length === 0) return
    for (const pid of strays) kill(Number(pid))
  }
}

async function variablesOf(pid: string): Promise<Buffer> {
  try {
    return await readFile(`/proc/${pid}/environ`)
  } catch {
    // Another user's, or it has ended.
    return Buffer.alloc(0)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
