// One invocation until nodejs22.x: the handler may return a promise, call its callback, or context.done/succeed/fail. What
// a callback was given is answered when the event loop is empty, unless context.callbackWaitsForEmptyEventLoop is false;
// a handler that does none of it is answered with null when the loop is empty.
import { logError } from './console.mjs'
import { beginInvocation } from './invocation-context.mjs'
import { serialize } from './result.mjs'

/** Resolves when the answer is posted and the next invocation may be asked for. */
export function invokeBuffered(invocation, { runtime, api }) {
  return new Promise((finished, broken) => {
    const requestId = invocation.headers['lambda-runtime-aws-request-id']
    let whenEmpty = () => post(null)
    let answered = false
    let waits = true
    const onEmpty = () => whenEmpty?.()
    process.on('beforeExit', onEmpty)

    const send = async (work) => {
      process.off('beforeExit', onEmpty)
      try {
        await work()
        // A turn of the event loop for what the handler left to do at once.
        setImmediate(finished)
      } catch (error) {
        broken(error)
      }
    }
    const fail = (error) => {
      if (answered) return
      answered = true
      logError('Invoke Error', error)
      void send(() => api.postError(requestId, error))
    }
    const post = (result) => {
      if (answered) return
      let body
      try {
        body = serialize(result)
      } catch (error) {
        fail(error)
        return
      }
      answered = true
      void send(() => api.postResponse(requestId, body))
    }

    // Whichever the handler uses first counts.
    let settled = false
    const once = (work) =>
      function settle(...values) {
        if (settled) return
        settled = true
        work(...values)
      }
    const isFailure = (error) => error !== undefined && error !== null
    const done = once((error, result) => (isFailure(error) ? fail(error) : post(result)))
    const callback = once((error, result) => {
      if (isFailure(error)) fail(error)
      else if (waits) whenEmpty = () => setImmediate(() => post(result))
      else post(result)
    })
    const own = {
      get callbackWaitsForEmptyEventLoop() {
        return waits
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value
      },
      done,
      succeed: (result) => done(null, result),
      fail: (error) => done(isFailure(error) ? error : 'handled'),
    }
    try {
      const context = beginInvocation(invocation, own)
      const result = runtime.handler(JSON.parse(invocation.body), context, callback)
      if (typeof result?.then === 'function') result.then(own.succeed, own.fail)
    } catch (error) {
      callback(isFailure(error) ? error : 'handled')
    }
  })
}
