// What a function of Function Compute answered, as its caller gets it. Only reads what the record says.
import type { Cause } from '../span/span.ts'
import { decodeFcAnswer } from './fc-envelope.ts'
import type { FcAnswer } from './fc-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'

export interface FcError {
  readonly errorType: NonNullable<FcAnswer['errorType']>
  readonly message: string
  readonly cause: Cause
}

/**
 * What the caller gets: the handler's bytes, or an error as Function Compute words it.
 * @param failure of a run that never answered, in words
 */
export function fcAnswerOf(
  record: InvocationRecord,
  failure: string | undefined,
): {
  readonly payload: Uint8Array
  readonly http?: FcAnswer['http']
  readonly error?: FcError
} {
  if (record.status === 'success') {
    const answer = decodeFcAnswer(record.payload)
    if (answer !== undefined) return { payload: answer.body, http: answer.head.http }
  }
  const said = failure === undefined ? record.payload : Buffer.from(JSON.stringify({ errorMessage: failure }))
  const handled = record.errorType === 'Function.HandledInvocationError'
  const { message, type } = errorIn(said)
  return {
    payload: said,
    error: {
      errorType: handled ? 'HandledInvocationError' : 'UnhandledInvocationError',
      message,
      cause: { exceptions: [{ message, ...(type === undefined ? {} : { type }) }] },
    },
  }
}

function errorIn(body: Uint8Array): { readonly message: string; readonly type: string | undefined } {
  try {
    const { errorMessage, errorType } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>
    return {
      message: typeof errorMessage === 'string' ? errorMessage : '',
      type: typeof errorType === 'string' ? errorType : undefined,
    }
  } catch {
    return { message: Buffer.from(body).toString('utf8'), type: undefined }
  }
}
