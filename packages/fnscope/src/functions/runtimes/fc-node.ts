// How a Node function of Function Compute is started: our client under the Node of its version. The handler is loaded at the first request, as
// there, not when the instance starts.
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'
import { codePaths } from '../isolation/function-paths.ts'
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
  const own = spec.environment['NODE_PATH']
  const searched = [
    ...(own ? [own] : []),
    join(spec.codeDir, 'node_modules'),
    ...spec.layerDirs.toReversed().map((dir) => join(dir, 'nodejs', 'node_modules')),
  ]
  return {
    command: [node.path, CLIENT],
    cwd: spec.codeDir,
    paths: codePaths(spec, node.path),
    binDirs: [dirname(node.path)],
    variables: { NODE_PATH: searched.join(delimiter), _FNSCOPE_FC_EDITION: spec.fc!.edition },
    version: `nodejs:${node.version}`,
  }
}
