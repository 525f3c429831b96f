// A function's answer of format 2.0 as a response: `{statusCode, headers, cookies, body, isBase64Encoded}`, or any JSON
// without a statusCode, which is a body of its own. Pure.
import { headersOf, isRecord, statusOf, type ProxyResponse } from './gateway-answer.ts'

/** Undefined when it is neither. @param defaultType what a body without a content type is called */
export function fromHttpResult(payload: Uint8Array, defaultType: string): ProxyResponse | undefined {
  let result: unknown
  try {
    result = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return undefined
  }
  if (!isRecord(result) || result['statusCode'] === undefined)
    return { status: 200, headers: { 'Content-Type': ['application/json'] }, body: payload }
  const status = statusOf(result['statusCode'])
  const cookies = result['cookies'] ?? []
  const body = result['body'] ?? ''
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (status === undefined || !Array.isArray(cookies) || !cookies.every((cookie) => typeof cookie === 'string'))
    return undefined
  const headers = headersOf(
    result['headers'],
    cookies.length === 0 ? undefined : { 'Set-Cookie': cookies },
    defaultType,
  )
  if (headers === undefined) return undefined
  return { status, headers, body: Buffer.from(text, result['isBase64Encoded'] === true ? 'base64' : 'utf8') }
}

/** The status and headers in front of a streamed body, as `HttpResponseStream.from` writes them. */
export function fromPrelude(prelude: Uint8Array): Omit<ProxyResponse, 'body'> | undefined {
  const answer = fromHttpResult(Buffer.concat([prelude]), 'application/octet-stream')
  return answer && { status: answer.status, headers: answer.headers }
}

/** What stands between a prelude and the body. */
export const PRELUDE_END = Buffer.alloc(8)
