// Jaeger's QueryService over gRPC, api_v2 and api_v3, asked by gRPC's own client for Node of what came in over OTLP. The
// client that Jaeger publishes in Go asks in go-clients.test.ts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { decodeOtlpTraces } from '../../packages/fnscope/src/codec/otlp-traces.ts'
import { ProtobufWriter } from '../../packages/fnscope/src/codec/protobuf-writer.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { readSpans } from '../../packages/fnscope/src/span/read-span.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import { eventually, ROOT, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { otlpRequest, SHORT_TRACE, TRACE } from './jaeger-spans.ts'

interface Tag {
  readonly key: string
  readonly v_type: string
}
interface V2Span {
  readonly trace_id: Buffer
  readonly span_id: Buffer
  readonly operation_name: string
  readonly references: readonly { readonly span_id: Buffer; readonly ref_type: string }[]
  readonly start_time: { readonly seconds: string; readonly nanos: number }
  readonly duration: { readonly seconds: string; readonly nanos: number }
  readonly tags: readonly Tag[]
  readonly logs: readonly { readonly timestamp: { readonly nanos: number }; readonly fields: readonly Tag[] }[]
  readonly process: { readonly service_name: string; readonly tags: readonly Tag[] }
  readonly warnings: readonly string[]
}
type Unary = (request: object, done: (error: ServiceError | null, answer: object) => void) => void
type Streaming = (request: object) => AsyncIterable<object>
type Methods = Client & Readonly<Record<string, Unary & Streaming>>

const startSeconds = Math.floor(Date.now() / 1000) - 60
const startNanos = BigInt(startSeconds) * 1_000_000_000n
const TIMES = { start_time_min: { seconds: startSeconds - 600 }, start_time_max: { seconds: startSeconds + 600 } }
const MANY = '0000000000000000000000000000beef'
const OPTIONS = { keepCase: true, longs: String, enums: String, defaults: true }

let fnscope: StartedFnscope
let v2: Methods
let v3: Methods

before(async () => {
  fnscope = await startFnscope()
  for (const body of [otlpRequest(startNanos), manySpans()]) {
    const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.equal(sent.status, 200)
  }
  ;[v2, v3] = [open('v2'), open('v3')]
  for (const id of [TRACE, SHORT_TRACE, MANY])
    await eventually(async () => {
      const found = await streamed(v2, 'GetTrace', { trace_id: Buffer.from(id.padStart(32, '0'), 'hex') }).catch(
        () => [],
      )
      return found.length > 0 || undefined
    })
  await eventually(async () => (await servicesOf(v2)).length === 3 || undefined)
})
after(async () => {
  v2?.close()
  v3?.close()
  await fnscope[Symbol.asyncDispose]()
})

/** Too many for one message. */
function manySpans(): object {
  const spans = Array.from({ length: 1500 }, (_, i) => ({
    traceId: MANY,
    spanId: (i + 1).toString(16).padStart(16, '0'),
    name: 'one of many',
    startTimeUnixNano: String(startNanos - 500_000_000_000n + BigInt(i)),
    endTimeUnixNano: String(startNanos - 499_000_000_000n),
    attributes: [{ key: 'filling', value: { stringValue: 'x'.repeat(400) } }],
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'crowd' } }] }
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }
}

function open(version: 'v2' | 'v3'): Methods {
  const definition = loadSync(join(ROOT, `test/fixtures/jaeger/query-${version}.proto`), OPTIONS)
  const loaded = loadPackageDefinition(definition) as unknown as {
    readonly jaeger: Readonly<
      Record<string, { readonly QueryService: new (address: string, secrets: object) => Methods }>
    >
  }
  const { QueryService } = loaded.jaeger[`api_${version}`]!
  return new QueryService(fnscope.doors['jaeger-query-grpc']!, credentials.createInsecure())
}

async function called<Answer>(client: Methods, method: string, request: object): Promise<Answer> {
  return await new Promise<Answer>((resolve, reject) =>
    client[method]!(request, (error, answer) => (error === null ? resolve(answer as Answer) : reject(error))),
  )
}

async function streamed<Chunk>(client: Methods, method: string, request: object): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  for await (const chunk of client[method]!(request)) chunks.push(chunk as Chunk)
  return chunks
}

async function servicesOf(client: Methods): Promise<readonly string[]> {
  return (await called<{ readonly services: readonly string[] }>(client, 'GetServices', {})).services
}

