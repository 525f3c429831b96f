// What makes a runtime tell of its imports, without a change of the function: a variable that Python knows, and a file that
// Node loads before anything else.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'

const PRELOAD = 'anatomy-preload.cjs'
const CLIENT_DIR = fileURLToPath(new URL('../runtimes/node-client/', import.meta.url))

/**
 * Nothing for runtimes whose imports cannot be told of.
 * @param runtimeDir of the function as it sees it; Node's has our client @param variables those of the environment until now
 */
export function anatomyVariables(
  { runtime, fc }: Pick<FunctionSpec, 'runtime' | 'fc'>,
  runtimeDir: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  if (runtime.startsWith('python')) return { PYTHONPROFILEIMPORTTIME: '1' }
  if (!runtime.startsWith('nodejs')) return {}
  const own = variables['NODE_OPTIONS']
  const file = join(fc === undefined ? runtimeDir : CLIENT_DIR, PRELOAD)
  return { NODE_OPTIONS: `${own === undefined ? '' : `${own} `}--require=${JSON.stringify(file)}` }
}
