// The doors of Jaeger's and Zipkin's clients over real sockets: what they answer, what they keep, what they count.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { START_MICROS, thriftBatch } from '../../packages/fnscope/src/codec/jaeger-samples.ts'
import {
  binaryMessage,
  compactMessage,
  writeBinary,
  type ThriftStruct,
} from '../../packages/fnscope/src/codec/thrift-samples.ts'
import type { Config, DoorName } from '../../packages/fnscope/src/config.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { openJaegerCollectorDoors } from '../../packages/fnscope/src/doors/jaeger-collector-doors.ts'
import type { DoorContext, OpenDoor } from '../../packages/fnscope/src/doors/door-context.ts'
import { openZipkinDoor } from '../../packages/fnscope/src/doors/zipkin-door.ts'
import { BodyBudget } from '../../packages/fnscope/src/http/body-budget.ts'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { readSpans } from '../../packages/fnscope/src/span/read-span.ts'
import { counted, send, type RawAnswer } from '../raw-http.ts'
import { eventually } from '../started-fnscope.ts'
import { callOnce, frame } from './otlp-doors.ts'

const FIXTURES = new URL('../fixtures/', import.meta.url)
const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES))

const NOW = START_MICROS * 1000n + 60_000_000_000n
const DAY = 86_400_000_000_000n
const THRIFT = { 'content-type': 'application/x-thrift' }
const JSON_TYPE = { 'content-type': 'application/json' }

interface Doors {
  readonly doors: Readonly<Record<string, OpenDoor>>
  /** Trace and span ids in the order in which they were accepted. */
  readonly accepted: string[]
  readonly url: (name: DoorName) => string
  readonly count: (door: string, reason?: string) => Promise<number>
}

async function openDoors(t: TestContext, more: Partial<DoorContext> = {}): Promise<Doors> {
  const accepted: string[] = []
  const counters = new Counters()
  const ingest: DoorContext['ingest'] = {
    async accept(batch) {
      batch.spans.checkRows()
      for (const { traceId, spanId } of readSpans(batch.spans)) accepted.push(`${traceId} ${spanId}`)
    },
  }
  const context: DoorContext = {
    ingest,
    quickIngest: ingest,
    counters,
    log: pino({ level: 'silent' }),
    token: undefined,
    functionKey: undefined,
    now: () => NOW,
    bounds: () => ({ minNanos: NOW - DAY, maxNanos: NOW + DAY }),
    budget: new BodyBudget(64 * 1024 * 1024),
    sampling: 'all',
    notify: () => {},
    ...more,
  }
  const free = { host: '127.0.0.1', port: 0, explicit: true }
  const wanted = new Proxy({}, { get: () => free }) as Config['doors']
  const doors: Record<string, OpenDoor> = {
    ...(await openJaegerCollectorDoors(wanted, context)),
    zipkin: await openZipkinDoor(wanted, context),
  }
  t.after(() => Promise.all(Object.values(doors).map((door) => door.stop())))
  return {
    doors,
    accepted,
    url: (name) => `http://${doors[name]!.description}`,
    async count(door, reason) {
      const metrics = await counters.registry.metrics()
      if (reason === undefined) return counted(metrics, 'fnscope_received_total', { door, signal: 'span' })
      return counted(metrics, 'fnscope_dropped_total', { door, reason })
    },
  }
}

const batch = writeBinary(thriftBatch([{ spanId: 1n }, { spanId: 2n }]))

async function post(base: string, path: string, body: Uint8Array, headers: object): Promise<RawAnswer> {
  return await send(base, { method: 'POST', path, body, headers: headers as Record<string, string> })
}

test('a batch in thrift is answered with 202 and nothing', async (t) => {
  const { url, accepted, count } = await openDoors(t)
  const base = url('jaeger-thrift-http')
  const types = ['application/x-thrift', 'application/vnd.apache.thrift.binary', 'application/x-thrift; charset=utf-8']
  for (const type of types) {
    const { status, body } = await post(base, '/api/traces?format=jaeger.thrift', batch, { 'content-type': type })
    assert.deepEqual([status, body], [202, ''])
  }
  const gzip = await post(base, '/api/traces', gzipSync(batch), { ...THRIFT, 'content-encoding': 'gzip' })
  assert.equal(gzip.status, 202)
  assert.equal(await count('jaeger-thrift-http'), 8)
  assert.equal(accepted[0], `${'7'.padStart(32, '0')} ${'1'.padStart(16, '0')}`)
})

