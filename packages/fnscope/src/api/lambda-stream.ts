// InvokeWithResponseStream: what the function writes goes to the caller as it comes, as events PayloadChunk; the last one,
// InvokeComplete, says how it ended. A function that answers at once is one chunk (botocore 1.44.5, service `lambda`).
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { EVENT_STREAM, encodeEvent } from '../codec/event-stream.ts'
import type { InvokeAnswer } from '../functions/invoke-request.ts'
import { newRequestId } from '../functions/request-id.ts'
import { refusalOf } from './invoke-refusal.ts'
import type { LambdaContext } from './lambda-context.ts'
import {
  clientContextOf,
  fail,
  failed,
  findFunction,
  header,
  notFound,
  optional,
  payloadOf,
  type NamedRequest,
} from './lambda-invocation.ts'

export async function invokeWithResponseStream(
  request: NamedRequest,
  reply: FastifyReply,
  context: LambdaContext,
): Promise<FastifyReply> {
  const found = findFunction(request, context)
  if (found === undefined) return notFound(request, reply, context)
  const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  const payload = payloadOf(request)
  const refused = refusalOf(type, payload, header(request, 'x-amz-client-context'))
  if (refused) return fail(reply, refused.status, refused.type, refused.message)
  if (type === 'DryRun') return reply.status(204).header('x-amzn-RequestId', newRequestId()).send()
  const wantsLog = header(request, 'x-amz-log-type') === 'Tail'
  const requestId = newRequestId()
  const events = new Readable({ read: () => {} })
  const begun = Promise.withResolvers<void>()
  let streamed = false
  const invocation = context.platform.invoke({
    functionName: found.spec.name,
    payload,
    invocationType: 'RequestResponse',
    withoutLog: !wantsLog,
    requestId,
    ...optional('qualifier', found.qualifier),
    ...optional('traceHeader', header(request, 'x-amzn-trace-id')),
    ...optional('clientContext', clientContextOf(request)),
    stream: {
      start() {
        streamed = true
        begun.resolve()
      },
      chunk: (bytes) => void events.push(chunkOf(bytes)),
    },
  })
  const ended = invocation.then(
    (answer) => {
      if (!streamed && answer.functionError === undefined) events.push(chunkOf(answer.payload))
      events.push(
        encodeEvent('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(completeOf(answer, wantsLog)))),
      )
      events.push(null)
    },
    // A client that has its first bytes can only be cut off.
    (error: Error) => void events.destroy(error),
  )
  try {
    await Promise.race([begun.promise, invocation])
  } catch (error) {
    return failed(reply, error)
  }
  void ended
  return reply
    .status(200)
    .header('x-amzn-RequestId', requestId)
    .header('X-Amz-Executed-Version', found.spec.version ?? '$LATEST')
    .header('content-type', EVENT_STREAM)
    .send(events)
}

function chunkOf(bytes: Uint8Array): Buffer {
  return encodeEvent('PayloadChunk', 'application/octet-stream', bytes)
}

function completeOf({ functionError, payload, logTail }: InvokeAnswer, wantsLog: boolean): object {
  return {
    ...(functionError === undefined
      ? {}
      : { ErrorCode: functionError, ErrorDetails: Buffer.from(payload).toString('utf8') }),
    ...(wantsLog ? { LogResult: Buffer.from(logTail).toString('base64') } : {}),
  }
}
