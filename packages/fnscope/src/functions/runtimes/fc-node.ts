// How a Node function of Function Compute is started: our client under Node. The handler is loaded at the first request, as
// there, not when the instance starts.
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionSpec } from '../function-spec.ts'
import { codePaths } from '../isolation/function-paths.ts'
import type { Launch } from './launch.ts'

const CLIENT = fileURLToPath(new URL('fc-node-client.mjs', import.meta.url))

export function fcNodeMajor(runtime: string): number | undefined {
  const match = /^nodejs(\d+)$/.exec(runtime)
  return match ? Number(match[1]) : undefined
}

export function launchFcNode(spec: FunctionSpec): Launch {
  const own = spec.environment['NODE_PATH']
  const searched = [
    ...(own ? [own] : []),
    join(spec.codeDir, 'node_modules'),
    ...spec.layerDirs.toReversed().map((dir) => join(dir, 'nodejs', 'node_modules')),
  ]
  return {
    command: [process.execPath, CLIENT],
    cwd: spec.codeDir,
    paths: codePaths(spec, process.execPath),
    binDirs: [dirname(process.execPath)],
    variables: { NODE_PATH: searched.join(delimiter), _FNSCOPE_FC_EDITION: spec.fc!.edition },
    version: `nodejs:${process.versions.node}`,
  }
}
