// Whether a function has Datadog's Lambda library: its code, a layer, or variables of its name. One that is bundled into a
// file of its own is known by the variables that it is configured with.
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import type { FunctionSpec } from './function-spec.ts'

const IN_CODE = ['datadog_lambda', 'node_modules/datadog-lambda-js']
const IN_LAYER = ['python/datadog_lambda', 'nodejs/node_modules/datadog-lambda-js']
/** The other place of Python's packages in a layer. */
const IN_SITE = 'python/lib/python*/site-packages/datadog_lambda'

export function hasDatadogLibrary({ environment, codeDir, dependencyDirs, layerDirs }: FunctionSpec): boolean {
  const has = (dirs: readonly string[], places: readonly string[]): boolean =>
    dirs.some((dir) => places.some((place) => existsSync(join(dir, place))))
  return (
    Object.keys(environment).some((name) => name.startsWith('DD_')) ||
    has([codeDir, ...dependencyDirs], IN_CODE) ||
    has(layerDirs, IN_LAYER) ||
    layerDirs.some((dir) => globSync(IN_SITE, { cwd: dir }).length > 0)
  )
}
