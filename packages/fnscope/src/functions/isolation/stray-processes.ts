// Processes that left their environment's process group (setsid, as daemons do) where no namespace ends them: found by the
// variable that names the environment's /tmp, which every process of it inherits, unless it clears or changes that. Linux
// alone shows another's variables.
import { readdir, readFile } from 'node:fs/promises'

/** For functions that have a TMPDIR of their own. */
const MARK = 'FNSCOPE_ENVIRONMENT'
/** One that is forked while others are looked at is found at the next look. */
const MOST_LOOKS = 5

/** Of grep -E: matches the variable that names a /tmp which begins so. */
export function markPattern(tmpPrefix: string): string {
  return `^(TMPDIR|${MARK})=${tmpPrefix.replaceAll(/[^\w/-]/g, '.')}`
}

/** What must be added to the variables of a process, so that it is found again. */
export function markOf(tmp: string, variables: Readonly<Record<string, string>>): Record<string, string> {
  return variables['TMPDIR'] === tmp ? {} : { [MARK]: tmp }
}

/** SIGKILL to what is left of the environment with this /tmp. */
export async function killStrays(tmp: string): Promise<void> {
  if (process.platform !== 'linux') return
  const marks = ['TMPDIR', MARK].map((name) => `${name}=${tmp}\0`)
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const found = await Promise.all(
      pids.map(async (pid) => {
        const variables = await variablesOf(pid)
        return marks.some((mark) => variables.includes(mark))
      }),
    )
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
