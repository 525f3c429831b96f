// The Datadog agent's doors over real sockets: what each route answers, and that no answer makes a tracer give up.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pack } from '../../packages/fnscope/src/codec/msgpack-samples.ts'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { openDatadogDoors, type DatadogDoors } from '../../packages/fnscope/src/doors/datadog-doors.ts'
import type { DoorContext } from '../../packages/fnscope/src/doors/door-context.ts'
import { BodyBudget } from '../../packages/fnscope/src/http/body-budget.ts'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import type { Batch } from '../../packages/fnscope/src/span/batch.ts'
import { readSpans } from '../../packages/fnscope/src/span/read-span.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'

const FIXTURES = new URL('../fixtures/datadog/', import.meta.url)
const RATES = '{"rate_by_service":{"service:,env:":1}}'
const FREE = { host: '127.0.0.1', port: 0, explicit: true }
const SPAN = { service: 's', name: 'n', resource: 'r', trace_id: 1, span_id: 2, start: 5, duration: 3 }

interface Opened {
  readonly doors: DatadogDoors
  readonly spans: Span[]
  readonly points: string[]
  readonly counters: Counters
}

async function openDoors(t: TestContext, more: Partial<DoorContext> = {}): Promise<Opened> {
  const spans: Span[] = []
  const points: string[] = []
  const counters = new Counters()
  const ingest = {
    async accept(batch: Batch): Promise<void> {
      spans.push(...readSpans(batch.spans))
      points.push(...batch.metrics.map(({ name, value }) => `${name} ${value}`))
    },
  }
  const doors = await openDatadogDoors(
    { datadog: FREE, datakit: FREE, 'datadog-extension': FREE, statsd: FREE },
    {
      ingest,
      quickIngest: ingest,
      counters,
      log: silentLogger,
      token: undefined,
      functionKey: undefined,
      now: () => 7n,
      bounds: () => ({ minNanos: 1n, maxNanos: 1n << 62n }),
      budget: new BodyBudget(128 * 1024 * 1024),
      sampling: 'all',
      notify: () => undefined,
      ...more,
    },
  )
  t.after(async () => void (await Promise.all(Object.values(doors).map((door) => door.stop()))))
  return { doors, spans, points, counters }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

function send(
  port: number,
  method: string,
  path: string,
  options: { readonly body?: Uint8Array; readonly headers?: Record<string, string>; readonly host?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const { body, headers = {}, host = '127.0.0.1' } = options
  const sent = request({ host, port, method, path, headers }, (answer) => {
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => parts.push(part))
    answer.on('end', () =>
      resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }),
    )
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}

const MSGPACK = { 'content-type': 'application/msgpack' }

test('captured requests are taken on both ports, POST and PUT', async (t) => {
  const { doors, spans } = await openDoors(t)
  let expected = 0
  for (const name of [
    'py-hello-v05-cold2',
    'py2x-hello-v05',
    'py-order-httpapi-v04',
    'py-error-v04',
    'js-ext-order-v04',
  ])
    for (const { port } of [doors.datadog, doors.datakit]) {
      const { method, path, headers } = JSON.parse(readFileSync(new URL(`${name}.request.json`, FIXTURES), 'utf8')) as {
        method: string
        path: string
        headers: [string, string][]
      }
      const kept = headers.filter(([key]) => !/^(?:host|content-length)$/i.test(key))
      const answer = await send(port, method, path, {
        body: readFileSync(new URL(`${name}.body`, FIXTURES)),
        headers: Object.fromEntries(kept),
      })
      assert.deepEqual([answer.status, answer.body], [200, RATES], name)
      const decoded = JSON.parse(readFileSync(new URL(`${name}.decoded.json`, FIXTURES), 'utf8')) as { n_spans: number }
      expected += decoded.n_spans
      assert.equal(spans.length, expected)
    }
  const lambda = spans.find(({ name }) => name === 'aws.lambda')!
  assert.equal(lambda.resource['telemetry.sdk.version'], '4.16.0')
})

test('/info names what is decoded, and its state comes with every answer to traces', async (t) => {
  const { doors } = await openDoors(t)
  const { port } = doors.datakit
  const info = await send(port, 'GET', '/info')
  const said = JSON.parse(info.body) as {
    endpoints: string[]
    client_drop_p0s: boolean
    config: Record<string, number>
  }
  assert.equal(said.client_drop_p0s, false)
  assert.deepEqual(said.config, { statsd_port: doors.statsd.port, receiver_port: port })
  for (const path of said.endpoints.filter((one) => one.endsWith('/traces'))) {
    const body = path === '/v0.5/traces' ? pack([[], []]) : pack([])
    const answer = await send(port, 'PUT', path, { body, headers: MSGPACK })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['datadog-agent-state'], info.headers['datadog-agent-state'])
  }
  assert.equal((await send(port, 'POST', '/v0.3/traces', { body: pack([[SPAN]]), headers: MSGPACK })).body, 'OK\n')
})

test('a body is read for what it is, whatever its content type says', async (t) => {
  const { doors, spans } = await openDoors(t)
  const json = Buffer.from(JSON.stringify([[SPAN]]))
  for (const [body, headers] of [
    [pack([[SPAN]]), {}],
    [pack([[SPAN]]), { 'content-type': 'text/plain' }],
    [json, { 'content-type': 'application/json' }],
    [Buffer.concat([Buffer.from(' \n'), json]), { 'content-type': 'text/json; charset=utf-8' }],
    [json, MSGPACK],
    [gzipSync(json), { 'content-encoding': 'gzip' }],
  ] as const)
    assert.equal((await send(doors.datadog.port, 'POST', '/v0.4/traces', { body, headers })).status, 200)
  assert.equal(spans.length, 6)
})

