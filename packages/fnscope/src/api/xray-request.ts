// Members of an X-Ray request body, each checked: the wrong type is refused with the member's name, never guessed.
import { secondsToNanos } from '../span/time.ts'
import type { TimeRange } from '../query/reader.ts'
import { invalid, XrayError } from './xray-error.ts'

export type XrayBody = { readonly [member: string]: unknown }

/** The JSON object of a request; no body at all is `{}`. @throws XrayError SerializationException */
export function parseBody(raw: unknown): XrayBody {
  const bytes = raw instanceof Uint8Array ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength) : undefined
  const text = (bytes ? bytes.toString('utf8') : typeof raw === 'string' ? raw : '').trim()
  if (text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new XrayError('SerializationException', 'The request body is not JSON.')
  }
  if (!isObject(value)) throw new XrayError('SerializationException', 'The request body must be a JSON object.')
  return value
}

export function isObject(value: unknown): value is XrayBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Absent and null are the same: both mean that nothing was said. */
export function textMember(body: XrayBody, name: string): string | undefined {
  const value = body[name]
  if (value == null) return undefined
  if (typeof value !== 'string') throw invalid(`${name} must be a string.`)
  return value
}

/** A text that must be there, of so many characters. */
export function nameMember(body: XrayBody, name: string, longest: number): string {
  const value = boundedText(body, name, longest)
  if (value === undefined) throw invalid(`${name} is missing.`)
  if (value === '') throw invalid(`${name} must not be empty.`)
  return value
}

export function boundedText(body: XrayBody, name: string, longest: number): string | undefined {
  const value = textMember(body, name)
  if (value !== undefined && Array.from(value).length > longest) {
    throw invalid(`${name} may have at most ${longest} characters.`)
  }
  return value
}

export function numberMember(body: XrayBody, name: string): number | undefined {
  const value = body[name]
  if (value == null) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${name} must be a number.`)
  return value
}

export function booleanMember(body: XrayBody, name: string): boolean | undefined {
  const value = body[name]
  if (value == null) return undefined
  if (typeof value !== 'boolean') throw invalid(`${name} must be true or false.`)
  return value
}

export function objectMember(body: XrayBody, name: string): XrayBody | undefined {
  const value = body[name]
  if (value == null) return undefined
  if (!isObject(value)) throw invalid(`${name} must be an object.`)
  return value
}

/** A list that must be there. */
export function listMember(body: XrayBody, name: string): readonly unknown[] {
  const value = body[name]
  if (value == null) throw invalid(`${name} is missing.`)
  if (!Array.isArray(value)) throw invalid(`${name} must be a list.`)
  return value
}

// Beyond 2100 a number is not epoch seconds but milliseconds, and would overflow the store's nanoseconds.
const MAX_SECONDS = 4_102_444_800

/**
 * [StartTime, EndTime), given in epoch seconds. boto3 cuts times to whole seconds, so an EndTime that is the current
 * second stands for now: else the traces of the last second were missing from every "until now".
 */
export function timeRangeOf(body: XrayBody, nowNanos: bigint): TimeRange {
  const start = timeMember(body, 'StartTime')
  const end = timeMember(body, 'EndTime')
  if (start >= end) throw invalid('StartTime must be before EndTime.')
  const endNanos = secondsToNanos(end)
  const isThisSecond = Number.isInteger(end) && endNanos <= nowNanos && nowNanos - endNanos < 1_000_000_000n
  return { startNanos: secondsToNanos(start), endNanos: isThisSecond ? nowNanos + 1n : endNanos }
}

function timeMember(body: XrayBody, name: string): number {
  const seconds = numberMember(body, name)
  if (seconds === undefined) throw invalid(`${name} is missing.`)
  if (seconds < 0 || seconds > MAX_SECONDS) throw invalid(`${name} must be a time in epoch seconds.`)
  return seconds
}

/** An opaque token that carries `content` and survives a restart. */
export function encodeToken(content: readonly string[]): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** The content of NextToken, of exactly `length` texts; undefined when none was sent. */
export function tokenMember(body: XrayBody, length: number): readonly string[] | undefined {
  const token = textMember(body, 'NextToken')
  if (token === undefined) return undefined
  try {
    const content: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    const fits = Array.isArray(content) && content.length === length && content.every((one) => typeof one === 'string')
    if (fits) return content
  } catch {
    // Said below.
  }
  throw invalidToken()
}

export function invalidToken(): XrayError {
  return invalid('NextToken is not valid: send the token of the last answer with the same request.')
}

/** Of operations whose answer is always one page: no token was ever given. */
export function refuseToken(body: XrayBody): void {
  if (textMember(body, 'NextToken') !== undefined) throw invalid('NextToken is not valid: there is one page.')
}
