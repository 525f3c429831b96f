// What an HTTP trigger of Function Compute answers for what its function did: its own status and headers, those that the JSON
// of an event handler names, or its bytes as they are.
import { isRecord, statusOf, type ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import type { FrontInvokeResult } from './front-options.ts'

/** Set by the connection itself. */
const OURS = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'date'])
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const JSON_TYPE = { 'Content-Type': ['application/json'] }

export function fcHttpAnswer({ fc, functionError, payload }: FrontInvokeResult): ProxyResponse {
  if (functionError !== undefined) return { status: 502, headers: JSON_TYPE, body: payload }
  if (fc?.http !== undefined) return usable(fc.http.status, fc.http.headers, payload)
  return fromEvent(payload)
}

/** `{"statusCode", "headers", "body", "isBase64Encoded"}`; anything else is the body itself. */
function fromEvent(payload: Uint8Array): ProxyResponse {
  const plain = { status: 200, headers: JSON_TYPE, body: payload }
  let said: unknown
  try {
    said = JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return plain
  }
  if (!isRecord(said) || !('statusCode' in said)) return plain
  const { statusCode, headers, body, isBase64Encoded } = said
  const pairs = Object.entries(isRecord(headers) ? headers : {}).flatMap(([name, value]): [string, string][] =>
    Array.isArray(value) ? value.map((one) => [name, String(one)]) : [[name, String(value)]],
  )
  if (!pairs.some(([name]) => name.toLowerCase() === 'content-type')) pairs.push(['Content-Type', 'application/json'])
  const text = body === undefined || body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  return usable(statusCode, pairs, Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'))
}

/** No status or header that Node would refuse to send. */
function usable(said: unknown, pairs: readonly (readonly [string, string])[], body: Uint8Array): ProxyResponse {
  const status = statusOf(said)
  if (status === undefined) {
    const error = { errorMessage: `The function answered with the HTTP status ${JSON.stringify(said)}` }
    return { status: 502, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(error)) }
  }
  const headers: Record<string, string[]> = {}
  for (const [name, value] of pairs) {
    if (!TOKEN.test(name) || OURS.has(name.toLowerCase()) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue
    const known = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name
    headers[known] = [...(headers[known] ?? []), value]
  }
  return { status, headers, body }
}
