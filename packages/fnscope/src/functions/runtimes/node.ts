// How a Node function is started: our runtime client under the Node of its version, with the cloud's search order.
import { delimiter, dirname, join } from 'node:path'
import { functionPaths } from '../isolation/function-paths.ts'
import type { FunctionSpec } from '../function-spec.ts'
import { findNode, type NodeInterpreter } from './node-interpreter.ts'
import { publishNodeClient } from './node-client.ts'
import { awsSdkFor } from './node-sdk.ts'
import { throughWrapper } from './exec-wrapper.ts'
import type { Launch, RuntimeFamily, RuntimeHost } from './launch.ts'

const NODE = /^nodejs(\d+)\.x$/

export const nodeRuntime: RuntimeFamily = {
  names: 'nodejsNN.x',
  runs: ({ runtime }) => NODE.test(runtime),
  async prepare(spec, host) {
    await findNode(majorOf(spec), host)
    await publishNodeClient(host)
    await awsSdkFor(spec, host)
  },
  launch,
}

function majorOf({ runtime }: FunctionSpec): number {
  return Number(NODE.exec(runtime)![1])
}

async function launch(spec: FunctionSpec, host: RuntimeHost): Promise<Launch> {
  const major = majorOf(spec)
  const node = await findNode(major, host)
  const client = await publishNodeClient(host)
  const sdk = await awsSdkFor(spec, host)
  const paths = functionPaths(spec, host.isolation, {
    runtimeDir: client,
    program: node.path,
    cacheDir: host.cacheDir,
    packagesDir: sdk,
  })
  const searched = [
    ...(paths.opt === undefined
      ? []
      : [join(paths.opt, 'nodejs', `node${major}`, 'node_modules'), join(paths.opt, 'nodejs', 'node_modules')]),
    ...(paths.packages === undefined ? [] : [paths.packages]),
    paths.runtime,
    paths.task,
  ]
  const command = [paths.program, ...nodeFlags(spec, { major, node }), join(paths.runtime, 'index.mjs')]
  return {
    command: throughWrapper(command, spec, paths),
    cwd: paths.task,
    paths,
    binDirs: [dirname(paths.program), ...(paths.opt === undefined ? [] : [join(paths.opt, 'bin')])],
    variables: {
      // The function's own replaces the preset one, as on the cloud.
      NODE_PATH: spec.environment['NODE_PATH'] ?? searched.join(delimiter),
      LAMBDA_RUNTIME_DIR: paths.runtime,
    },
    version: `nodejs:${node.version}`,
  }
}

/** The heap is sized by the function's memory as on the cloud; what newer releases switch on is switched off as there. */
function nodeFlags(
  spec: FunctionSpec,
  { major, node }: { readonly major: number; readonly node: NodeInterpreter },
): string[] {
  const options = spec.environment['NODE_OPTIONS'] ?? ''
  const off = (feature: string, ...majors: readonly number[]): string[] =>
    majors.includes(major) && node.major === major && knowsFlags(node) && !options.includes(`--experimental-${feature}`)
      ? [`--no-experimental-${feature}`]
      : []
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-old-space-size=${Math.floor(spec.memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(spec.memoryMb * 0.05))}`,
    ...off('require-module', 20, 22),
    ...off('detect-module', 22),
  ]
}

// Node 20 has had them since 20.19.
function knowsFlags({ major, version }: NodeInterpreter): boolean {
  return major > 20 || Number(version.split('.')[1]) >= 19
}
