// How a function with a custom runtime is started: by its own `bootstrap`, from its code or else from a layer. What cannot
// start is refused with the name of the file and what was found in it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import { functionPaths } from '../isolation/function-paths.ts'
import { whyNotRun } from './program-file.ts'
import type { FunctionSpec } from '../function-spec.ts'
import type { Launch, RuntimeFamily, RuntimeHost } from './launch.ts'

export const customRuntime: RuntimeFamily = {
  names: 'provided.*',
  runs: ({ runtime }) => /^provided(\.|$)/.test(runtime),
  // There is nothing to install; each function's own file is looked at when it is launched.
  prepare: () => Promise.resolve(),
  launch: (spec, host) => Promise.resolve(launch(spec, host)),
}

function launch(spec: FunctionSpec, host: RuntimeHost): Launch {
  const { codeDir, environment } = spec
  const program = bootstrapOf(spec)
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: host.isolation.kind === 'namespace' ? host.isolation.emptyDir : codeDir,
    program,
    cacheDir: host.cacheDir,
  })
  return {
    command: [paths.program],
    cwd: paths.task,
    paths,
    binDirs: paths.opt === undefined ? [] : [join(paths.opt, 'bin')],
    variables: environment['LAMBDA_RUNTIME_DIR'] === undefined ? { LAMBDA_RUNTIME_DIR: paths.runtime } : {},
    version: spec.runtime,
  }
}

function bootstrapOf({ name, logicalId, runtime, codeDir, layerDirs }: FunctionSpec): string {
  const places = [codeDir, ...layerDirs.toReversed()].map((dir) => join(dir, 'bootstrap'))
  const file = places.find((place) => existsSync(place))
  const why = file === undefined ? `there is none at ${places.join(' or ')}` : whyNotRun(file)
  if (file !== undefined && why === undefined) return file
  throw new FnscopeError(
    'FNS_BOOTSTRAP_INVALID',
    `Function ${name} (${logicalId}) on ${runtime} is started by its file "bootstrap", and ${why}. Build the function for this machine and deploy it again.`,
  )
}
