// What a handler returned, as the text that is posted.
import { runtimeError } from './error-body.mjs'
import { runtimeMajor } from './runtime-major.mjs'

/** @throws when it cannot be JSON: the invocation fails with that */
export function serialize(value) {
  const message = 'Unable to stringify response body'
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null'
  } catch {
    throw runtimeMajor() >= 24 ? runtimeError('JSONStringifyError', message) : new Error(message)
  }
}
