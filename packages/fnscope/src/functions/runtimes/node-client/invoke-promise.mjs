// One invocation from nodejs24.x on: a handler returns its result or a promise of it, and that is all.
import { logError } from './console.mjs'
import { beginInvocation } from './invocation-context.mjs'
import { serialize } from './result.mjs'

export async function invokePromise(invocation, { runtime, api }) {
  const context = beginInvocation(invocation)
  try {
    const body = serialize(await runtime.handler(JSON.parse(invocation.body), context))
    await api.postResponse(context.awsRequestId, body)
  } catch (error) {
    logError('Invoke Error', error)
    await api.postError(context.awsRequestId, error)
  }
}
