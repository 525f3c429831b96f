// Anything thrown by a route, as status and body in the form that the caller's client understands.
import { randomUUID } from 'node:crypto'

import { FnscopeError } from '../errors.ts'

export interface HttpError {
  readonly status: number
  /** An AWS error type, an FNS_ code, or a code of our own. */
  readonly code: string
  readonly message: string
  readonly retryAfterSeconds?: number
}

export interface FormattedError {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

export type ErrorFormat = (error: HttpError) => FormattedError

/** AWS rest-json: `{"message"}` and the type in x-amzn-errortype, which every SDK reads. */
export const awsErrorFormat: ErrorFormat = ({ code, message }) => ({
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code, 'x-amzn-requestid': randomUUID() },
  body: JSON.stringify({ message }),
})

/** fnscope's own API: `{"error":{"code","message"}}`. */
export const ownErrorFormat: ErrorFormat = ({ code, message }) => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ error: { code, message } }),
})

const NOT_FOUND = new Set([
  'FNS_FUNCTION_NOT_FOUND',
  'FNS_TRACE_NOT_FOUND',
  'FNS_EVENT_NOT_FOUND',
  'FNS_APP_NOT_FOUND',
  'FNS_CODE_NOT_FOUND',
])

/** A user's mistake is 4xx, no room 503, a bad request what Fastify says of it, all else 500 and not told. */
export function describeError(error: unknown): HttpError {
  if (error instanceof FnscopeError)
    return { status: NOT_FOUND.has(error.code) ? 404 : 400, code: error.code, message: error.message }
  if (!(error instanceof Error)) return INTERNAL
  const { statusCode, retryAfterSeconds } = error as { statusCode?: unknown; retryAfterSeconds?: unknown }
  // Ingest's IngestFullError, known by its field: this folder may not import that one.
  if (typeof retryAfterSeconds === 'number')
    return { status: 503, code: 'ServiceUnavailableException', message: error.message, retryAfterSeconds }
  if (statusCode === 413) return { status: 413, code: 'RequestEntityTooLargeException', message: error.message }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, code: 'BadRequestException', message: error.message }
  return INTERNAL
}

const INTERNAL: HttpError = {
  status: 500,
  code: 'InternalServerError',
  message: 'fnscope failed to answer; its log says why.',
}
