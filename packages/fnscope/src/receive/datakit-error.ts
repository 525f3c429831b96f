// Errors as DataKit and DataWay spell them: `{"error_code":"datakit.invalidLinePoint","message":"…"}`.
import type { ErrorFormat, FormattedError } from '../http/error-format.ts'

/** Of the ones that DataKit has, and two of our own. */
export type DatakitErrorCode =
  | 'datakit.invalidCategory'
  | 'datakit.invalidPrecision'
  | 'datakit.invalidRequest'
  | 'datakit.emptyBody'
  | 'datakit.noPoints'
  | 'datakit.invalidLinePoint'
  | 'datakit.invalidJsonPoint'
  | 'datakit.invalidProtobufPoint'
  | 'datakit.decodeBodyFailed'
  | 'datakit.notImplemented'
  | 'datakit.notFound'
  | 'dataway.tokenNotFound'

export function formatDatakitError(code: string, message: string): FormattedError {
  return {
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ error_code: code, message })),
  }
}

// What has not been given a code by its route.
const CODES: Readonly<Record<number, string>> = {
  400: 'datakit.badRequest',
  401: 'datakit.invalidToken',
  403: 'datakit.publicAccessDisabled',
  404: 'datakit.notFound',
  413: 'datakit.bodyTooLarge',
  415: 'datakit.decodeBodyFailed',
  503: 'datakit.serviceUnavailable',
}

export const datakitErrorFormat: ErrorFormat = ({ status, message }) =>
  formatDatakitError(CODES[status] ?? 'datakit.internalError', message)

/** Whether a path is one of DataKit's and DataWay's, and its errors are in that form. */
export function isDatakitPath(url: string): boolean {
  return url.startsWith('/v1/') || url.startsWith('/v2/list/dataway')
}
