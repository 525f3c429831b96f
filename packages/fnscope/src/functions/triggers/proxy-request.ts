// A request as an API's event is made of it, and what both event formats do with it. Pure.

export interface ProxyRequest {
  readonly method: string
  /** As sent, after the stage. */
  readonly path: string
  /** Without `?`. */
  readonly query: string
  /** As sent: names in their own case, repeated ones more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  readonly sourceIp: string
  readonly httpVersion: string
}

export interface ProxyContext {
  readonly region: string
  readonly accountId: string
  readonly requestId: string
  readonly extendedRequestId: string
  readonly timeMs: number
  /** The listener's. */
  readonly port: number
  /** X-Amzn-Trace-Id that the function finds among the headers: `Root=…`, with stage tracing more. */
  readonly traceHeader: string
}

// X-Forwarded-* and X-Amzn-Trace-Id are the gateway's; a client's own X-Forwarded-For stays in front, as on the cloud.
export function withGatewayHeaders(request: ProxyRequest, context: ProxyContext): [string, string][] {
  const ours = new Set(['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto', 'x-amzn-trace-id'])
  const kept = request.headers.filter(([name]) => !ours.has(name.toLowerCase()))
  const forwarded = request.headers
    .filter(([name]) => name.toLowerCase() === 'x-forwarded-for')
    .map(([, value]) => value)
  return [
    ...kept.map(([name, value]): [string, string] => [name, value]),
    ['X-Amzn-Trace-Id', context.traceHeader],
    ['X-Forwarded-For', [...forwarded, request.sourceIp].join(', ')],
    ['X-Forwarded-Port', String(context.port)],
    ['X-Forwarded-Proto', 'http'],
  ]
}

export function group(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const list = groups.get(name)
    if (list) list.push(value)
    else groups.set(name, [value])
  }
  return Object.fromEntries(groups)
}

export function headerOf(request: Pick<ProxyRequest, 'headers'>, lowerName: string): string | undefined {
  return request.headers.findLast(([name]) => name.toLowerCase() === lowerName)?.[1]
}

/** Text where `isText` says so and the bytes are UTF-8; else base64, which alone keeps them. */
export function bodyOf(
  request: ProxyRequest,
  isText: (contentType: string | undefined) => boolean,
): { readonly text: string | undefined; readonly base64: boolean } {
  if (request.body.length === 0) return { text: undefined, base64: false }
  if (isText(headerOf(request, 'content-type'))) {
    try {
      return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.body), base64: false }
    } catch {
      // Not UTF-8 in spite of its type.
    }
  }
  return { text: Buffer.from(request.body).toString('base64'), base64: true }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `22/Nov/2024:15:20:00 +0000` */
export function formatRequestTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}