test('another content type, a torn batch and a wrong method are refused, and nothing of them is kept', async (t) => {
  const { url, accepted, count } = await openDoors(t)
  const base = url('jaeger-thrift-http')
  const answers = [
    await post(base, '/api/traces', batch, JSON_TYPE),
    await post(base, '/api/traces', batch, {}),
    await post(base, '/api/traces', batch.subarray(0, -1), THRIFT),
    await post(base, '/api/traces', Buffer.alloc(0), THRIFT),
    await post(base, '/api/traces', gzipSync(batch).subarray(0, 30), { ...THRIFT, 'content-encoding': 'gzip' }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 400, 400, 400],
  )
  assert.match(answers[2]!.body, /^The request is no batch of Jaeger's: .+ at byte \d+\.\n$/)
  assert.equal((await send(base, { path: '/api/traces' })).status, 404)
  assert.deepEqual(accepted, [])
  assert.equal(await count('jaeger-thrift-http', 'malformed'), 3)
})

test('a bomb is refused with 413 before it is made', async (t) => {
  const { url, count } = await openDoors(t)
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const headers = { 'content-encoding': 'gzip' }
  assert.equal((await post(url('jaeger-thrift-http'), '/api/traces', bomb, { ...THRIFT, ...headers })).status, 413)
  assert.equal((await post(url('zipkin'), '/api/v2/spans', bomb, { ...JSON_TYPE, ...headers })).status, 413)
  assert.deepEqual([await count('jaeger-thrift-http', 'too_large'), await count('zipkin', 'too_large')], [1, 1])
})

test('good spans of a batch with bad ones are kept, the others counted by their reason', async (t) => {
  const { url, accepted, count } = await openDoors(t)
  const far = START_MICROS + 3n * 86_400_000_000n
  const spans = [
    { spanId: 1n },
    { traceLow: 0n },
    { spanId: 0n },
    { startMicros: 5n },
    { startMicros: far },
    { spanId: 1n },
  ]
  const answer = await post(url('jaeger-thrift-http'), '/api/traces', writeBinary(thriftBatch(spans)), THRIFT)
  assert.equal(answer.status, 202)
  // Copies are told apart when they are read.
  assert.equal(accepted.length, 2)
  for (const reason of ['bad_trace_id', 'bad_span_id', 'too_old', 'too_new'])
    assert.equal(await count('jaeger-thrift-http', reason), 1, reason)
})

test('no room is 503 with the time to wait', async (t) => {
  const ingest = { accept: () => Promise.reject(new IngestFullError('The log is full.', 3)) }
  const { url } = await openDoors(t, { ingest })
  const answer = await post(url('jaeger-thrift-http'), '/api/traces', batch, THRIFT)
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '3'])
})

test('both ways to ask what to sample are answered, by name and by number', async (t) => {
  const { url } = await openDoors(t)
  const all = { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 1 } }
  const ask = async (door: DoorName, path: string): Promise<unknown> =>
    JSON.parse((await send(url(door), { path })).body)
  assert.deepEqual(await ask('jaeger-thrift-http', '/api/sampling?service=a'), all)
  assert.deepEqual(await ask('jaeger-sampling', '/sampling?service=a'), all)
  assert.deepEqual(await ask('jaeger-sampling', '/?service=a'), { ...all, strategyType: 0 })
  assert.deepEqual(await ask('jaeger-sampling', '/baggageRestrictions?service=a'), [])
  for (const [door, path] of [
    ['jaeger-sampling', '/sampling'],
    ['jaeger-thrift-http', '/api/sampling?service='],
  ] as const)
    assert.equal((await send(url(door), { path })).status, 400)
})

test('the sampling of the cloud is one trace a second and a share of the rest', async (t) => {
  const { url } = await openDoors(t, { sampling: 'cloud' })
  assert.deepEqual(JSON.parse((await send(url('jaeger-sampling'), { path: '/sampling?service=a' })).body), {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: 0.05 },
    operationSampling: {
      defaultSamplingProbability: 0.05,
      defaultLowerBoundTracesPerSecond: 1,
      perOperationStrategies: [],
    },
  })
})

test('PostSpans and GetSamplingStrategy over gRPC', async (t) => {
  const { url, accepted, count } = await openDoors(t, { bounds: () => ({ minNanos: 0n, maxNanos: 1n << 62n }) })
  const base = url('jaeger-grpc')
  const path = '/jaeger.api_v2.CollectorService/PostSpans'
  const answer = await callOnce(t, base, { path, frames: [frame(fixture('jaeger/python112-grpc-postspans-1.pb'))] })
  assert.deepEqual([answer.status, answer.body], ['0', Buffer.alloc(5)])
  assert.deepEqual(accepted, ['e31c84e171a1f29d173ccbdbdc06db68 33abd00ab782f186'])
  assert.equal((await callOnce(t, base, { path, frames: [frame(Buffer.from([0x0a, 0x7f]))] })).status, '3')
  assert.equal(await count('jaeger-grpc', 'malformed'), 1)
  const strategy = await callOnce(t, base, {
    path: '/jaeger.api_v2.SamplingManager/GetSamplingStrategy',
    frames: [frame(Buffer.from([0x0a, 1, 97]))],
  })
  // probabilistic_sampling { sampling_rate: 1 }
  assert.equal(strategy.body.subarray(5).toString('hex'), '120909000000000000f03f')
})

