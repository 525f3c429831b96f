// Names of log groups and streams in requests, the failures of CloudWatch Logs about them, and pages of its lists.
import type { JsonObject } from '../codec/json.ts'
import { numberIn, textIn } from './aws-input.ts'
import type { LogGroup, LogGroups } from './log-groups.ts'
import { ServiceError } from './service-error.ts'

const GROUP_NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/
const MAX_LISTED = 50
const STREAM_NAME = /^[^:*]{1,512}$/

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message)
}

export function notFound(what: 'log group' | 'log stream'): ServiceError {
  return new ServiceError('ResourceNotFoundException', `The specified ${what} does not exist.`)
}

/** The name or ARN that the request gives. @throws ServiceError InvalidParameterException */
export function groupNameIn(input: JsonObject): string {
  const given = textIn(input, 'logGroupName') ?? nameOfArn(textIn(input, 'logGroupIdentifier'))
  if (given === undefined || !GROUP_NAME.test(given))
    throw invalidParameter(
      `1 validation error detected: Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
    )
  return given
}

export function streamNameIn(input: JsonObject): string {
  const given = textIn(input, 'logStreamName')
  if (given === undefined || !STREAM_NAME.test(given))
    throw invalidParameter(
      `1 validation error detected: Value at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*`,
    )
  return given
}

export function groupOf(
  input: JsonObject,
  groups: LogGroups,
): { readonly name: string; readonly found: LogGroup | undefined } {
  const name = groupNameIn(input)
  return { name, found: groups.find(name) }
}

function nameOfArn(text: string | undefined): string | undefined {
  return text?.startsWith('arn:') ? /:log-group:([^:]+)/.exec(text)?.[1] : text
}

/** A page, and the token for what follows it: the key of its last entry, in base64. */
export function pageOf<Entry>(
  entries: readonly Entry[],
  input: JsonObject,
  keyOf: (entry: Entry) => string,
): [page: readonly Entry[], token: { readonly nextToken?: string }] {
  const limit = numberIn(input, 'limit') ?? MAX_LISTED
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
    throw invalidParameter(
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and ${MAX_LISTED}`,
    )
  const token = textIn(input, 'nextToken')
  let from = 0
  if (token !== undefined) {
    const last = Buffer.from(token, 'base64url').toString('utf8')
    from = entries.findIndex((entry) => keyOf(entry) === last) + 1
    if (from === 0) throw invalidParameter('The specified nextToken is invalid.')
  }
  const page = entries.slice(from, from + limit)
  const more = from + limit < entries.length
  return [page, more ? { nextToken: Buffer.from(keyOf(page.at(-1)!)).toString('base64url') } : {}]
}
