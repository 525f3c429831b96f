import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadLetter, destinationRecord, type EndedEvent } from './event-destination.ts'

const EVENT: EndedEvent = {
  end: 'RetriesExhausted',
  requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  timeMillis: Date.UTC(2026, 10, 21, 8, 3, 35, 790),
  attempts: 3,
  requestPayload: Buffer.from('{"ORDER_IDS":["9e07af03"]}'),
  response: { payload: Buffer.from('{"errorType":"E","errorMessage":"RequestId: x"}'), functionError: 'Unhandled' },
}

test('a failure’s record has the request, the last answer and how often it was tried', () => {
  assert.deepEqual(JSON.parse(destinationRecord(EVENT)), {
    version: '1.0',
    timestamp: '2026-11-21T08:03:35.790Z',
    requestContext: {
      requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST',
      condition: 'RetriesExhausted',
      approximateInvokeCount: 3,
    },
    requestPayload: { ORDER_IDS: ['9e07af03'] },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: 'E', errorMessage: 'RequestId: x' },
  })
})

test('an event that was never run has no answer in its record', () => {
  const { response: _, ...never } = EVENT
  const record = JSON.parse(destinationRecord({ ...never, end: 'EventAgeExceeded', attempts: 0 })) as object
  assert.deepEqual(Object.keys(record), ['version', 'timestamp', 'requestContext', 'requestPayload'])
})

test('a dead letter is the event itself, with its error in at most a kilobyte', () => {
  const payload = Buffer.from(JSON.stringify({ errorMessage: 'x'.repeat(2000) }))
  const { body, attributes } = deadLetter({ ...EVENT, response: { payload, functionError: 'Unhandled' } })
  assert.equal(body, '{"ORDER_IDS":["9e07af03"]}')
  assert.deepEqual([attributes['RequestID'], attributes['ErrorCode']], [EVENT.requestId, '200'])
  assert.equal(attributes['ErrorMessage']!.length, 1024)
})
