// One invocation of a handler wrapped by awslambda.streamifyResponse: it writes its result to a stream.
import { logError } from './console.mjs'
import { beginInvocation } from './invocation-context.mjs'
import { ResponseStream } from './response-stream.mjs'

export async function invokeStreaming(invocation, { runtime, metadata, api, promisesOnly }) {
  let waits = true
  const own = promisesOnly
    ? {}
    : {
        get callbackWaitsForEmptyEventLoop() {
          return waits
        },
        set callbackWaitsForEmptyEventLoop(value) {
          waits = value
        },
      }
  const context = beginInvocation(invocation, own)
  const { highWaterMark } = metadata
  const stream = new ResponseStream(api, context.awsRequestId, highWaterMark === undefined ? {} : { highWaterMark })
  try {
    const running = runtime.handler(JSON.parse(invocation.body), stream, context)
    if (typeof running?.then !== 'function') throw new Error('Streaming does not support non-async handlers.')
    const returned = await running
    if (returned !== undefined) globalThis.console.warn('Streaming handlers ignore return values.')
    // A stream that nobody ends holds the invocation until its timeout; an empty event loop ends the wait.
    if (!stream.writableEnded && (await emptyLoopOr(stream)) === 'empty')
      throw new Error('Response stream is not finished.')
    await stream.taken
  } catch (error) {
    logError('Invoke Error', error)
    await stream.fail(error)
  }
}

function emptyLoopOr(stream) {
  return new Promise((resolve) => {
    const empty = () => settle('empty')
    const settle = (how) => {
      process.off('beforeExit', empty)
      resolve(how)
    }
    process.once('beforeExit', empty)
    stream.once('finish', () => settle('finished')).once('close', () => settle('closed'))
  })
}
