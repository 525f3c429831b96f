// Where an asynchronous event goes when it is over: the destination's record, and the dead-letter queue's message. Pure;
// who carries them is platform.ts (functions) and what it was given for the rest (queues, topics, buses).

/** How an event ended. `stopped`: fnscope was, before its last attempt. */
export type EventEnd = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'stopped'

export interface EndedEvent {
  readonly end: Exclude<EventEnd, 'stopped'>
  readonly requestId: string
  readonly functionArn: string
  readonly timeMillis: number
  readonly attempts: number
  readonly requestPayload: Uint8Array
  /** Of the last attempt; absent: it was never run. */
  readonly response?: { readonly payload: Uint8Array; readonly functionError: string | undefined }
}

/** What is sent on. */
export interface OutgoingMessage {
  readonly body: string
  /** Message attributes, where the target has such. */
  readonly attributes: Readonly<Record<string, string>>
  /** X-Amzn-Trace-Id of the event it tells of. */
  readonly traceHeader: string
  /** How it is called on an event bus. */
  readonly event?: { readonly source: string; readonly detailType: string; readonly resources: readonly string[] }
}

/** What the record is called on an event bus. */
export function destinationEvent({ end, functionArn }: EndedEvent): NonNullable<OutgoingMessage['event']> {
  const result = end === 'Success' ? 'Success' : 'Failure'
  return {
    source: 'lambda',
    detailType: `Lambda Function Invocation Result - ${result}`,
    resources: [`${functionArn}:$LATEST`],
  }
}

const ERROR_MESSAGE_BYTES = 1024

/** The document of an onSuccess or onFailure destination. */
export function destinationRecord(event: EndedEvent): string {
  const { response } = event
  const functionError = response?.functionError === undefined ? {} : { functionError: response.functionError }
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date(event.timeMillis).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${event.functionArn}:$LATEST`,
      condition: event.end,
      approximateInvokeCount: event.attempts,
    },
    requestPayload: jsonOr(event.requestPayload),
    ...(response && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', ...functionError },
      responsePayload: jsonOr(response.payload),
    }),
  })
}

/** What a dead-letter queue or topic gets: the event itself, with why it is there. */
export function deadLetter(event: EndedEvent): Pick<OutgoingMessage, 'body' | 'attributes'> {
  const said = event.response ? jsonOr(event.response.payload) : undefined
  const message =
    typeof said === 'object' && said !== null && 'errorMessage' in said && typeof said.errorMessage === 'string'
      ? said.errorMessage
      : event.end
  return {
    body: Buffer.from(event.requestPayload).toString('utf8'),
    attributes: {
      RequestID: event.requestId,
      ErrorCode: event.response ? '200' : '429',
      ErrorMessage: Buffer.from(message).subarray(0, ERROR_MESSAGE_BYTES).toString('utf8'),
    },
  }
}

function jsonOr(payload: Uint8Array): unknown {
  const text = Buffer.from(payload).toString('utf8')
  try {
    return JSON.parse(text === '' ? '{}' : text) as unknown
  } catch {
    return text
  }
}
