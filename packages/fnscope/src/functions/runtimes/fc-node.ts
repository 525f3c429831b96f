// How a Node function of Function Compute is started: our client under the Node of its version. The handler is loaded at the first request, as
// there, not when the instance starts.
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'
import { functionPaths } from '../isolation/function-paths.ts'
import { findNode } from './node-interpreter.ts'
import type { Launch, RuntimeHost } from './launch.ts'

const CLIENT = fileURLToPath(new URL('fc-node-client.mjs', import.meta.url))

export function fcNodeMajor(runtime: string): number | undefined {
  const match = /^nodejs(\d+)$/.exec(runtime)
  return match ? Number(match[1]) : undefined
}

/** @throws FnscopeError FNS_RUNTIME_MISSING */
export async function launchFcNode(spec: FunctionSpec, major: number, host: RuntimeHost): Promise<Launch> {
  const node = await findNode(major, host)
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: dirname(CLIENT),
    program: node.path,
    cacheDir: host.cacheDir,
    task: '/code',
  })
  const own = spec.environment['NODE_PATH']
  const searched = [
    ...(own ? [own] : []),
    join(paths.task, 'node_modules'),
    ...(paths.opt === undefined ? [] : [join(paths.opt, 'nodejs', 'node_modules')]),
  ]
  return {
    command: [paths.program, join(paths.runtime, basename(CLIENT))],
    cwd: paths.task,
    paths,
    binDirs: [dirname(paths.program)],
    variables: { NODE_PATH: searched.join(delimiter), _FNSCOPE_FC_EDITION: spec.fc!.edition },
    version: `nodejs:${node.version}`,
  }
}
