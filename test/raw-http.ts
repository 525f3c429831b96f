// HTTP as a client that obeys no rules sends it: any Host, any header, any path; what fetch would not let a test say.
import { request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** `base`: http://host:port. A Host among the headers stands instead of the address's own. */
export async function send(base: string, { method = 'GET', path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const outgoing = request({ host: hostname, port, method, path, headers: headers ?? {}, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    response.once('error', reject)
  })
  outgoing.once('error', reject)
  outgoing.end(body)
  return await promise
}

/** Bytes on a new connection, and all that came back when the other side closed it (or after `waitMs`). */
export async function sendBytes(base: string, bytes: string | Uint8Array, waitMs = 5000): Promise<string> {
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.on('error', () => {})
  socket.once('close', () => resolve(text))
  const timer = setTimeout(() => socket.destroy(), waitMs)
  socket.write(bytes)
  const answer = await promise
  clearTimeout(timer)
  return answer
}

/** A counter's value in the text of /metrics, summed over the series whose labels match; 0 when there is none. */
export function counted(metrics: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  let total = 0
  for (const line of metrics.split('\n')) {
    const series = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (series?.[1] !== name) continue
    if (Object.entries(labels).every(([label, value]) => (series[2] ?? '').includes(`${label}="${value}"`)))
      total += Number(series[3])
  }
  return total
}