test('nothing at all is fine', async (t) => {
  const { doors } = await openDoors(t)
  const answer = await send(doors.datadog.port, 'PUT', '/v0.4/traces', {
    headers: { 'content-length': '0', 'x-datadog-trace-count': '0', 'datadog-rates-payload-version': 'v7' },
  })
  assert.deepEqual([answer.status, answer.body], [200, RATES])
  assert.equal(answer.headers['datadog-rates-payload-version'], 'v7')
})

test('a bad body is 400 or 413 with its reason, never 404 or 415, and hurts no other', async (t) => {
  const { doors, spans } = await openDoors(t)
  const { port } = doors.datadog
  for (const path of ['/v0.3/traces', '/v0.4/traces', '/v0.5/traces']) {
    const cut = await send(port, 'POST', path, { body: pack([[SPAN], [SPAN]]).slice(0, -3), headers: MSGPACK })
    assert.equal(cut.status, 400)
    assert.match(cut.body, path === '/v0.5/traces' ? /not a string|not an array/ : /unexpected-eof/)
    assert.equal((await send(port, 'POST', path, { body: Buffer.from('{"a":1}'), headers: MSGPACK })).status, 400)
    const odd = await send(port, 'POST', path, { body: pack([]), headers: { 'content-encoding': 'lzma' } })
    assert.equal(odd.status, 400)
  }
  const large = await send(port, 'PUT', '/v0.4/traces', { body: Buffer.alloc(25 * 1024 * 1024 + 1), headers: MSGPACK })
  assert.deepEqual([large.status, large.body], [413, 'payload-too-large\n'])
  const bomb = await send(port, 'PUT', '/v0.4/traces', {
    body: gzipSync(Buffer.alloc(30 * 1024 * 1024)),
    headers: { ...MSGPACK, 'content-encoding': 'gzip' },
  })
  assert.equal(bomb.status, 413)
  assert.equal(spans.length, 0)
  await send(port, 'PUT', '/v0.4/traces', { body: pack([[SPAN]]), headers: MSGPACK })
  assert.equal(spans.length, 1)
})

test('when there is no room a tracer that wants the truth is told 429, another that all is well', async (t) => {
  const full = {
    accept: async () => {
      throw new IngestFullError('the log is full')
    },
  }
  const { doors } = await openDoors(t, { ingest: full })
  const ask = (headers: Record<string, string>): Promise<Answer> =>
    send(doors.datadog.port, 'POST', '/v0.4/traces', { body: pack([[SPAN]]), headers: { ...MSGPACK, ...headers } })
  assert.equal((await ask({ 'datadog-send-real-http-status': '1' })).status, 429)
  assert.equal((await ask({})).status, 200)
})

test('what is not kept is answered as the agent answers it', async (t) => {
  const { doors } = await openDoors(t)
  const { port } = doors.datakit
  const stats = readFileSync(new URL('js-client-stats-v06.body', FIXTURES))
  for (const [method, path, status, body] of [
    ['PUT', '/v0.6/stats', 200, ''],
    ['POST', '/v0.1/pipeline_stats', 200, '{}'],
    ['POST', '/telemetry/proxy/api/v2/apmtelemetry', 202, ''],
    ['POST', '/v0.7/config', 200, '{}'],
    ['PUT', '/v0.3/services', 200, 'OK\n'],
    ['PUT', '/v0.4/services', 200, 'OK\n'],
  ] as const) {
    const answer = await send(port, method, path, { body: stats, headers: { 'content-type': 'application/json' } })
    assert.deepEqual([answer.status, answer.body], [status, body], path)
  }
  for (const path of ['/v1.1/traces', '/v0.2/traces', '/evp_proxy/v2/x', '/profiling/v1/input'])
    assert.equal((await send(port, 'POST', path, { body: stats })).status, 404, path)
})

test("the extension's port answers what libraries ask of it", async (t) => {
  const { doors } = await openDoors(t)
  const { port } = doors['datadog-extension']
  const flush = await send(port, 'POST', '/lambda/flush', {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' },
  })
  assert.deepEqual([flush.status, flush.body], [200, ''])
  assert.equal((await send(port, 'GET', '/lambda/hello')).body, '{}')
  const event = { headers: { 'X-Datadog-Trace-Id': '42', 'x-datadog-sampling-priority': '2' } }
  const started = await send(port, 'POST', '/lambda/start-invocation', { body: Buffer.from(JSON.stringify(event)) })
  assert.deepEqual([started.status, started.body, started.headers['x-datadog-trace-id']], [200, '{}', '42'])
  assert.equal((await send(port, 'POST', '/lambda/end-invocation', { body: Buffer.from('null') })).status, 200)
})

test('localhost is served on both of its addresses, where the machine has them', async (t) => {
  const { doors, spans } = await openDoors(t)
  try {
    const answer = await send(doors.datakit.port, 'PUT', '/v0.4/traces', { body: pack([[SPAN]]), host: '::1' })
    assert.deepEqual([answer.status, spans.length], [200, 1])
  } catch (error) {
    assert.match(String(error), /EADDRNOTAVAIL|EAFNOSUPPORT|ENETUNREACH/)
  }
})

test('samples by UDP become points', async (t) => {
  const { doors, points } = await openDoors(t)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  const deadline = Date.now() + 60_000
  while (points.length === 0) {
    assert.ok(Date.now() < deadline, 'nothing came')
    socket.send('orders:3|c|#a:b\nbad\nshare:0.5|g', doors.statsd.port, '127.0.0.1')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.deepEqual(points.slice(0, 2), ['orders 3', 'share 0.5'])
})
