// What the X-Ray client tests share: documents dated some time ago, sending them, and Python's boto3 with every answer
// held against the service model (xray_strict.py).
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, runClient, type StartedFnscope } from '../started-fnscope.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const HEADER = '{"format":"json","version":1}\n'

export interface Document {
  readonly [member: string]: unknown
}

export function epochSeconds(): number {
  return Date.now() / 1000
}

/** `count` random bytes in hex. */
export function hex(count: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(count))).toString('hex')
}

/** A trace id as X-Ray makes them at that second. */
export function traceIdAt(seconds: number): string {
  return `1-${Math.floor(seconds).toString(16).padStart(8, '0')}-${hex(12)}`
}

/** A segment of one second at `start`, whatever else is said of it. */
export function segmentAt(
  start: number,
  more: Document = {},
): Document & { readonly id: string; readonly trace_id: string } {
  return {
    trace_id: traceIdAt(start),
    id: hex(8),
    name: 'orders',
    start_time: start,
    end_time: start + 1,
    ...more,
  }
}

export function environmentOf(fnscope: StartedFnscope, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...fnscope.clientEnv, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1', ...more }
}

/** Runs Python with `xray`, `request`, `refused` and `answer` of xray_strict.py; what it answered. */
export async function runXray<Answer>(fnscope: StartedFnscope, code: string, request: unknown = null): Promise<Answer> {
  const script = `from xray_strict import *\n${code}`
  const ran = await runClient('python', ['-c', script], environmentOf(fnscope), JSON.stringify(request))
  if (ran.code !== 0) throw new Error(`python ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`)
  return JSON.parse(ran.stdout) as Answer
}

/** One X-Ray operation over plain HTTP, as the SDKs' sampling poller does: unsigned. */
export async function callXray<Answer>(fnscope: StartedFnscope, path: string, body: object): Promise<Answer> {
  const response = await fetch(fnscope.url + path, { method: 'POST', body: JSON.stringify(body) })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

/** PutTraceSegments; every document must be taken. */
export async function putDocuments(fnscope: StartedFnscope, documents: readonly Document[]): Promise<void> {
  const answer = await callXray<{ readonly UnprocessedTraceSegments: readonly object[] }>(fnscope, '/TraceSegments', {
    TraceSegmentDocuments: documents.map((document) => JSON.stringify(document)),
  })
  assert.deepEqual(answer.UnprocessedTraceSegments, [])
}

/** Sends documents to the daemon's UDP port, in order. */
export async function sendDatagrams(fnscope: StartedFnscope, documents: readonly (Document | string)[]): Promise<void> {
  const [host, port] = fnscope.doors['xray-daemon']!.split(':') as [string, string]
  const socket = createSocket('udp4')
  for (const document of documents) {
    const body = typeof document === 'string' ? document : JSON.stringify(document)
    await new Promise<void>((resolve, reject) =>
      socket.send(HEADER + body, Number(port), host, (error) => (error ? reject(error) : resolve())),
    )
  }
  await new Promise<void>((resolve) => socket.close(resolve))
}

export interface ReadTrace {
  readonly Id: string
  readonly Duration: number
  readonly LimitExceeded: boolean
  readonly Segments: readonly { readonly Id: string; readonly Document: string }[]
}

/** The traces as BatchGetTraces has them now; unknown ids give none. */
export async function readTraces(fnscope: StartedFnscope, traceIds: readonly string[]): Promise<readonly ReadTrace[]> {
  const { Traces } = await callXray<{ readonly Traces: readonly ReadTrace[] }>(fnscope, '/Traces', {
    TraceIds: traceIds,
  })
  return Traces
}

export async function readTrace(fnscope: StartedFnscope, traceId: string): Promise<ReadTrace | undefined> {
  return (await readTraces(fnscope, [traceId]))[0]
}

const TRACES_A_CALL = 100

/** Waits until the ids of all these documents, streamed ones too, are in their traces' answers. */
export async function visible(
  fnscope: StartedFnscope,
  documents: readonly { readonly trace_id: string; readonly id: string }[],
): Promise<void> {
  const traceIds = [...new Set(documents.map((one) => one.trace_id))]
  for (let from = 0; from < traceIds.length; from += TRACES_A_CALL) {
    const asked = traceIds.slice(from, from + TRACES_A_CALL)
    await eventually(async () => {
      const traces = await readTraces(fnscope, asked)
      const texts = new Map(traces.map((one) => [one.Id, one.Segments.map(({ Document }) => Document).join('\n')]))
      const missing = documents.find(
        ({ trace_id: traceId, id }) => asked.includes(traceId) && !texts.get(traceId)?.includes(`"id":"${id}"`),
      )
      return missing === undefined ? true : undefined
    }, 60_000)
  }
}

/** Waits until every past minute of the service graph is answered from what is stored of it. */
export async function minutesStored(fnscope: StartedFnscope): Promise<void> {
  const read = async (name: string): Promise<number> => {
    const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1])
  }
  // A run under way may have looked before what is asked for came.
  const runs = (await read('fnscope_graph_runs')) + 2
  await eventually(async () => {
    const done = (await read('fnscope_graph_runs')) >= runs && (await read('fnscope_graph_spans_waiting')) === 0
    return done || undefined
  }, 60_000)
}
