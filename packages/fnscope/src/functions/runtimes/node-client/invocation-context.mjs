// `context`, the handler's second argument, from the headers of the invocation and the environment's variables.
import { enterInvocation } from './awslambda-global.mjs'
import { setLogContext } from './console.mjs'
import { runtimeMajor } from './runtime-major.mjs'

const json = (text) => (text === undefined ? undefined : JSON.parse(text))

// Node's own HTTP client reads header bytes as Latin-1, and so does ours; what they hold is UTF-8.
const utf8 = (text) => (text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8'))

/** Makes the invocation the one at work: its id in the log lines, its trace in `_X_AMZN_TRACE_ID`. */
export function beginInvocation({ headers }, own = {}) {
  const trace = headers['lambda-runtime-trace-id']
  if (trace) process.env._X_AMZN_TRACE_ID = trace
  else delete process.env._X_AMZN_TRACE_ID
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  const context = Object.assign(own, {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json(utf8(headers['lambda-runtime-client-context'])),
    identity: json(utf8(headers['lambda-runtime-cognito-identity'])),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    ...(runtimeMajor() >= 24 && { xRayTraceId: trace }),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  })
  setLogContext({ requestId: context.awsRequestId, tenantId: context.tenantId })
  enterInvocation(context)
  return context
}
