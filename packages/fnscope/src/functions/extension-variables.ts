// The variables of an external extension: the environment's, without what is the runtime's alone.
import { environmentVariables } from './environment-variables.ts'

const WITHHELD: ReadonlySet<string> = new Set([
  'AWS_EXECUTION_ENV',
  'AWS_XRAY_CONTEXT_MISSING',
  'AWS_XRAY_DAEMON_ADDRESS',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
])

/** Takes what `environmentVariables` takes; what the runtime adds for itself (search paths of its language) is left out too. */
export function extensionVariables(...from: Parameters<typeof environmentVariables>): Record<string, string> {
  const [spec, launch, options] = from
  const all = environmentVariables(spec, { ...launch, variables: {} }, options)
  return Object.fromEntries(
    Object.entries(all).filter(
      ([name]) => !name.startsWith('_') && !name.startsWith('AWS_LAMBDA_LOG_') && !WITHHELD.has(name),
    ),
  )
}
