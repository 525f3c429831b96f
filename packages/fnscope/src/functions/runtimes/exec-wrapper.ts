// AWS_LAMBDA_EXEC_WRAPPER: the script that a managed runtime's command line is handed to.
import type { FunctionSpec } from '../function-spec.ts'
import { locate, type FunctionPaths } from '../isolation/function-paths.ts'

export function throughWrapper(
  command: readonly string[],
  spec: FunctionSpec,
  paths: FunctionPaths,
): readonly string[] {
  const wrapper = spec.environment['AWS_LAMBDA_EXEC_WRAPPER']
  return wrapper ? [locate(wrapper, paths), ...command] : command
}
