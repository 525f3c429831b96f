// console.* as the cloud's runtime patches it: each call is one log event with time, request id and level, as text or
// JSON, in a frame of its own on the platform's descriptor, so that several lines stay one event.
import { writeSync } from 'node:fs'
import { format } from 'node:util'
import { errorBody } from './error-body.mjs'
import { runtimeMajor } from './runtime-major.mjs'

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const FRAME_JSON = 0xa55a0002
const FRAME_TEXT = 0xa55a0003
const HEADER_BYTES = 16

// Before the first invocation there is no id: until nodejs22.x the lines say so by `undefined`.
const current = { requestId: runtimeMajor() >= 24 ? '-' : undefined, tenantId: undefined }
let json = false

/** Whose lines they are from now on. */
export function setLogContext({ requestId, tenantId }) {
  current.requestId = requestId
  current.tenantId = tenantId
}

export function patchConsole() {
  json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON'
  const least = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase() ?? ''))
  const write = openWriter()
  const log = (level) => {
    // FATAL is always written.
    if (level < least && level < LEVELS.length - 1) return () => {}
    return (message, ...rest) => {
      const now = new Date()
      write(level, now, json ? jsonLine(level, now, [message, ...rest]) : textLine(level, now, [message, ...rest]))
    }
  }
  const [trace, debug, info, warn, error, fatal] = LEVELS.map((_, level) => log(level))
  Object.assign(console, { trace, debug, info, warn, error, fatal, log: info })
}

/** The line of an invocation or an init that failed. */
export function logError(title, thrown) {
  const error = reportedError(thrown)
  if (json) globalThis.console.error(error)
  else globalThis.console.error(title, `\t${errorText(error)}`)
}

function reportedError(thrown) {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function errorText(error) {
  try {
    return JSON.stringify(error, (_, value) => (value instanceof Error ? plainError(value) : value))
  } catch {
    return JSON.stringify(errorBody(error))
  }
}

function plainError(error) {
  const plain = { errorType: error.name, errorMessage: error.message, code: error.code, ...error }
  if (typeof error.stack === 'string') plain.stack = error.stack.split('\n')
  return plain
}

function textLine(level, now, params) {
  return [now.toISOString(), current.requestId, LEVELS[level], format(...params)].map(String).join('\t')
}

function jsonLine(level, now, params) {
  const line = { timestamp: now.toISOString(), level: LEVELS[level], requestId: current.requestId }
  if (current.tenantId !== undefined) line.tenantId = current.tenantId
  if (params.length === 1) {
    line.message = params[0]
    try {
      return JSON.stringify(line, (_, value) => (value instanceof Error ? jsonError(value) : value))
    } catch {
      // It refers to itself, or has a BigInt.
      return JSON.stringify({ ...line, message: format(params[0]) })
    }
  }
  const error = params.find((param) => param instanceof Error)
  return JSON.stringify({ ...line, message: format(...params), ...(error ? errorFields(error) : {}) })
}

const jsonError = (error) => ({ ...errorFields(error), ...error })

function errorFields(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  }
}

function openWriter() {
  const descriptor = Number(process.env._LAMBDA_TELEMETRY_LOG_FD)
  // The function's own children have no business with it.
  delete process.env._LAMBDA_TELEMETRY_LOG_FD
  if (!Number.isInteger(descriptor) || descriptor <= 0) {
    return (_, __, text) => void process.stdout.write(`${text.replaceAll('\n', '\r')}\n`)
  }
  return (level, now, text) => writeAll(descriptor, frame(level, now, text))
}

function frame(level, now, text) {
  const bytes = Buffer.from(text)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(((json ? FRAME_JSON : FRAME_TEXT) | ((level + 1) << 2)) >>> 0, 0)
  header.writeUInt32BE(bytes.length, 4)
  header.writeBigInt64BE(BigInt(now.valueOf()) * 1000n, 8)
  return Buffer.concat([header, bytes])
}

const nap = new Int32Array(new SharedArrayBuffer(4))

// The descriptor is stdout's, which Node makes non-blocking: a full pipe is waited for.
function writeAll(descriptor, bytes) {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') return
      Atomics.wait(nap, 0, 0, 1)
    }
  }
}
