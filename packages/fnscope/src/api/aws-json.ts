// AWS JSON 1.0 and 1.1: POST /, the operation in X-Amz-Target, times as epoch seconds.
import { isDeeperThan, isJsonObject, type JsonObject } from '../codec/json.ts'
import { queryErrorHeader, type AwsProtocol } from './aws-protocol.ts'
import { notReadable } from './service-error.ts'

const MAX_DEPTH = 200

export interface JsonRequest {
  /** `Logs_20140328.PutLogEvents` */
  readonly target: string
  readonly contentType: string
  /** X-Amzn-Query-Mode. */
  readonly queryMode: string | undefined
  readonly body: Buffer
}

export function awsJson(request: JsonRequest): AwsProtocol {
  const at = request.target.lastIndexOf('.')
  const type = request.contentType.startsWith('application/x-amz-json-') ? request.contentType : 'application/json'
  return {
    target: request.target.slice(0, Math.max(at, 0)),
    operation: request.target.slice(at + 1),
    decode: () => decode(request.body),
    encode: (output) => ({ headers: { 'content-type': type }, body: output === undefined ? '{}' : encode(output) }),
    encodeError: (error) => ({
      headers: {
        'content-type': type,
        'x-amzn-errortype': error.code,
        ...queryErrorHeader(request.queryMode, error),
      },
      body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }),
    }),
  }
}

function decode(body: Buffer): JsonObject {
  const text = body.toString('utf8').trim()
  if (text === '') return {}
  if (isDeeperThan(text, MAX_DEPTH)) throw notReadable(`The body is nested deeper than ${MAX_DEPTH}.`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notReadable('The body is not JSON.')
  }
  if (!isJsonObject(value)) throw notReadable('The body must be a JSON object.')
  return value
}

function encode(output: object): string {
  // Not by JSON's own reading of a Date, which is text, nor of a Map: `this` holds the member as it is.
  return JSON.stringify(output, function (this: Readonly<Record<string, unknown>>, key: string, value: unknown) {
    const member = this[key]
    if (member instanceof Map) return Object.fromEntries(member)
    return member instanceof Date ? member.getTime() / 1000 : value
  })
}
