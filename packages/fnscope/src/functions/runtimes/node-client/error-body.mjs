// What a thrown value becomes: the body that the caller gets, and the cause for the segment. Both shapes are the cloud's:
// Node's bodies have `trace`, not `stackTrace`.
import { types } from 'node:util'
import { runtimeMajor } from './runtime-major.mjs'

const classes = new Map()

// JSON log lines name an error by its class, bodies by its name. From nodejs24.x on the name is a field of the error's
// own, and lines that list those have it.
function classOf(type) {
  const known = classes.get(type)
  if (known) return known
  const made = { [type]: class extends Error {} }[type]
  const name = `Runtime.${type}`
  if (runtimeMajor() < 24) made.prototype.name = name
  classes.set(type, made)
  return made
}

/** Errors of the runtime itself: their name is the type that the caller sees. */
export function runtimeError(type, message) {
  const error = new (classOf(type))(message)
  if (runtimeMajor() >= 24) error.name = `Runtime.${type}`
  // The stack was written when the name was the class's.
  error.stack = error.stack.replace(/^[^\n:]*/, () => error.name)
  return error
}

/** Of something thrown while the code was loaded: from nodejs24.x on the stack stays the thrown one's. */
export function userCodeSyntaxError(cause) {
  const error = runtimeError('UserCodeSyntaxError', String(cause))
  if (runtimeMajor() >= 24) error.stack = cause.stack
  return error
}

export function unhandledRejectionError(reason, promise) {
  return Object.assign(runtimeError('UnhandledPromiseRejection', textOf(reason)), { reason, promise })
}

export function errorBody(error) {
  try {
    if (isError(error)) {
      return {
        errorType: withoutDelete(error.name) ?? undefined,
        errorMessage: withoutDelete(error.message),
        trace: error.stack === undefined ? [] : withoutDelete(error.stack).split('\n'),
      }
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] }
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    }
  }
}

/** The text of the X-Ray error cause header; empty: there is nothing to say. */
export function xrayCause(error) {
  try {
    const stack = framesOf(error.stack)
    const cause = {
      working_directory: process.cwd(),
      exceptions: [{ type: withoutDelete(error.name), message: withoutDelete(error.message), stack }],
      paths: [...new Set(stack.map((frame) => frame.path))],
    }
    return ascii(JSON.stringify(cause))
  } catch {
    return ''
  }
}

// `    at label (path:line:column)` or `    at path:line:column`
function framesOf(stack) {
  if (typeof stack !== 'string') return []
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => {
      const [, label, place] = /^\s+at (?:(.*) )?\(?([^()]*)\)?$/.exec(withoutDelete(line)) ?? [
        undefined,
        undefined,
        line,
      ]
      const [, path, number] = /^(.*?)(?::(\d+))?(?::\d+)?$/.exec(place)
      return { path, line: number === undefined ? 0 : Number(number), label: label ?? 'anonymous' }
    })
}

// A header holds no other characters; in JSON every one has a spelling of these.
const ascii = (json) =>
  json.replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

const withoutDelete = (text) => (typeof text === 'string' ? text.replaceAll('\x7f', '%7F') : text)

function textOf(value) {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}

// Of another realm too (vm, Jest): what looks like an error is one.
function isError(value) {
  return (
    types.isNativeError(value) ||
    (typeof value?.name === 'string' && typeof value.message === 'string' && typeof value.stack === 'string')
  )
}
