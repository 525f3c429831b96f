// Plain HTTP and UDP to a started fnscope, whose address may change under the callers' hands when it is started again.
import { createSocket, type Socket } from 'node:dgram'
import { eventually } from '../started-fnscope.ts'

export interface Address {
  /** Undefined while there is no fnscope. */
  url: string | undefined
  /** host:port of the X-Ray daemon's door. */
  daemon: string | undefined
}

export interface PutAnswer {
  readonly status: number
  /** Seconds; undefined without the header. */
  readonly retryAfter: string | null
  readonly unprocessed: number
}

/** Undefined: there was no answer, so nobody knows. */
export async function putSegments(url: string, documents: readonly string[]): Promise<PutAnswer | undefined> {
  try {
    const response = await fetch(new URL('/TraceSegments', url), {
      method: 'POST',
      body: JSON.stringify({ TraceSegmentDocuments: documents }),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    const body = (response.ok ? JSON.parse(text) : {}) as { readonly UnprocessedTraceSegments?: readonly unknown[] }
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      unprocessed: body.UnprocessedTraceSegments?.length ?? 0,
    }
  } catch {
    return undefined
  }
}

/** An X-Ray question. Throws on anything but 200. */
export async function ask<Answer>(url: string, path: string, body: object): Promise<Answer> {
  return (await askWithHeaders(url, path, body)).body as Answer
}

export async function askWithHeaders(
  url: string,
  path: string,
  body: object,
): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const response = await fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
  return { body: JSON.parse(text), headers: response.headers }
}

export class UdpSender implements Disposable {
  readonly #socket: Socket = createSocket('udp4').on('error', () => {})

  send(daemon: string, text: string): void {
    const [host, port] = daemon.split(':') as [string, string]
    this.#socket.send(`{"format":"json","version":1}\n${text}`, Number(port), host, () => {})
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

/** Until the write-ahead log is empty: everything acknowledged can be read. */
export async function untilStored(url: string): Promise<void> {
  await eventually(async () => ((await readCounter(url, 'fnscope_wal_bytes')) === 0 ? true : undefined), 60_000)
}

/** One counter of /metrics, summed over its labels that contain `labels`. */
export async function readCounter(url: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
