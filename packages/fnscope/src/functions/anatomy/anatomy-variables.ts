// What makes a runtime tell of its imports, without a change of the function: a variable that Python knows, and a file that
// Node loads before anything else.
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'

const PRELOAD = fileURLToPath(new URL('node-preload.cjs', import.meta.url))

/** Nothing for runtimes whose imports cannot be told of. @param variables those of the environment until now */
export function anatomyVariables(
  { runtime }: Pick<FunctionSpec, 'runtime'>,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  if (runtime.startsWith('python')) return { PYTHONPROFILEIMPORTTIME: '1' }
  if (!runtime.startsWith('nodejs')) return {}
  const own = variables['NODE_OPTIONS']
  return { NODE_OPTIONS: `${own === undefined ? '' : `${own} `}--require=${JSON.stringify(PRELOAD)}` }
}
