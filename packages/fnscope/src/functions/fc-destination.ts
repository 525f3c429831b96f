// What a destination of Function Compute is sent when an asynchronous call is over. Pure; queued-event.ts says when.
import type { EndedEvent } from './event-destination.ts'

/** @see event-destination.ts for Lambda's: here payloads are text as they came, and an error is named in the context. */
export function fcDestinationRecord(event: EndedEvent): string {
  const { response } = event
  const failed = response?.functionError === undefined ? '' : 'UnhandledInvocationError'
  return JSON.stringify({
    timestamp: event.timeMillis,
    requestContext: {
      requestId: event.requestId,
      functionArn: event.functionArn,
      condition: event.end === 'EventAgeExceeded' ? 'AsyncEventExpired' : failed,
      approximateInvokeCount: event.attempts,
    },
    requestPayload: textOf(event.requestPayload),
    responseContext: { statusCode: 200, functionError: failed },
    responsePayload: response === undefined ? '' : textOf(response.payload),
  })
}

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString('utf8')
