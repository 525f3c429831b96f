// DataKit's and DataWay's routes over real sockets, with an ingest that keeps what it gets.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { pino } from 'pino'
import { formatPointJson, formatPointPbjson } from '../../packages/fnscope/src/codec/point-format.ts'
import { decodePointsProtobuf } from '../../packages/fnscope/src/codec/point-protobuf.ts'
import type { Point } from '../../packages/fnscope/src/codec/point.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { datakitErrorFormatOf, mountDatakitRoutes } from '../../packages/fnscope/src/doors/dataway-mount.ts'
import type { DoorContext } from '../../packages/fnscope/src/doors/door-context.ts'
import { openHttpDoor } from '../../packages/fnscope/src/doors/http-door.ts'
import { BodyBudget } from '../../packages/fnscope/src/http/body-budget.ts'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { isDatakitPath } from '../../packages/fnscope/src/receive/datakit-error.ts'
import type { Batch } from '../../packages/fnscope/src/span/batch.ts'
import { send, type RawAnswer } from '../raw-http.ts'

interface Kept {
  readonly spans: number
  readonly logs: Batch['logs']
  readonly metrics: Batch['metrics']
}

interface Door {
  readonly url: string
  readonly kept: Kept[]
  readonly counters: Counters
  write(category: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>
}

const NOW = 1_795_248_010_000_000_000n
const PROTOBUF = { 'content-type': 'application/protobuf; proto=com.guance.Point' }
const LINE = { 'content-type': 'application/line-protocol' }

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/dataway/dataway-${name}`, import.meta.url))

async function openDoor(t: TestContext, options: Partial<DoorContext> = {}): Promise<Door> {
  const kept: Kept[] = []
  const counters = new Counters()
  const accept = async ({ spans, logs, metrics }: Batch): Promise<void> => {
    kept.push({ spans: spans.rows, logs, metrics })
  }
  const context: DoorContext = {
    ingest: { accept },
    quickIngest: { accept },
    counters,
    log: pino({ level: 'silent' }),
    token: undefined,
    functionKey: undefined,
    now: () => NOW,
    bounds: () => ({ minNanos: NOW - 86_400_000_000_000n, maxNanos: NOW + 86_400_000_000_000n }),
    budget: new BodyBudget(64 * 1024 * 1024),
    sampling: 'all',
    notify: () => {},
    ...options,
  }
  const door = await openHttpDoor(
    { host: '127.0.0.1', port: 0, explicit: true },
    {
      door: 'datakit',
      context,
      errorFormat: datakitErrorFormatOf,
      bodyLimitBytes: 1024 * 1024,
      needsToken: ({ url }) => !isDatakitPath(url),
      mount: (server, intake) => mountDatakitRoutes(server, intake, context),
    },
  )
  t.after(() => door.stop())
  const url = `http://127.0.0.1:${door.port}`
  return {
    url,
    kept,
    counters,
    write: (category, body, headers = {}) =>
      send(url, { method: 'POST', path: `/v1/write/${category}`, headers, body }),
  }
}

interface DatakitError {
  readonly error_code: string
  readonly message: string
}
const codeOf = (answer: RawAnswer): string => (JSON.parse(answer.body) as DatakitError).error_code

