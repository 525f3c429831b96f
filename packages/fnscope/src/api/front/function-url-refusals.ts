// What a function URL answers when no function did.
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'

const error = (status: number, body: string, type: string): ProxyResponse => ({
  status,
  headers: { 'Content-Type': ['application/json'], 'x-amzn-ErrorType': [type] },
  body: Buffer.from(body),
})

export const FORBIDDEN = error(403, '{"Message":"Forbidden"}', 'AccessDeniedException')
export const TOO_LARGE = error(
  413,
  '{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}',
  'RequestEntityTooLargeException',
)
export const THROTTLED = error(
  429,
  '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
  'TooManyRequestsException',
)
/** The body is no JSON, in spite of its type: so the cloud sends it. */
export const BAD_GATEWAY: ProxyResponse = {
  status: 502,
  headers: { 'Content-Type': ['application/json'] },
  body: Buffer.from('Internal Server Error'),
}
