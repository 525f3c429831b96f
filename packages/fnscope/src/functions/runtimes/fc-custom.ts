// How a custom runtime of Function Compute is started: the user's HTTP server, behind a client of ours that hands it its
// requests.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
import { codePaths } from '../isolation/function-paths.ts'
import type { Launch } from './launch.ts'

const CLIENT = fileURLToPath(new URL('fc-custom-client.mjs', import.meta.url))

/** @throws FnscopeError FNS_CODE_NOT_FOUND without a command or a bootstrap */
export function launchFcCustom(spec: FunctionSpec): Launch {
  const { command, port } = spec.fc!.custom!
  return {
    command: [
      process.execPath,
      CLIENT,
      String(port),
      ...(command.length === 0 ? [bootstrapOf(spec)] : command.map((word) => codePath(word, spec))),
    ],
    cwd: spec.codeDir,
    paths: codePaths(spec, process.execPath),
    binDirs: [spec.codeDir, ...pathDirs()],
    variables: {},
    version: spec.runtime,
  }
}

/** `/code/server.js`, as the cloud has it, where it lies here. */
function codePath(word: string, { codeDir }: FunctionSpec): string {
  const here = word.startsWith('/code/') ? join(codeDir, word.slice('/code/'.length)) : word
  return existsSync(here) ? here : word
}

/** The cloud's image has languages on PATH; here they are where the user has them. */
function pathDirs(): string[] {
  return (process.env['PATH'] ?? '').split(':').filter((dir) => dir !== '')
}

function bootstrapOf({ name, logicalId, codeDir }: FunctionSpec): string {
  const file = join(codeDir, 'bootstrap')
  if (existsSync(file)) return file
  throw new FnscopeError(
    'FNS_CODE_NOT_FOUND',
    `Function ${name} (${logicalId}) has a custom runtime, and neither customRuntimeConfig.command says how it is started nor is there ${file}. Add one of them.`,
  )
}
