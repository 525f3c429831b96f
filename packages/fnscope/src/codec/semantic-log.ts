// Which invocation, log group and log stream a log record or a data point belongs to, as its attributes say it: so that
// OpenTelemetry's lines stand beside those that the platform wrote. Of every make: attributes by name in.
import type { Attributes } from '../span/attribute-value.ts'

/** The Lambda request id, as semantic conventions, Powertools and hand-written loggers call it; the first one counts. */
const REQUEST_ID_KEYS = [
  'faas.invocation_id',
  'faas.execution',
  'aws.request_id',
  'aws.requestId',
  'aws_request_id',
  'awsRequestId',
  'function_request_id',
  'requestId',
]

/** A request id is a UUID; what is much longer is something else. */
const MAX_REQUEST_ID = 128

export function requestIdIn(attributes: Attributes): string | undefined {
  for (const key of REQUEST_ID_KEYS) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '' && value.length <= MAX_REQUEST_ID) return value
  }
  return undefined
}

export interface LogPlace {
  /** '' when nobody says. */
  readonly logGroup: string
  readonly logStream: string
}

/** @param resource of the record */
export function logPlaceOf(resource: Attributes): LogPlace {
  const name = firstText(resource['faas.name'])
  const onLambda = resource['cloud.platform'] === 'aws_lambda'
  return {
    logGroup: firstText(resource['aws.log.group.names']) || (onLambda && name !== '' ? `/aws/lambda/${name}` : ''),
    logStream: firstText(resource['aws.log.stream.names']) || firstText(resource['faas.instance']),
  }
}

/** The text, or the first one of a list; '' otherwise. */
function firstText(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : ''
}
