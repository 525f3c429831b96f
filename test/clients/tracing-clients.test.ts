// Traces from the unmodified clients of Jaeger and Zipkin, over every way they have to send, are found again by Jaeger's
// query API and by X-Ray's, with the right parents.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { counted } from '../raw-http.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  invokeFcHandler,
  sendFromExporter112,
  sendFromJaegerNode,
  sendFromJaegerPython,
  sendFromPyZipkin,
  sendFromZipkinNode,
  sendFromZipkinPython,
  type SentTrace,
} from './tracing-programs.ts'
import { readTrace, type Document } from './xray-client.ts'

interface JaegerSpan {
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[]
  readonly tags: readonly { readonly key: string; readonly type: string; readonly value: unknown }[]
  readonly logs: readonly { readonly fields: readonly { readonly key: string; readonly value: unknown }[] }[]
  readonly processID: string
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
}

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const door = (name: string): string => fnscope.doors[name]!
const DEADLINE_MS = 30_000

async function jaegerTrace(traceId: string, spans: number): Promise<JaegerTrace> {
  return await eventually(async () => {
    const answer = await fetch(`http://${door('jaeger-query')}/api/traces/${traceId}`)
    if (answer.status !== 200) return undefined
    const { data } = (await answer.json()) as { readonly data: readonly JaegerTrace[] }
    return data[0]!.spans.length >= spans ? data[0] : undefined
  }, DEADLINE_MS)
}

function tagsOf({ tags }: JaegerSpan): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]))
}

const padded = (id: string, digits: number): string => id.padStart(digits, '0')

/** Documents by their id, with that of the document or subsegment around them. */
async function xrayParents(traceId: string): Promise<Map<string, string | undefined>> {
  const hex = padded(traceId, 32)
  const trace = await readTrace(fnscope, `1-${hex.slice(0, 8)}-${hex.slice(8)}`)
  const parents = new Map<string, string | undefined>()
  const walk = (document: Document, parent: string | undefined): void => {
    parents.set(String(document['id']), parent)
    for (const one of (document['subsegments'] ?? []) as readonly Document[]) walk(one, String(document['id']))
  }
  for (const { Document: text } of trace?.Segments ?? []) {
    const document = JSON.parse(text) as Document
    walk(document, document['parent_id'] as string | undefined)
  }
  return parents
}

interface Sender {
  readonly send: () => Promise<SentTrace>
  readonly service: string
  /** Tags keep their types. */
  readonly typed: boolean
}

const SENDERS: Readonly<Record<string, Sender>> = {
  'exporter-jaeger 1.12, UDP': { send: () => sendFromExporter112('udp', door('jaeger-compact')), service: 'exporter-udp', typed: true },
  'exporter-jaeger 1.12, gRPC': { send: () => sendFromExporter112('grpc', door('jaeger-grpc')), service: 'exporter-grpc', typed: true },
  'jaeger-client for Python, UDP': {
    send: () => sendFromJaegerPython(door('jaeger-compact'), door('jaeger-sampling'), false),
    service: 'jaeger-python',
    typed: true,
  },
  'jaeger-client for Python, which asks what to sample': {
    send: () => sendFromJaegerPython(door('jaeger-compact'), door('jaeger-sampling'), true),
    service: 'jaeger-python',
    typed: true,
  },
  'jaeger-client for Node, UDP': { send: () => sendFromJaegerNode('udp', door('jaeger-binary')), service: 'jaeger-node', typed: true },
  'jaeger-client for Node, HTTP': { send: () => sendFromJaegerNode('http', door('jaeger-thrift-http')), service: 'jaeger-node', typed: true },
  'jaeger-client for Node, which asks what to sample': {
    send: () => sendFromJaegerNode('http', door('jaeger-thrift-http'), door('jaeger-sampling')),
    service: 'jaeger-node',
    typed: true,
  },
  'exporter-zipkin for Python, JSON': { send: () => sendFromZipkinPython('json', door('zipkin')), service: 'zipkin-json', typed: false },
  'exporter-zipkin for Python, protobuf': { send: () => sendFromZipkinPython('proto', door('zipkin')), service: 'zipkin-proto', typed: false },
  'exporter-zipkin for Node': { send: () => sendFromZipkinNode(door('zipkin')), service: 'zipkin-node', typed: false },
  'py_zipkin, version 1': { send: () => sendFromPyZipkin('v1-json', door('zipkin')), service: 'py-zipkin', typed: false },
  'py_zipkin, version 2': { send: () => sendFromPyZipkin('v2-json', door('zipkin')), service: 'py-zipkin', typed: false },
  'py_zipkin, protobuf': { send: () => sendFromPyZipkin('v2-proto', door('zipkin')), service: 'py-zipkin', typed: false },
} // prettier-ignore

