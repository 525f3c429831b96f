// The runtime of Node functions: loads the handler, then asks for work, runs it and answers, without end. Plain
// JavaScript in files of its own, since a function's Node may be older than fnscope's and reads no TypeScript.
// What the cloud's runtimes do differs by generation: until nodejs22.x handlers may take a callback and what nobody
// catches is reported; from nodejs24.x on a handler is a promise and such an error ends the process.
import { setUpGlobals } from './awslambda-global.mjs'
import { logError, patchConsole } from './console.mjs'
import { unhandledRejectionError } from './error-body.mjs'
import { calledOn } from './called-on.mjs'
import { findHandler, handlerMetadata } from './find-handler.mjs'
import { hookModules } from './module-paths.mjs'
import { hookRequire } from './package-scope.mjs'
import { invokeBuffered } from './invoke-buffered.mjs'
import { invokePromise } from './invoke-promise.mjs'
import { invokeStreaming } from './invoke-streaming.mjs'
import { RuntimeApi } from './runtime-api.mjs'
import { runtimeMajor } from './runtime-major.mjs'

const PROMISES_ONLY_MAJOR = 24
const EXIT_UNCAUGHT = 129
const EXIT_UNHANDLED = 128

const promisesOnly = runtimeMajor() >= PROMISES_ONLY_MAJOR
const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API)

patchConsole()
setUpGlobals()
hookModules()
hookRequire()
if (!promisesOnly) reportWhatNobodyCatches()

let handler
try {
  handler = await findHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER, { promisesOnly })
  // What the module left rejected or throws at once belongs to the init: it is told before work is asked for.
  await new Promise((resolve) => setImmediate(resolve))
} catch (error) {
  logError(promisesOnly ? 'Init Error' : 'Uncaught Exception', error)
  await api.postInitError(error)
  process.exit(promisesOnly ? 1 : EXIT_UNCAUGHT)
}
// Not awaited here: a handler's promise that never settles ends the process as on the cloud, without a word of Node's.
serve().catch((error) => {
  logError('Runtime API', error)
  process.exit(1)
})

async function serve() {
  const metadata = handlerMetadata(handler)
  const invoke = metadata.streaming ? invokeStreaming : promisesOnly ? invokePromise : invokeBuffered
  const runtime = calledOn(handler, { promisesOnly, streaming: metadata.streaming })
  for (;;) {
    const invocation = await api.next()
    await invoke(invocation, { runtime, metadata, api, promisesOnly })
    api.requestId = undefined
  }
}

function reportWhatNobodyCatches() {
  const end = async (title, error, status) => {
    logError(title, error)
    // The runtime's own connection may be waiting for work.
    const teller = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API)
    try {
      await (api.requestId === undefined ? teller.postInitError(error) : teller.postError(api.requestId, error))
    } finally {
      process.exit(status)
    }
  }
  process.on('uncaughtException', (error) => void end('Uncaught Exception', error, EXIT_UNCAUGHT))
  process.on('unhandledRejection', (reason, promise) => {
    void end('Unhandled Promise Rejection', unhandledRejectionError(reason, promise), EXIT_UNHANDLED)
  })
}