async function spansV2(method: string, request: object): Promise<V2Span[]> {
  return (await streamed<{ readonly spans: readonly V2Span[] }>(v2, method, request)).flatMap(({ spans }) => spans)
}

async function spansV3(method: string, request: object): Promise<Span[]> {
  const chunks = await streamed<{ readonly resource_spans: readonly Buffer[] }>(v3, method, request)
  const writer = new ProtobufWriter()
  for (const resource of chunks.flatMap((one) => one.resource_spans)) writer.bytes(1, resource)
  const { spans } = newBatch()
  decodeOtlpTraces(writer.written(), spans, { receivedNanos: 1n, bounds: { minNanos: 0n, maxNanos: 1n << 62n } })
  return readSpans(spans)
}

const hex = (id: Buffer): string => id.toString('hex')

test('services, operations and dependencies are those of HTTP, in both versions', async () => {
  for (const client of [v2, v3]) {
    assert.deepEqual(await servicesOf(client), ['billing', 'crowd', 'shop'])
    const { operations } = await called<{ readonly operations: readonly object[] }>(client, 'GetOperations', {
      service: 'shop',
      span_kind: 'client',
    })
    assert.deepEqual(operations, [{ name: 'SELECT', span_kind: 'client' }])
    const range = { start_time: { seconds: startSeconds - 60 }, end_time: { seconds: startSeconds + 60 } }
    const { dependencies } = await called<{ readonly dependencies: readonly object[] }>(
      client,
      'GetDependencies',
      range,
    )
    assert.deepEqual(dependencies, [{ parent: 'shop', child: 'billing', call_count: '1' }])
  }
  const { operation_names: names } = await called<{ readonly operation_names: readonly string[] }>(
    v2,
    'GetOperations',
    {
      service: 'shop',
    },
  )
  assert.deepEqual(names, ['GET /', 'SELECT', 'backwards', 'short'])
})

test('api_v2: a span has its times to the nanosecond, its values by type, its process', async () => {
  const spans = await spansV2('GetTrace', { trace_id: Buffer.from(TRACE, 'hex') })
  assert.deepEqual(
    spans.map((span) => [hex(span.trace_id), hex(span.span_id), span.operation_name, span.process.service_name]),
    [
      [TRACE, '00000000000000a1', 'GET /', 'shop'],
      [TRACE, '00000000000000a2', 'SELECT', 'shop'],
      [TRACE, '00000000000000a3', 'backwards', 'shop'],
      [TRACE, '00000000000000a4', 'bill', 'billing'],
    ],
  )
  const [root, query, backwards] = spans
  const tagOf = (key: string): object => root!.tags.find((tag) => tag.key === key)!
  const empty = { v_str: '', v_bool: false, v_int64: '0', v_float64: 0, v_binary: Buffer.alloc(0) }
  assert.deepEqual(tagOf('big'), { ...empty, key: 'big', v_type: 'INT64', v_int64: '9223372036854775807' })
  assert.deepEqual(tagOf('half'), { ...empty, key: 'half', v_type: 'FLOAT64', v_float64: 0.5 })
  assert.deepEqual(tagOf('odd'), { ...empty, key: 'odd', v_type: 'FLOAT64', v_float64: Number.NaN })
  assert.deepEqual(tagOf('yes'), { ...empty, key: 'yes', v_type: 'BOOL', v_bool: true })
  assert.deepEqual(tagOf('customer'), { ...empty, key: 'customer', v_type: 'STRING', v_str: 'cust-1' })
  assert.deepEqual(tagOf('bytes'), {
    ...empty,
    key: 'bytes',
    v_type: 'BINARY',
    v_binary: Buffer.from('AAEC/w==', 'base64'),
  })
  assert.equal(root!.logs[0]!.timestamp.nanos, 1_234_567)
  assert.deepEqual(
    root!.logs[0]!.fields.map(({ key }) => key),
    ['event', 'attempt', 'exception.type'],
  )
  assert.deepEqual(query!.start_time, { seconds: String(startSeconds), nanos: 1_000_999 })
  assert.deepEqual(query!.duration, { seconds: '0', nanos: 1_000_001 })
  assert.deepEqual(
    query!.references.map(({ span_id: id, ref_type: type }) => [hex(id), type]),
    [
      ['00000000000000a1', 'CHILD_OF'],
      ['00000000000000b1', 'FOLLOWS_FROM'],
      ['00000000000000b2', 'CHILD_OF'],
    ],
  )
  assert.match(backwards!.warnings.join(), /ends 5 ns before it starts/)
  // A short id in eight bytes.
  assert.equal((await spansV2('GetTrace', { trace_id: Buffer.from(SHORT_TRACE, 'hex') }))[0]!.operation_name, 'short')
})

