// The runtimes of Alibaba Cloud Function Compute.
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
import { launchFcCustom } from './fc-custom.ts'
import { fcNodeMajor, launchFcNode } from './fc-node.ts'
import { fcPythonMinor, launchFcPython } from './fc-python.ts'
import type { Launch, RuntimeFamily, RuntimeHost } from './launch.ts'

const NAMES = 'python3, python3.x, nodejsX and custom runtimes of Function Compute'

async function launch(spec: FunctionSpec, host: RuntimeHost): Promise<Launch> {
  const minor = fcPythonMinor(spec.runtime)
  if (minor !== undefined) return await launchFcPython(spec, minor, host)
  const major = fcNodeMajor(spec.runtime)
  if (major !== undefined) return await launchFcNode(spec, major, host)
  if (spec.fc?.custom !== undefined) return launchFcCustom(spec, host)
  throw new FnscopeError(
    'FNS_RUNTIME_UNSUPPORTED',
    `Function ${spec.name} (${spec.logicalId}) wants the runtime "${spec.runtime}"; this version of fnscope runs ${NAMES}. The other functions of the app are not affected.`,
  )
}

export const fcRuntime: RuntimeFamily = {
  names: NAMES,
  runs: (spec) => spec.fc !== undefined,
  // Finding the interpreter is all there is to prepare: the clients are files of ours.
  async prepare(spec, host) {
    await launch(spec, host)
  },
  launch,
}
