// A function's own environment variables, under the rules by which the cloud refuses some.
import type { Properties } from './app-context.ts'
import { textOf } from './intrinsics.ts'
import { invalid, mapAt } from './template-value.ts'

const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
])
const MOST_BYTES = 4096

/** @throws FnscopeError FNS_TEMPLATE_INVALID for a reserved or malformed name, a value that is no text, or over 4 KB */
export function readEnvironment(properties: Properties): Record<string, string> {
  const place = properties.at('Environment.Variables')
  const variables = mapAt(properties.map('Environment')['Variables'], place)
  const environment: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(variables)) {
    if (RESERVED.has(name)) throw invalid(`${place}.${name} is reserved by Lambda; use another name.`)
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name)) {
      throw invalid(`${place}.${name}: a name starts with a letter and has two or more letters, digits or _.`)
    }
    const text = textOf(value, `${place}.${name}`)
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text)
    environment[name] = text
  }
  if (bytes > MOST_BYTES) throw invalid(`${place} has ${bytes} bytes of names and values; Lambda takes ${MOST_BYTES}.`)
  return environment
}
