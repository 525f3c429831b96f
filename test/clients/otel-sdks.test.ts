// Traces from the unmodified OpenTelemetry SDKs for Python and Node, over every protocol and compression they have, are
// found again whole.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counted } from '../raw-http.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { sendFromNode, sendFromPython, type Sent } from './otel-program.ts'
import { readTrace, type Document } from './xray-client.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

/** Names of the trace's spans, once both are there. */
async function namesOf(traceId: string): Promise<string[]> {
  const xrayId = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
  return await eventually(async () => {
    const trace = await readTrace(fnscope, xrayId)
    const documents = (trace?.Segments ?? []).map((one) => JSON.parse(one.Document) as Document)
    const names = documents.filter((one) => one['inferred'] !== true).flatMap(namesBelow)
    return names.length === 2 ? names : undefined
  }, 30_000)
}

function namesBelow(document: Document): string[] {
  return [String(document['name']), ...((document['subsegments'] ?? []) as readonly Document[]).flatMap(namesBelow)]
}

const HTTP = (): string => `http://${fnscope.doors['otlp-http']}`
const GRPC = (): string => `http://${fnscope.doors['otlp-grpc']}`

const SENDERS: readonly (readonly [string, () => Promise<Sent>])[] = [
  ['Python, HTTP', () => sendFromPython('http', { endpoint: HTTP() })],
  ['Python, HTTP, gzip', () => sendFromPython('http', { endpoint: HTTP(), compression: 'gzip' })],
  ['Python, HTTP, deflate', () => sendFromPython('http', { endpoint: HTTP(), compression: 'deflate' })],
  ['Python, gRPC', () => sendFromPython('grpc', { endpoint: GRPC() })],
  ['Python, gRPC, gzip', () => sendFromPython('grpc', { endpoint: GRPC(), compression: 'gzip' })],
  ['Node, protobuf', () => sendFromNode('proto', { endpoint: HTTP() })],
  ['Node, protobuf, gzip', () => sendFromNode('proto', { endpoint: HTTP(), compression: 'gzip' })],
  ['Node, JSON', () => sendFromNode('http', { endpoint: HTTP() })],
  ['Node, JSON, gzip', () => sendFromNode('http', { endpoint: HTTP(), compression: 'gzip' })],
  ['Node, gRPC', () => sendFromNode('grpc', { endpoint: GRPC() })],
  ['Node, gRPC, gzip', () => sendFromNode('grpc', { endpoint: GRPC(), compression: 'gzip' })],
]

for (const [name, send] of SENDERS) {
  test(`${name}: both spans of the trace are found by its id`, async () => {
    const { traceId, success } = await send()
    assert.ok(success)
    assert.equal((await namesOf(traceId)).length, 2)
  })
}

test('what came in is counted by door', async () => {
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  assert.equal(counted(metrics, 'fnscope_received_total', { door: 'otlp-http', signal: 'span' }), 14)
  assert.equal(counted(metrics, 'fnscope_received_total', { door: 'otlp-grpc', signal: 'span' }), 8)
  assert.equal(counted(metrics, 'fnscope_dropped_total', { door: 'otlp-http' }), 0)
})
