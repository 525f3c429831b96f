// How a Python function is started: awslambdaric under the interpreter of its version, with the cloud's search order.
import { delimiter, dirname, join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
import { functionPaths } from '../isolation/function-paths.ts'
import { throughWrapper } from './exec-wrapper.ts'
import { bytecodeDir, installClient } from './python-client.ts'
import { findInterpreter } from './python-interpreter.ts'
import type { Launch, RuntimeFamily, RuntimeHost } from './launch.ts'

const PYTHON = /^python3\.(\d+)$/

function minorOf(runtime: string): number {
  const minor = PYTHON.exec(runtime)?.[1]
  if (minor !== undefined) return Number(minor)
  throw new FnscopeError('FNS_RUNTIME_UNSUPPORTED', `The runtime "${runtime}" has no Python.`)
}

/**
 * The interpreter that runs `runtime`'s functions, so that their dependencies are installed with it.
 * @param options.notify told once when the version is missing and the nearest stands in
 * @throws FnscopeError FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING
 */
export async function findPython(
  runtime: string,
  { notify = () => {}, strict }: { readonly notify?: (text: string) => void; readonly strict?: boolean } = {},
): Promise<string> {
  return (await findInterpreter(minorOf(runtime), { notify, strict })).path
}

export const pythonRuntime: RuntimeFamily = {
  names: 'python3.x',
  runs: ({ runtime }) => PYTHON.test(runtime),
  async prepare({ runtime }, host) {
    await installClient(await findInterpreter(minorOf(runtime), host), host)
  },
  launch,
}

async function launch(spec: FunctionSpec, host: RuntimeHost): Promise<Launch> {
  const interpreter = await findInterpreter(minorOf(spec.runtime), host)
  const client = await installClient(interpreter, host)
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: client,
    program: interpreter.path,
    bytecodeDir: bytecodeDir(host, interpreter.minor),
    cacheDir: host.cacheDir,
  })
  const own = spec.environment['PYTHONPATH']
  const searched = [
    paths.task,
    ...paths.dependencies,
    ...(paths.opt === undefined
      ? []
      : [join(paths.opt, 'python', 'lib', spec.runtime, 'site-packages'), join(paths.opt, 'python')]),
    ...(own ? [own] : []),
    paths.runtime,
  ]
  return {
    command: throughWrapper([paths.program, '-m', 'awslambdaric', spec.handler], spec, paths),
    cwd: paths.task,
    paths,
    binDirs: [dirname(paths.program), ...(paths.opt === undefined ? [] : [join(paths.opt, 'bin')])],
    variables: {
      PYTHONPATH: searched.join(delimiter),
      // Bytecode is kept, or every cold start would compile again, but not in the user's own directories.
      ...('PYTHONPYCACHEPREFIX' in spec.environment || paths.bytecode === undefined
        ? {}
        : { PYTHONPYCACHEPREFIX: paths.bytecode }),
      LAMBDA_RUNTIME_DIR: paths.runtime,
    },
    version: `python:${interpreter.version}`,
  }
}
