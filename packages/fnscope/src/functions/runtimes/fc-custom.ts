// How a custom runtime of Function Compute is started: the user's HTTP server, behind a client of ours that hands it its
// requests.
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
import { functionPaths, type FunctionPaths } from '../isolation/function-paths.ts'
import type { Launch, RuntimeHost } from './launch.ts'

const CLIENT = fileURLToPath(new URL('fc-custom-client.mjs', import.meta.url))

/** @throws FnscopeError FNS_CODE_NOT_FOUND without a command or a bootstrap */
export function launchFcCustom(spec: FunctionSpec, host: RuntimeHost): Launch {
  const { command, port } = spec.fc!.custom!
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: dirname(CLIENT),
    program: process.execPath,
    cacheDir: host.cacheDir,
    task: '/code',
  })
  return {
    command: [
      paths.program,
      join(paths.runtime, basename(CLIENT)),
      String(port),
      ...(command.length === 0 ? [bootstrapOf(spec, paths)] : command.map((word) => codePath(word, paths))),
    ],
    cwd: paths.task,
    paths,
    binDirs: [paths.task, ...pathDirs()],
    variables: {},
    version: spec.runtime,
  }
}

/** `/code/server.js`, as the cloud has it, where it lies here. */
function codePath(word: string, { task, mounts }: FunctionPaths): string {
  if (mounts !== undefined || !word.startsWith('/code/')) return word
  const here = join(task, word.slice('/code/'.length))
  return existsSync(here) ? here : word
}

/** The cloud's image has languages on PATH; here they are where the user has them. */
function pathDirs(): string[] {
  return (process.env['PATH'] ?? '').split(':').filter((dir) => dir !== '')
}

function bootstrapOf({ name, logicalId, codeDir }: FunctionSpec, { task }: FunctionPaths): string {
  const file = join(codeDir, 'bootstrap')
  if (existsSync(file)) return join(task, 'bootstrap')
  throw new FnscopeError(
    'FNS_CODE_NOT_FOUND',
    `Function ${name} (${logicalId}) has a custom runtime, and neither customRuntimeConfig.command says how it is started nor is there ${file}. Add one of them.`,
  )
}
