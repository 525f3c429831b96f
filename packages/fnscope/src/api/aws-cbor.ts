// Smithy RPC v2 with CBOR: POST /service/SERVICE/operation/OPERATION, both ways `smithy-protocol: rpc-v2-cbor`.
import { CborError, decodeCbor, encodeCbor } from '../codec/cbor.ts'
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import { queryErrorHeader, type AwsProtocol } from './aws-protocol.ts'
import { notReadable } from './service-error.ts'

export interface CborRequest {
  readonly service: string
  readonly operation: string
  /** X-Amzn-Query-Mode. */
  readonly queryMode: string | undefined
  readonly body: Buffer
}

const HEADERS = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }

export function awsCbor(request: CborRequest): AwsProtocol {
  return {
    target: request.service,
    operation: request.operation,
    decode: () => decode(request.body),
    encode: (output) => ({ headers: HEADERS, body: encodeCbor(output ?? {}) }),
    encodeError: (error, service) => ({
      headers: { ...HEADERS, ...queryErrorHeader(request.queryMode, error) },
      body: encodeCbor({
        __type: service === undefined ? error.code : `${service.namespace}#${error.code}`,
        message: error.message,
      }),
    }),
  }
}

function decode(body: Buffer): JsonObject {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = decodeCbor(body)
  } catch (error) {
    if (error instanceof CborError) throw notReadable(`The body is not CBOR: ${error.message}.`)
    throw error
  }
  if (!isJsonObject(value) || value instanceof Uint8Array) throw notReadable('The body must be a CBOR map.')
  return value
}
