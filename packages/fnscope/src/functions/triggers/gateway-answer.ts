// What a gateway answers: a function's proxy answer of format 1.0 as a response, or an error of the gateway's own. Pure.

export interface ProxyResponse {
  readonly status: number
  /** Names as the function spelled them; a repeated header has several values. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
}

/** A response that the gateway makes itself: `{"message": …}` and the error's type. */
export function gatewayError(status: number, message: string, errorType: string): ProxyResponse {
  return {
    status,
    headers: { 'Content-Type': ['application/json'], 'x-amzn-ErrorType': [errorType] },
    // The cloud has a blank after the colon where the integration failed, and none where the request was refused.
    body: Buffer.from(`{"message":${status < 500 ? '' : ' '}${JSON.stringify(message)}}`),
  }
}

/** Of REST APIs. */
export const NO_ROUTE = gatewayError(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException')
export const FORBIDDEN = gatewayError(403, 'Forbidden', 'ForbiddenException')
export const TOO_LARGE = gatewayError(413, 'Request Too Long', 'RequestTooLongException')
export const MALFORMED = gatewayError(502, 'Internal server error', 'InternalServerErrorException')
export const FAILED = gatewayError(500, 'Internal server error', 'InternalServerErrorException')
export const TIMED_OUT = gatewayError(504, 'Endpoint request timed out', 'InternalServerErrorException')

/** What a function returned, as a response; `MALFORMED` (502) when it is not `{statusCode, headers?, body?, …}`. */
export function fromProxyResult(payload: Uint8Array): ProxyResponse {
  let result: unknown
  try {
    result = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return MALFORMED
  }
  if (!isRecord(result)) return MALFORMED
  const status = statusOf(result['statusCode'])
  const headers = headersOf(result['headers'], result['multiValueHeaders'], 'application/json')
  const body = result['body'] ?? ''
  const base64 = result['isBase64Encoded'] ?? false
  if (status === undefined || headers === undefined || typeof body !== 'string' || typeof base64 !== 'boolean') {
    return MALFORMED
  }
  return { status, headers, body: Buffer.from(body, base64 ? 'base64' : 'utf8') }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function statusOf(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined
}

// The gateway keeps these names for itself and passes a function's own on under another.
const REMAPPED = new Set(['connection', 'content-length', 'date', 'host', 'server', 'www-authenticate'])
const DROPPED = new Set(['keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

/** Undefined when something in it is no header. @param defaultType what a body without a content type is called */
export function headersOf(single: unknown, multi: unknown, defaultType: string): Record<string, string[]> | undefined {
  const headers: Record<string, string[]> = {}
  const put = (name: string, values: readonly unknown[]): boolean => {
    const lower = name.toLowerCase()
    if (DROPPED.has(lower)) return true
    const texts = values.map((value) =>
      typeof value === 'object' || value === undefined ? undefined : `${value as string | number | boolean}`,
    )
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return false
    if (!texts.every((text) => text !== undefined && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text))) return false
    for (const known of Object.keys(headers)) if (known.toLowerCase() === lower) delete headers[known]
    headers[REMAPPED.has(lower) ? `x-amzn-Remapped-${name}` : name] = texts as string[]
    return true
  }
  const fits =
    entriesOf(single)?.every(([name, value]) => put(name, [value])) === true &&
    entriesOf(multi)?.every(([name, value]) => Array.isArray(value) && put(name, value)) === true
  if (!fits) return undefined
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    headers['Content-Type'] = [defaultType]
  }
  return headers
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (value === undefined || value === null) return []
  return isRecord(value) ? Object.entries(value) : undefined
}