test('what a DataKit uploads is taken as its requests say: 200, empty, and the points are kept', async (t) => {
  const door = await openDoor(t)
  const requests = JSON.parse(fixture('requests.json').toString()) as {
    readonly file: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly points: number
  }[]
  for (const { file, path, headers } of requests) {
    const body = fixture(file.replace('dataway-', ''))
    const zipped = fixture(`${file.replace('dataway-', '')}.gz`)
    for (const [bytes, encoding] of [
      [body, {}],
      [zipped, { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await send(door.url, { method: 'POST', path, headers: { ...headers, ...encoding }, body: bytes })
      assert.deepEqual([answer.status, answer.body], [200, ''], file)
      const { spans, logs, metrics } = door.kept.at(-1)!
      const rows = file.includes('metric') ? [0, 0, 9] : file.includes('logging') ? [0, 2, 0] : [3, 0, 0]
      assert.deepEqual([spans, logs.length, metrics.length], rows, file)
    }
  }
  const metrics = await door.counters.registry.metrics()
  assert.match(metrics, /fnscope_received_total\{door="datakit",signal="metric"\} 36/)
})

test('every form and every encoding of the same points give the same metrics', async (t) => {
  const door = await openDoor(t)
  const points: Point[] = []
  decodePointsProtobuf(fixture('metric.pb'), { take: (point) => void points.push(point), refuse: () => {} })
  const json = `[${points.map(formatPointJson).join(',')}]`
  const pbjson = `[${points.map(formatPointPbjson).join(',')}]`
  const forms = [
    [fixture('metric.pb'), PROTOBUF],
    [fixture('metric.lp'), LINE],
    [fixture('metric.lp'), {}],
    [Buffer.from(json), { 'content-type': 'application/json' }],
    [Buffer.from(pbjson), { 'content-type': 'application/pbjson; proto=com.guance.Point' }],
  ] as const
  const encodings = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const
  for (const [body, headers] of forms) {
    assert.equal((await door.write('metric', body, headers)).status, 200)
    for (const [name, compress] of encodings)
      assert.equal((await door.write('metric', compress(body), { ...headers, 'content-encoding': name })).status, 200)
  }
  assert.equal((await door.write('metrics?encoding=v2', fixture('metric.pb'))).status, 200)
  assert.equal(door.kept.length, 26)
  const sorted = ({ metrics }: Kept): unknown => metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const one of door.kept) assert.deepEqual(sorted(one), sorted(door.kept[0]!))
})

test('refusals are in DataKit’s form and say what is wrong', async (t) => {
  const door = await openDoor(t)
  const cases: readonly (readonly [string, string | Uint8Array, Record<string, string>, number, string])[] = [
    ['metric', '', LINE, 400, 'datakit.emptyBody'],
    ['metric', '# none', LINE, 400, 'datakit.noPoints'],
    ['metric', 'nonsense', LINE, 400, 'datakit.invalidLinePoint'],
    ['metric', 'nonsense', PROTOBUF, 400, 'datakit.invalidProtobufPoint'],
    ['metric', '{', { 'content-type': 'application/json' }, 400, 'datakit.invalidJsonPoint'],
    ['metric', '{', { 'content-type': 'application/pbjson' }, 400, 'datakit.invalidJsonPoint'],
    ['metric?precision=w', 'm f=1', LINE, 400, 'datakit.invalidPrecision'],
    ['me.tric', 'm f=1', LINE, 400, 'datakit.invalidCategory'],
    ['metric?strict=true', 'm f=1\nbad', LINE, 400, 'datakit.invalidLinePoint'],
    ['metric', 'not gzip', { ...LINE, 'content-encoding': 'gzip' }, 400, 'datakit.decodeBodyFailed'],
    ['metric', 'x', { ...LINE, 'content-encoding': 'lz4' }, 415, 'datakit.decodeBodyFailed'],
    [
      'metric',
      gzipSync(Buffer.alloc(21 * 1024 * 1024, 'm f=1\n')),
      { ...LINE, 'content-encoding': 'gzip' },
      413,
      'datakit.bodyTooLarge',
    ],
  ]
  for (const [path, body, headers, status, code] of cases) {
    const answer = await door.write(path, body, headers)
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], path)
  }
  assert.equal(door.kept.length, 0)
  const mixed = await door.write('metric', 'm f=1\nbad\nm f=2', LINE)
  assert.equal(mixed.status, 200)
  assert.match(mixed.body, /bad_point/)
  assert.equal(door.kept[0]!.metrics.length, 2)
})

test('a full log is a 503, so that a DataKit keeps its copy', async (t) => {
  const accept = async (): Promise<void> => {
    throw new IngestFullError('The write-ahead log is full.', 5)
  }
  const door = await openDoor(t, { ingest: { accept } })
  const answer = await door.write('metric', fixture('metric.pb'), PROTOBUF)
  assert.deepEqual([answer.status, codeOf(answer)], [503, 'datakit.serviceUnavailable'])
})

