// How a Python function is started: awslambdaric under the interpreter of its version, with the cloud's search order.
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
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
 * @param notify told once when the version is missing and the nearest stands in
 * @throws FnscopeError FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING
 */
export async function findPython(runtime: string, notify: (text: string) => void = () => {}): Promise<string> {
  return (await findInterpreter(minorOf(runtime), notify)).path
}

export const pythonRuntime: RuntimeFamily = {
  names: 'python3.x',
  runs: ({ runtime }) => PYTHON.test(runtime),
  async prepare({ runtime }, host) {
    await installClient(await findInterpreter(minorOf(runtime), host.notify), host)
  },
  launch,
}

async function launch(spec: FunctionSpec, host: RuntimeHost): Promise<Launch> {
  const interpreter = await findInterpreter(minorOf(spec.runtime), host.notify)
  const client = await installClient(interpreter, host)
  const layers = spec.layerDirs.toReversed()
  const own = spec.environment['PYTHONPATH']
  const searched = [
    spec.codeDir,
    ...spec.dependencyDirs,
    ...layers.map((dir) => join(dir, 'python', 'lib', spec.runtime, 'site-packages')),
    ...layers.map((dir) => join(dir, 'python')),
    ...(own ? [own] : []),
    client,
  ]
  const command = [interpreter.path, '-m', 'awslambdaric', spec.handler]
  const wrapper = spec.environment['AWS_LAMBDA_EXEC_WRAPPER']
  return {
    command: wrapper ? [resolveWrapper(wrapper, spec), ...command] : command,
    cwd: spec.codeDir,
    binDirs: [...layers.map((dir) => join(dir, 'bin')).filter((dir) => existsSync(dir)), dirname(interpreter.path)],
    variables: {
      PYTHONPATH: searched.join(delimiter),
      // Bytecode is kept, or every cold start would compile again, but not in the user's own directories.
      ...('PYTHONPYCACHEPREFIX' in spec.environment
        ? {}
        : { PYTHONPYCACHEPREFIX: bytecodeDir(host, interpreter.minor) }),
      LAMBDA_RUNTIME_DIR: client,
    },
    version: `python:${interpreter.version}`,
  }
}

// The cloud's paths do not exist here: a wrapper under /opt is looked for in the layers, under /var/task in the code.
function resolveWrapper(path: string, spec: FunctionSpec): string {
  if (path.startsWith('/var/task/')) return join(spec.codeDir, path.slice('/var/task/'.length))
  if (!path.startsWith('/opt/')) return path
  const inLayers = spec.layerDirs.map((dir) => join(dir, path.slice('/opt/'.length)))
  return inLayers.findLast((file) => existsSync(file)) ?? path
}