test('a large trace comes in messages that a client takes, in both versions', async () => {
  const chunks = await streamed<{ readonly spans: readonly V2Span[] }>(v2, 'GetTrace', {
    trace_id: Buffer.from(MANY, 'hex'),
  })
  assert.ok(chunks.length > 2, String(chunks.length))
  assert.equal(new Set(chunks.flatMap(({ spans }) => spans.map((one) => hex(one.span_id)))).size, 1500)
  assert.equal(new Set((await spansV3('GetTrace', { trace_id: MANY })).map(({ spanId }) => spanId)).size, 1500)
})

test('traces are found by service, operation, tags, duration, time and depth', async () => {
  const namesOf = async (query: object): Promise<string[]> => {
    const ofV2 = (await spansV2('FindTraces', { query: { ...TIMES, ...query } })).map((span) => span.operation_name)
    const { tags, ...others } = query as { readonly tags?: object }
    const ofV3 = await spansV3('FindTraces', { query: { ...TIMES, ...others, attributes: tags } })
    assert.deepEqual(ofV3.map(({ name }) => name).sort(), ofV2.toSorted())
    return ofV2
  }
  const whole = ['GET /', 'SELECT', 'backwards', 'bill']
  assert.deepEqual(await namesOf({ service_name: 'shop' }), ['short', ...whole])
  assert.deepEqual(await namesOf({ service_name: 'shop', search_depth: 1 }), ['short'])
  assert.deepEqual(await namesOf({ service_name: 'shop', operation_name: 'SELECT' }), whole)
  assert.deepEqual(await namesOf({ service_name: 'shop', tags: { customer: 'cust-1', small: '7' } }), whole)
  assert.deepEqual(await namesOf({ service_name: 'shop', tags: { customer: 'cust-2' } }), [])
  assert.deepEqual(await namesOf({ service_name: 'shop', duration_min: { nanos: 50_000_000 } }), whole)
  assert.deepEqual(await namesOf({ service_name: 'shop', duration_max: { nanos: 900 }, operation_name: 'SELECT' }), [])
})

test('what cannot be answered ends with a code of gRPC and a reason', async () => {
  const missing = Buffer.from('7'.repeat(32), 'hex')
  const asked: readonly (readonly [Methods, string, object, number, RegExp])[] = [
    [v2, 'GetTrace', { trace_id: missing }, 5, /^trace not found$/],
    [v3, 'GetTrace', { trace_id: '77' }, 5, /^trace not found$/],
    [v3, 'GetTrace', { trace_id: 'zz' }, 3, /1 to 32 hex digits/],
    [v2, 'FindTraces', {}, 3, /^missing query$/],
    [v2, 'FindTraces', { query: { ...TIMES } }, 3, /'service' is required/],
    [v3, 'FindTraces', { query: { service_name: 'shop' } }, 3, /start_time_min and start_time_max are required/],
    [v3, 'FindTraces', { query: { ...TIMES, service_name: 'shop', filter: { op: 'eq' } } }, 12, /search by filter/],
    [v2, 'FindTraces', { query: { ...TIMES, service_name: 'shop', search_depth: 9999 } }, 3, /'limit' wants/],
    [v3, 'FindSpans', {}, 12, /There is no method/],
  ]
  for (const [client, method, request, code, message] of asked)
    await assert.rejects(streamed(client, method, request), (error: ServiceError) => {
      assert.deepEqual([method, error.code], [method, code], error.message)
      assert.match(error.details, message)
      return true
    })
  await assert.rejects(called(v2, 'ArchiveTrace', { trace_id: missing }), { code: 12 })
  await assert.rejects(called(v2, 'GetOperations', {}), { code: 3, details: 'service is required' })
})

test('health is told of the whole and of each service', async () => {
  const same = (bytes: Buffer): Buffer => bytes
  const check = (service: string): Promise<Buffer> => {
    const writer = new ProtobufWriter()
    if (service !== '') writer.string(1, service)
    const request = Buffer.from(writer.written())
    return new Promise((resolve, reject) =>
      v2.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, request, (error, answer) =>
        error === null ? resolve(answer!) : reject(error),
      ),
    )
  }
  for (const service of ['', 'jaeger.api_v2.QueryService', 'jaeger.api_v3.QueryService'])
    assert.deepEqual([...(await check(service))], [8, 1])
  await assert.rejects(check('nobody'), { code: 5 })
})
