// Good segments beside the bad ones: what every test of bad input ends with.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { send } from '../raw-http.ts'
import { eventually, type StartedFnscope } from '../started-fnscope.ts'

export const HEADER = '{"format":"json","version":1}\n'

export interface GoodSegment {
  readonly traceId: string
  readonly text: string
}

/** A segment document that nothing is wrong with; `more` replaces or adds members. */
export function goodSegment(more: Readonly<Record<string, unknown>> = {}): GoodSegment {
  const seconds = Math.floor(Date.now() / 1000)
  const traceId = `1-${seconds.toString(16)}-${randomBytes(12).toString('hex')}`
  const id = randomBytes(8).toString('hex')
  const document = { name: 'good', id, trace_id: traceId, start_time: seconds - 1, end_time: seconds, ...more }
  return { traceId, text: JSON.stringify(document) }
}

/** Sends datagrams to the daemon's door, a few at a time so that the kernel does not drop them. */
export async function sendDatagrams(
  fnscope: StartedFnscope,
  datagrams: readonly (string | Uint8Array)[],
): Promise<void> {
  const [host, port] = fnscope.doors['xray-daemon']!.split(':')
  const socket = createSocket('udp4')
  try {
    for (const datagram of datagrams)
      await new Promise<void>((resolve, reject) =>
        socket.send(datagram, Number(port), host, (error) => (error ? reject(error) : resolve())),
      )
  } finally {
    socket.close()
  }
}

export async function readMetrics(fnscope: StartedFnscope): Promise<string> {
  return (await send(fnscope.url, { path: '/metrics' })).body
}

/** Posts JSON (or what is to pass as such) to a path of the main port. */
export async function post(
  fnscope: StartedFnscope,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: string; readonly type: string | undefined }> {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const answer = await send(fnscope.url, { method: 'POST', path, headers, body: bytes })
  return { status: answer.status, body: answer.body, type: answer.headers['x-amzn-errortype'] as string | undefined }
}

/** One document by UDP and one by HTTP arrive whole and can be read. */
export async function assertGoodDataPasses(fnscope: StartedFnscope): Promise<void> {
  const byUdp = goodSegment()
  const byHttp = goodSegment()
  await sendDatagrams(fnscope, [HEADER + byUdp.text])
  const put = await post(fnscope, '/TraceSegments', { TraceSegmentDocuments: [byHttp.text] })
  assert.equal(put.body, '{"UnprocessedTraceSegments":[]}')
  const found = await eventually(async () => {
    const { body } = await post(fnscope, '/Traces', { TraceIds: [byUdp.traceId, byHttp.traceId] })
    const { Traces } = JSON.parse(body) as { readonly Traces: readonly unknown[] }
    return Traces.length === 2 ? Traces : undefined
  })
  assert.equal(found.length, 2)
}

/** Resident bytes of fnscope's own process; undefined where there is no /proc. */
export function residentBytes(fnscope: StartedFnscope): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${fnscope.child.pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}
