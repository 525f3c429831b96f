// An AWS service's error as its rest-json clients read it: type in a header, message in the body.
import { randomUUID } from 'node:crypto'

import type { FastifyReply } from 'fastify'

export interface AwsError {
  readonly status: number
  /** ResourceNotFoundException, InvalidRequestException … */
  readonly type: string
  readonly message: string
  /** X-Ray spells it `Message`, most others `message` (the default). */
  readonly messageKey?: 'message' | 'Message'
  /** More members of the body, such as Lambda's `Type: "User"`. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Sends the error; return what it gives from the route. */
export function sendAwsError(reply: FastifyReply, error: AwsError): FastifyReply {
  const { status, type, message, messageKey = 'message', members = {} } = error
  if (!reply.hasHeader('x-amzn-requestid')) reply.header('x-amzn-requestid', randomUUID())
  return reply
    .code(status)
    .header('x-amzn-errortype', type)
    .header('content-type', 'application/json')
    .send(JSON.stringify({ ...members, [messageKey]: message }))
}
