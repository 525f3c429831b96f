// What an OTLP request is answered with: ExportTraceServiceResponse and its two sisters, which differ in a name only.
import type { Taken } from '../codec/taken.ts'
import { bytesField, numberField } from '../http/rpc-status.ts'

const NOTHING = Buffer.alloc(0)

type Outcome = Pick<Taken, 'rejected' | 'message'>

/** Response {1 partial_success {1 rejected, 2 error_message}}: empty when all was kept and there is nothing to say. */
export function encodeOtlpAnswer({ rejected, message }: Outcome): Buffer {
  if (rejected === 0 && message === '') return NOTHING
  return bytesField(1, Buffer.concat([numberField(1, rejected), bytesField(2, Buffer.from(message))]))
}

/** The same as JSON, where a 64-bit number is text. */
export function formatOtlpAnswer({ rejected, message }: Outcome, rejectedName: string): string {
  if (rejected === 0 && message === '') return '{}'
  return JSON.stringify({ partialSuccess: { [rejectedName]: String(rejected), errorMessage: message } })
}