test('the arguments of a write: precision, dry, echo, tags', async (t) => {
  const door = await openDoor(t)
  const seconds = 1_795_248_000
  await door.write('metric?precision=m', `m f=1 ${seconds / 60}`, LINE)
  assert.equal(door.kept.at(-1)!.metrics[0]!.timeNanos, BigInt(seconds) * 1_000_000_000n)
  const dry = await door.write('metric?dry=true&echo=lp', `m,t=a\\ b f=1i,s="x" ${seconds}`, LINE)
  assert.deepEqual([dry.status, dry.body, door.kept.length], [200, `m,t=a\\ b f=1i,s="x" ${seconds}000000000`, 1])
  const json = await door.write('metric?dry=1&echo=json', fixture('metric.pb'), PROTOBUF)
  assert.equal((JSON.parse(json.body) as unknown[]).length, 3)
  const pbjson = await door.write('metric?dry=1&echo=pbjson', 'm f=2u', LINE)
  assert.deepEqual(JSON.parse(pbjson.body), [{ name: 'm', fields: [{ key: 'f', u: '2' }] }])
  await door.write('metric', 'm,zone=own f=1', { ...LINE, 'x-global-tags': 'zone=x, host=h-1,bad,=v' })
  assert.deepEqual({ ...door.kept.at(-1)!.metrics[0]!.dimensions }, { zone: 'own', host: 'h-1' })
})

test('host tags that an application sets are on what is written after', async (t) => {
  const door = await openDoor(t)
  const path = '/v1/global/host/tags'
  const set = await send(door.url, { method: 'POST', path: `${path}?team=a&cluster=c1&host=no` })
  assert.deepEqual(JSON.parse(set.body), {
    'dataway-tags': {},
    'election-tags': {},
    'host-tags': { team: 'a', cluster: 'c1' },
  })
  await send(door.url, { method: 'DELETE', path: `${path}?tags=cluster` })
  assert.equal((await send(door.url, { path })).body, '{"host-tags":"map[team:a]"}')
  await door.write('metric', 'm f=1', LINE)
  await door.write('metric?ignore_global_host_tags=true', 'm f=1', LINE)
  assert.deepEqual(
    door.kept.map(({ metrics }) => ({ ...metrics[0]!.dimensions })),
    [{ team: 'a' }, {}],
  )
})

test('log text is a record a line', async (t) => {
  const door = await openDoor(t)
  await door.write('logstreaming?source=nginx&service=front&tags=zone=a', 'one\r\n\ntwo ü\n', {})
  const { logs } = door.kept[0]!
  assert.deepEqual(
    logs.map(({ body, service, attributes }) => [body, service, attributes['source'], attributes['zone']]),
    [
      ['one', 'front', 'nginx', 'a'],
      ['two ü', 'front', 'nginx', 'a'],
    ],
  )
  await door.write('logstreaming?type=firelens', '[{"date":1,"log":"x"},{"date":2,"other":true}]', {})
  assert.deepEqual(
    door.kept[1]!.logs.map(({ body }) => body),
    ['x', '{"date":2,"other":true}'],
  )
})

