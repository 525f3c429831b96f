// An AWS service as a table of operations, whatever protocol a client speaks: aws-front.ts finds the operation, decodes the
// request into plain data and encodes the answer. REST services (X-Ray, Lambda) mount routes of their own.
import type { Readable } from 'node:stream'
import type { JsonObject } from '../codec/json.ts'

export interface AwsCall {
  /** The request's members; times are epoch seconds, whatever the wire had. */
  readonly input: JsonObject
  /** A request header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** An answer that goes on: the messages of an event stream. */
export class EventStreamAnswer {
  readonly messages: Readable

  constructor(messages: Readable) {
    this.messages = messages
  }
}

/** The answer's members, undefined for none; a Date is a timestamp, a Map a map. @throws ServiceError */
export type AwsOperation = (call: AwsCall) => object | undefined | Promise<object | undefined>

/**
 * What the query protocol cannot say by itself: everything in a form is text. Paths of members from the input on, with
 * `*` for "each of the list": `MetricData.*.Value`.
 */
export interface QueryTypes {
  readonly numbers?: readonly string[]
  readonly times?: readonly string[]
  readonly booleans?: readonly string[]
}

export interface AwsService {
  /** Before the dot in X-Amz-Target, and the service in the path of Smithy's RPC: Logs_20140328. */
  readonly target: string
  readonly operations: Readonly<Record<string, AwsOperation>>
  /** Present: the service speaks the query protocol too. */
  readonly query?: {
    readonly version: string
    readonly xmlNamespace: string
    readonly types: Readonly<Record<string, QueryTypes>>
  }
  /** Of error types in protocols that spell them whole: com.amazonaws.cloudwatch. */
  readonly namespace: string
}
