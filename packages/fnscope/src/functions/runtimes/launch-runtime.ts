// Which file of this folder starts a function: one family of runtimes each. Nothing else outside of this folder names a
// family, so that a new one is a file and a line here.
import { FnscopeError } from '../../errors.ts'
import type { FunctionSpec } from '../function-spec.ts'
import type { Launch, RuntimeFamily, RuntimeHost } from './launch.ts'
import { customRuntime } from './custom.ts'
import { fcRuntime } from './fc.ts'
import { nodeRuntime } from './node.ts'
import { pythonRuntime } from './python.ts'

const FAMILIES: readonly RuntimeFamily[] = [fcRuntime, pythonRuntime, nodeRuntime, customRuntime]

function familyOf(spec: FunctionSpec): RuntimeFamily | undefined {
  return FAMILIES.find((family) => family.runs(spec))
}

/** False: the function is known and listed, and calling it is refused. */
export function runsHere(spec: FunctionSpec): boolean {
  return familyOf(spec) !== undefined
}

/**
 * Installs what the function's runtime needs, so that a later launch does not wait for it. Functions of one runtime share
 * the work.
 * @throws FnscopeError FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING, FNS_BUILD_FAILED
 */
export async function prepareRuntime(spec: FunctionSpec, host: RuntimeHost): Promise<void> {
  await required(spec).prepare(spec, host)
}

export const OWN_ARCHITECTURE: FunctionSpec['architecture'] = process.arch === 'arm64' ? 'arm64' : 'x86_64'

/** It runs with this machine's interpreter and packages, though it is for another. A bootstrap is looked at for itself. */
export function isForeign(spec: FunctionSpec): boolean {
  return spec.architecture !== OWN_ARCHITECTURE && !spec.runtime.startsWith('provided') && runsHere(spec)
}

/**
 * The command of the function's environments.
 * @throws FnscopeError FNS_RUNTIME_UNSUPPORTED, FNS_RUNTIME_MISSING, FNS_BUILD_FAILED, FNS_CODE_NOT_FOUND
 */
export async function launchRuntime(spec: FunctionSpec, host: RuntimeHost): Promise<Launch> {
  return await required(spec).launch(spec, host)
}

function required(spec: FunctionSpec): RuntimeFamily {
  const family = familyOf(spec)
  if (family) return family
  throw new FnscopeError(
    'FNS_RUNTIME_UNSUPPORTED',
    `Function ${spec.name} (${spec.logicalId}) wants the runtime "${spec.runtime}"; this version of fnscope runs ${FAMILIES.map(({ names }) => names).join(', ')}. The other functions of the app are not affected.`,
  )
}