for (const [name, { send, service, typed }] of Object.entries(SENDERS))
  test(`${name}: the trace is there with its parents, tags and logs`, async () => {
    const sent = await send()
    const [parentId, childId] = [padded(sent.parentId, 16), padded(sent.childId, 16)]
    const { spans, processes } = await jaegerTrace(sent.traceId, 2)
    assert.deepEqual(spans.map(({ operationName }) => operationName).sort(), ['child', 'parent'])
    const child = spans.find(({ operationName }) => operationName === 'child')!
    const parent = spans.find(({ operationName }) => operationName === 'parent')!
    assert.deepEqual([parent.spanID, child.spanID], [parentId, childId])
    assert.deepEqual(parent.references, [])
    assert.equal(child.references[0]!.spanID, parentId)
    assert.equal(processes[child.processID]!.serviceName, service)
    const tags = tagsOf(child)
    const values = typed ? ['ada', 3, 1.5, true] : ['ada', '3', '1.5', 'true']
    assert.deepEqual(
      [tags['customer'], tags['items'], tags['total'], String(tags['paid']).toLowerCase()],
      [...values.slice(0, 3), 'true'],
    )
    assert.equal(tags['span.kind'], 'client')
    assert.equal(tags['error'], true)
    assert.ok(child.logs.some(({ fields }) => fields.some(({ key, value }) => key === 'event' && value === 'retry')))
    const parents = await eventually(async () => {
      const found = await xrayParents(sent.traceId)
      return found.has(parentId) && found.has(childId) ? found : undefined
    }, DEADLINE_MS)
    assert.deepEqual([parents.get(parentId), parents.get(childId)], [undefined, parentId])
  })

test('the handler of Function Compute’s documentation, invoked twice, leaves each span once', async () => {
  const spanContext = '124ed43254b54966:124ed43254b54967:0:1'
  const answers = await invokeFcHandler(`http://${door('jaeger-thrift-http')}/api/traces`, spanContext)
  assert.deepEqual(answers, ['hello world', 'hello world'])
  const { spans, processes } = await jaegerTrace('124ed43254b54966', 4)
  assert.deepEqual(spans.map(({ operationName }) => operationName).sort(), [
    'child',
    'child',
    'fc-operation',
    'fc-operation',
  ])
  for (const child of spans.filter(({ operationName }) => operationName === 'child')) {
    const parent = spans.find(({ spanID }) => spanID === child.references[0]!.spanID)
    assert.equal(parent?.operationName, 'fc-operation')
    assert.equal(parent.references[0]!.spanID, '124ed43254b54967')
    assert.equal(processes[child.processID]!.serviceName, 'my-helloworld-service')
  }
})

test('both sides of a Zipkin call that share an id are shown, one below the other', async () => {
  const traceId = 'c0ffee0000000001'
  const now = Date.now() * 1000
  const span = (serviceName: string, kind: string | undefined, more: object): object => ({
    traceId,
    timestamp: now,
    duration: 5000,
    localEndpoint: { serviceName },
    ...(kind !== undefined && { kind }),
    ...more,
  })
  const requests = [
    [
      span('web', 'SERVER', { id: 'a0', name: 'root' }),
      span('web', 'CLIENT', { id: 'a1', parentId: 'a0', name: 'call' }),
    ],
    [
      span('db', 'SERVER', { id: 'a1', parentId: 'a0', name: 'serve', shared: true }),
      span('db', undefined, { id: 'a2', parentId: 'a1', name: 'work' }),
    ],
  ]
  for (const spans of requests) {
    const headers = { 'content-type': 'application/json' }
    const url = `http://${door('zipkin')}/api/v2/spans`
    assert.equal((await fetch(url, { method: 'POST', headers, body: JSON.stringify(spans) })).status, 202)
  }
  const { spans } = await jaegerTrace(traceId, 4)
  const idOf = (name: string): string => spans.find(({ operationName }) => operationName === name)!.spanID
  const parentOf = (name: string): string | undefined =>
    spans.find(({ operationName }) => operationName === name)!.references[0]?.spanID
  assert.equal(new Set(spans.map(({ spanID }) => spanID)).size, 4)
  assert.deepEqual(['root', 'call', 'serve', 'work'].map(parentOf), [
    undefined,
    idOf('root'),
    idOf('call'),
    idOf('serve'),
  ])
  assert.equal(idOf('call'), '00000000000000a1')
  const parents = await xrayParents(traceId)
  assert.deepEqual([parents.get(idOf('serve')), parents.get(idOf('work'))], [idOf('call'), idOf('serve')])
})

test('what came in is counted by door', async () => {
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  for (const name of ['jaeger-thrift-http', 'jaeger-grpc', 'jaeger-compact', 'jaeger-binary', 'zipkin'])
    assert.ok(counted(metrics, 'fnscope_received_total', { door: name, signal: 'span' }) > 0, name)
})
