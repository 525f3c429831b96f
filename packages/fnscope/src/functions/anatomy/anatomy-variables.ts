// What makes a runtime tell of its imports, without a change of the function: a variable that Python knows, and a file that
// Node loads before anything else.
import { join } from 'node:path'
import type { FunctionSpec } from '../function-spec.ts'

const PRELOAD = 'anatomy-preload.cjs'

/**
 * Nothing for runtimes whose imports cannot be told of.
 * @param runtimeDir of the function as it sees it; Lambda's for Node has our client, Function Compute's the clients of all @param variables those of the environment until now
 */
export function anatomyVariables(
  { runtime, fc }: Pick<FunctionSpec, 'runtime' | 'fc'>,
  runtimeDir: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  if (runtime.startsWith('python')) return { PYTHONPROFILEIMPORTTIME: '1' }
  if (!runtime.startsWith('nodejs')) return {}
  const own = variables['NODE_OPTIONS']
  const file = join(runtimeDir, fc === undefined ? '' : 'node-client', PRELOAD)
  return { NODE_OPTIONS: `${own === undefined ? '' : `${own} `}--require=${JSON.stringify(file)}` }
}