test('a DataKit finds what it asks its centre for, and nothing that it logs as an error', async (t) => {
  const door = await openDoor(t)
  const get = async (path: string, method = 'GET'): Promise<unknown> => {
    const answer = await send(door.url, { method, path, ...(method === 'POST' ? { body: '{}' } : {}) })
    assert.equal(answer.status, 200, path)
    return JSON.parse(answer.body) as unknown
  }
  assert.deepEqual(await get('/v1/check/token/tkn_x'), { code: 200, errorCode: '', message: '' })
  assert.deepEqual(await get('/v1/ntp?token=t'), {
    timestamp_sec: 1_795_248_010,
    content: { timestamp_sec: 1_795_248_010 },
  })
  assert.deepEqual(await get('/v1/datakit/pull?token=t'), {})
  assert.deepEqual(await get('/v2/list/dataway?token=t'), { content: { dataway_list: [], interval: 300 } })
  assert.deepEqual(await get('/v1/election?token=t', 'POST'), { content: { status: 'success', error_msg: '' } })
  assert.deepEqual(await get('/v1/election/heartbeat?token=t', 'POST'), {
    content: { status: 'success', error_msg: '' },
  })
  assert.deepEqual(await get('/v1/something/new?token=t', 'POST'), {})
  assert.deepEqual(await get('/v1/workspace?token=t', 'POST'), {})
  const { content } = (await get('/v1/ping')) as { readonly content: Readonly<Record<string, string>> }
  assert.deepEqual(Object.keys(content), ['version', 'uptime', 'host'])
  assert.equal((await send(door.url, { path: '/v1/something/new' })).status, 404)
  assert.match((await send(door.url, { path: '/metrics' })).body, /fnscope_received_total/)
  const raw = await send(door.url, { method: 'POST', path: '/v1/query/raw?token=t', body: '{}' })
  assert.deepEqual([raw.status, codeOf(raw)], [501, 'datakit.notImplemented'])
  const told = await send(door.url, { method: 'POST', path: '/v1/lasterror', body: '{"input":"i","err_content":"e"}' })
  assert.equal(told.status, 200)
  assert.equal((await send(door.url, { method: 'POST', path: '/v1/lasterror', body: '{}' })).status, 400)
})

test('with a token nobody writes or asks without it, in the address or as other clients show it', async (t) => {
  const door = await openDoor(t, { token: 'tkn_secret' })
  const body = fixture('metric.pb')
  for (const path of ['metric', 'metric?token=tkn_other', 'metric?token='])
    assert.deepEqual(await door.write(path, body, PROTOBUF).then((answer) => [answer.status, codeOf(answer)]), [
      403,
      'dataway.tokenNotFound',
    ])
  for (const path of ['/v1/ping', '/v1/ntp', '/v1/check/token/tkn_other', '/v1/global/host/tags', '/v1/else'])
    assert.equal((await send(door.url, { path })).status, 403, path)
  assert.equal(door.kept.length, 0)
  assert.equal((await door.write('metric?token=tkn_secret', body, PROTOBUF)).status, 200)
  assert.equal((await door.write('metric', body, { ...PROTOBUF, authorization: 'Bearer tkn_secret' })).status, 200)
  assert.equal((await send(door.url, { path: '/v1/check/token/tkn_secret' })).status, 200)
  assert.equal((await send(door.url, { path: '/v1/ping?token=tkn_secret' })).status, 200)
})

test('OTLP, Jaeger and Zipkin are taken at DataKit’s paths', async (t) => {
  const door = await openDoor(t)
  const otlp = JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: '5b8aa5a2d2c872e8321cf37308d69df2',
                spanId: '051581bf3cb55c13',
                name: 'x',
                startTimeUnixNano: String(NOW),
                endTimeUnixNano: String(NOW + 5n),
              },
            ],
          },
        ],
      },
    ],
  })
  const answer = await send(door.url, {
    method: 'POST',
    path: '/otel/v1/traces',
    headers: { 'content-type': 'application/json' },
    body: otlp,
  })
  assert.deepEqual([answer.status, answer.body, door.kept[0]!.spans], [200, '{}', 1])
  const refused = await send(door.url, {
    method: 'POST',
    path: '/otel/v1/traces',
    headers: { 'content-type': 'application/json' },
    body: '{',
  })
  assert.deepEqual([refused.status, (JSON.parse(refused.body) as { readonly code: number }).code], [400, 3])
  const jaeger = await send(door.url, {
    method: 'POST',
    path: '/apis/traces',
    headers: { 'content-type': 'application/x-thrift' },
    body: 'x',
  })
  assert.equal(jaeger.status, 400)
  const zipkin = await send(door.url, {
    method: 'POST',
    path: '/api/v2/spans',
    headers: { 'content-type': 'application/json' },
    body: `[{"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","id":"051581bf3cb55c13","timestamp":${NOW / 1000n}}]`,
  })
  assert.deepEqual([zipkin.status, door.kept[1]!.spans], [202, 1])
})
