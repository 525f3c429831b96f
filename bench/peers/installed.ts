// Where the peers are installed (install.sh), and how one that is a single program is started.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ROOT } from '../../test/started-fnscope.ts'
import { startProgram, untilAnswers } from '../ingest/children.ts'
import type { RunningSubject } from '../ingest/subject.ts'

const DIR = process.env['PEERS_DIR'] ?? join(ROOT, '.fnscope/bench')

export function installedPath(name: string): string {
  return join(DIR, name)
}

/** What to say of a peer that is not installed; undefined when it is. */
export function missingFile(name: string, peer: string): string | undefined {
  return existsSync(installedPath(name)) ? undefined : `not installed: bench/peers/install.sh ${DIR} ${peer}`
}

export interface PeerCommand {
  readonly role: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly readyUrl: string
}

/** Returns when it answers. @throws Error with its last words */
export async function startPeer(
  { role, command, args, env, readyUrl }: PeerCommand,
  rest: Pick<RunningSubject, 'target' | 'questions'>,
): Promise<RunningSubject> {
  const program = startProgram(command, args, env)
  await untilAnswers(readyUrl, program)
  return { ...rest, processes: () => [{ role, pid: program.pid }], stop: () => program.stop() }
}
