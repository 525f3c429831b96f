// How a Python function of Function Compute is started: our client under the interpreter of its version. The handler is
// imported at the first request, as there, not when the instance starts.
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'
import { functionPaths } from '../isolation/function-paths.ts'
import { bytecodeDir } from './python-client.ts'
import { findInterpreter } from './python-interpreter.ts'
import type { Launch, RuntimeHost } from './launch.ts'

const CLIENT = fileURLToPath(new URL('fc-python-client.py', import.meta.url))
/** `python3` alone is the oldest of them. */
const OLDEST_MINOR = 6

export function fcPythonMinor(runtime: string): number | undefined {
  const match = /^python3(?:\.(\d+))?$/.exec(runtime)
  return match ? Number(match[1] ?? OLDEST_MINOR) : undefined
}

/** @throws FnscopeError FNS_RUNTIME_MISSING */
export async function launchFcPython(spec: FunctionSpec, minor: number, host: RuntimeHost): Promise<Launch> {
  const interpreter = await findInterpreter(minor, host)
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: dirname(CLIENT),
    program: interpreter.path,
    bytecodeDir: bytecodeDir(host, interpreter.minor),
    cacheDir: host.cacheDir,
    task: '/code',
  })
  const own = spec.environment['PYTHONPATH']
  const searched = [
    ...(own ? [own] : []),
    paths.task,
    // where `s build` puts what requirements.txt asks for
    join(paths.task, 'python'),
    ...(paths.opt === undefined ? [] : [join(paths.opt, 'python')]),
    ...paths.dependencies,
  ]
  return {
    // -u: what a killed function has printed is not lost
    command: [paths.program, '-u', join(paths.runtime, basename(CLIENT))],
    cwd: paths.task,
    paths,
    binDirs: [dirname(paths.program)],
    variables: {
      PYTHONPATH: searched.join(delimiter),
      ...(paths.bytecode === undefined ? {} : { PYTHONPYCACHEPREFIX: paths.bytecode }),
      _FNSCOPE_FC_EDITION: spec.fc!.edition,
    },
    version: `python:${interpreter.version}`,
  }
}
