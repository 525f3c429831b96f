// What the three protocols of AWS's non-REST services have in common: a request body becomes an input, an output or an
// error becomes an answer. One file each: aws-json.ts, aws-query.ts, aws-cbor.ts.
import type { JsonObject } from '../codec/json.ts'
import type { AwsService } from './aws-service.ts'
import type { ServiceError } from './service-error.ts'

export interface WireAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** One request's protocol; it knows what the request said of service and operation. */
export interface AwsProtocol {
  /** Before the dot in X-Amz-Target; undefined: the protocol names no service (query). */
  readonly target: string | undefined
  readonly operation: string
  /** @throws ServiceError SerializationException */
  decode(service: AwsService): JsonObject
  encode(output: object | undefined, service: AwsService): WireAnswer
  /** @param service undefined: the request named none that is here */
  encodeError(error: ServiceError, service: AwsService | undefined, requestId: string): WireAnswer
}

/** Of services that had the query protocol first: SDKs read the old spelling of the code from here. */
export function queryErrorHeader(asked: string | undefined, error: ServiceError): Readonly<Record<string, string>> {
  if (asked !== 'true') return {}
  return { 'x-amzn-query-error': `${error.queryCode};${error.status < 500 ? 'Sender' : 'Receiver'}` }
}
