// Errors as Function Compute spells them: `Code` and `Message` since 2023-03-30, `ErrorCode` and `ErrorMessage` before.
import { randomUUID } from 'node:crypto'
import { FnscopeError } from '../errors.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import type { ErrorFormat, FormattedError } from '../http/error-format.ts'

const NEW_API = '/2023-03-30/'
const OLD_API = /^\/(2021-04-06|2016-08-15)\//

export interface FcApiError {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Whether a path is one of Function Compute's, and its errors are in that form. */
export function isFcPath(url: string): boolean {
  return url.startsWith(NEW_API) || OLD_API.test(url)
}

export function formatFcError(
  url: string,
  { code, message }: Pick<FcApiError, 'code' | 'message'>,
  requestId: string = randomUUID(),
): FormattedError {
  const body = OLD_API.test(url)
    ? { ErrorCode: code, ErrorMessage: message }
    : { Code: code, Message: message, RequestId: requestId }
  return {
    headers: { 'content-type': 'application/json', 'x-fc-request-id': requestId, 'x-fc-error-type': 'FCCommonError' },
    body: JSON.stringify(body),
  }
}

const CODES: Readonly<Record<number, string>> = {
  400: 'InvalidArgument',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'PathNotSupported',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
  429: 'ResourceExhausted',
  503: 'ServiceUnavailable',
}

/** For what no route of ours answered. */
export function fcErrorFormatOf(url: string): ErrorFormat {
  return ({ status, message }) => formatFcError(url, { code: CODES[status] ?? 'InternalServerError', message })
}

/** What a call that never ran answers; undefined: it is our bug. */
export function fcRefusal(error: unknown): FcApiError | undefined {
  if (error instanceof ThrottledError)
    return {
      status: 429,
      code: 'ResourceExhausted',
      message: 'the concurrent invocations of the function are at their limit',
    }
  if (!(error instanceof FnscopeError)) return undefined
  if (error.code === 'FNS_FUNCTION_NOT_FOUND') return { status: 404, code: 'FunctionNotFound', message: error.message }
  return { status: 400, code: 'InvalidArgument', message: error.message }
}
