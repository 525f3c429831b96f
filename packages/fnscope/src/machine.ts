// What this machine offers to functions: the way they are kept apart, and the interpreters that are installed. Looked at by
// `fnscope doctor`, without starting anything.
import { isolationState, type IsolationState } from './functions/isolation/isolation-state.ts'
import { chooseIsolation } from './functions/isolation/choose-isolation.ts'
import { installedNodes } from './functions/runtimes/node-interpreter.ts'
import { installedPythons } from './functions/runtimes/python-interpreter.ts'
import type { Config } from './config.ts'

export interface Machine {
  readonly isolation: IsolationState
  /** Of each version that the cloud has or had: where it is; absent: another stands in for it. */
  readonly runtimes: readonly { readonly runtime: string; readonly version?: string; readonly path?: string }[]
}

export async function lookAtMachine(config: Pick<Config, 'isolation' | 'cacheDir'>): Promise<Machine> {
  const [isolation, pythons, nodes] = await Promise.all([
    chooseIsolation(config.isolation, config.cacheDir),
    installedPythons(),
    installedNodes(),
  ])
  const runtimes = [
    ...pythons.map(({ minor, found }) => ({ runtime: `python3.${minor}`, ...where(found) })),
    ...nodes.map(({ major, found }) => ({ runtime: `nodejs${major}.x`, ...where(found) })),
  ]
  return { isolation: isolationState(isolation), runtimes }
}

function where(found: { readonly version: string; readonly path: string } | undefined): {
  readonly version?: string
  readonly path?: string
} {
  return found === undefined ? {} : { version: found.version, path: found.path }
}