test('datagrams of both protocols are kept, what is none of theirs is counted', async (t) => {
  const { doors, accepted, count } = await openDoors(t)
  const socket = createSocket('udp4')
  t.after(() => void socket.close())
  const args: ThriftStruct = { 1: { struct: thriftBatch([{ spanId: 5n }]) } }
  const zipkin: ThriftStruct = { 1: { list: [] } }
  for (const [door, message] of [
    ['jaeger-compact', compactMessage],
    ['jaeger-binary', binaryMessage],
  ] as const) {
    const send = (bytes: Buffer): void => socket.send(bytes, doors[door]!.port, '127.0.0.1')
    const good = message('emitBatch', args)
    for (const bytes of [
      good,
      good.subarray(0, 40),
      message('emitZipkinBatch', zipkin),
      Buffer.from('{}'),
      Buffer.alloc(0),
      good,
    ])
      send(bytes)
    await eventually(async () =>
      (await count(door)) === 2 && (await count(door, 'malformed')) === 3 ? true : undefined,
    )
    assert.equal(await count(door, 'unwanted_message'), 1)
  }
  assert.equal(accepted.length, 4)
})

test('spans of Zipkin in every form are answered with 202 and nothing', async (t) => {
  const { url, accepted, count } = await openDoors(t, { bounds: () => ({ minNanos: 0n, maxNanos: 1n << 62n }) })
  const base = url('zipkin')
  const v1 = Buffer.from(JSON.stringify([{ traceId: 'a', id: 'b', name: 'x', timestamp: 5, annotations: [] }]))
  const thriftList = writeBinary({ 1: { list: [{ struct: { 1: { i64: 1n }, 4: { i64: 2n } } }] } }).subarray(3, -1)
  const bodies = [
    ['/api/v2/spans', fixture('zipkin/python-v2.json'), JSON_TYPE, 3],
    ['/api/v2/spans', fixture('zipkin/node-v2.json'), {}, 2],
    ['/api/v2/spans', gzipSync(fixture('zipkin/node-v2.json')), { ...JSON_TYPE, 'content-encoding': 'gzip' }, 2],
    ['/api/v2/spans', fixture('zipkin/python112-v2.pb'), { 'content-type': 'application/x-protobuf' }, 3],
    ['/api/v2/spans', Buffer.from('[]'), JSON_TYPE, 0],
    ['/api/v1/spans', v1, JSON_TYPE, 1],
    ['/api/v1/spans', thriftList, THRIFT, 1],
  ] as const
  for (const [path, body, headers, spans] of bodies) {
    const before = accepted.length
    const answer = await post(base, path, body, headers)
    assert.deepEqual([answer.status, answer.body], [202, ''], path)
    assert.equal(accepted.length - before, spans)
  }
  assert.equal(await count('zipkin'), accepted.length)
  assert.deepEqual(JSON.parse((await send(base, { path: '/health' })).body), { status: 'UP' })
})

test('what is no list of Zipkin spans is 400', async (t) => {
  const { url, accepted } = await openDoors(t)
  const base = url('zipkin')
  const bad = [
    ['/api/v2/spans', Buffer.from('{}'), JSON_TYPE],
    ['/api/v2/spans', Buffer.from('[{'), JSON_TYPE],
    ['/api/v2/spans', Buffer.from('[]'), { 'content-type': 'application/x-thrift' }],
    ['/api/v2/spans', Buffer.from([0x0a, 0x7f]), { 'content-type': 'application/x-protobuf' }],
    ['/api/v1/spans', Buffer.from([12, 0, 0, 0, 9]), THRIFT],
    ['/api/v1/spans', Buffer.alloc(0), JSON_TYPE],
  ] as const
  for (const [path, body, headers] of bad) assert.equal((await post(base, path, body, headers)).status, 400)
  assert.deepEqual(accepted, [])
})

test('a token is wanted where there is one, but not for what to sample at the agent’s port', async (t) => {
  const { url } = await openDoors(t, { token: 'secret' })
  assert.equal((await post(url('jaeger-thrift-http'), '/api/traces', batch, THRIFT)).status, 401)
  const withToken = { ...THRIFT, authorization: 'Bearer secret' }
  assert.equal((await post(url('jaeger-thrift-http'), '/api/traces', batch, withToken)).status, 202)
  const basic = (pair: string): object => ({
    ...THRIFT,
    authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  })
  for (const [pair, status] of [
    ['any:secret', 202],
    [':secret', 202],
    ['secret:', 401],
    ['secret', 401],
  ] as const)
    assert.equal((await post(url('jaeger-thrift-http'), '/api/traces', batch, basic(pair))).status, status, pair)
  assert.equal((await post(url('zipkin'), '/api/v2/spans', Buffer.from('[]'), JSON_TYPE)).status, 401)
  assert.equal((await send(url('jaeger-sampling'), { path: '/sampling?service=a' })).status, 200)
})
