// What a handler returned, as the text that is posted.
import { runtimeError } from './error-body.mjs'
import { runtimeMajor } from './runtime-major.mjs'

/** @throws when it cannot be JSON: the invocation fails with that */
export function serialize(value) {
  const text = written(value === undefined ? null : value)
  // A function or a symbol: nodejs22.x's native client wants a text.
  if (text === undefined && runtimeMajor() < 24) throw new TypeError('Wrong arguments')
  return text ?? 'null'
}

function written(value) {
  const message = 'Unable to stringify response body'
  try {
    return JSON.stringify(value)
  } catch {
    throw runtimeMajor() >= 24 ? runtimeError('JSONStringifyError', message) : new Error(message)
  }
}
