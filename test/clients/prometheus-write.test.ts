// Remote write from an unmodified sender (OpenTelemetry's exporter for Python), over the main port, read back.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ConsoleMetricPoint } from '../../packages/fnscope/src/api/console-types.ts'
import { counted, send } from '../raw-http.ts'
import { ROOT, eventually, run, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const PROGRAM = `
import json, os
from opentelemetry.exporter.prometheus_remote_write import PrometheusRemoteWriteMetricsExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
exporter = PrometheusRemoteWriteMetricsExporter(endpoint=os.environ['ENDPOINT'], headers=json.loads(os.environ['HEADERS']))
reader = PeriodicExportingMetricReader(exporter, 60_000)
provider = MeterProvider(metric_readers=[reader], resource=Resource.create({'service.name': 'orders'}))
meter = provider.get_meter('shop')
meter.create_counter('orders').add(3, {'kind': 'a'})
meter.create_histogram('latency').record(7, {'route': '/o'})
provider.force_flush()
provider.shutdown()
`

async function write(endpoint: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { ...process.env, ENDPOINT: endpoint, HEADERS: JSON.stringify(headers) }
  const { code, stderr } = await run(join(ROOT, '.fnscope/venvs/prometheus/bin/python'), ['-c', PROGRAM], {
    env,
    input: '',
  })
  assert.equal(code, 0, stderr)
  return stderr
}

async function points(name: string): Promise<readonly ConsoleMetricPoint[] | undefined> {
  const answer = await fetch(`${fnscope.url}/api/metrics?name=${name}`)
  const found = ((await answer.json()) as { points: readonly ConsoleMetricPoint[] }).points
  return found.length === 0 ? undefined : found
}

test('counters and histograms of the exporter are found again as the series that they were sent as', async () => {
  assert.equal(await write(`${fnscope.url}/api/v1/write`), '')
  const [counter] = await eventually(() => points('orders'))
  assert.deepEqual([counter!.value, counter!.service, counter!.dimensions['kind']], [3, 'orders', 'a'])
  // This sender gives buckets the name of their histogram.
  const buckets = await eventually(() => points('latency'))
  assert.ok(buckets.length > 5)
  assert.equal(buckets.find((point) => point.dimensions['le'] === '10.0')!.value, 1)
  assert.equal(buckets.find((point) => point.dimensions['le'] === '5.0')!.value, 0)
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  assert.ok(counted(metrics, 'fnscope_received_total', { door: 'prometheus-write', signal: 'metric' }) > 5)
})

const TYPE = 'application/x-protobuf'
const TYPE_2 = `${TYPE};proto=io.prometheus.write.v2.Request`

function post(headers: Readonly<Record<string, string>>, body: Uint8Array | string): ReturnType<typeof send> {
  return send(fnscope.url, { method: 'POST', path: '/api/v1/write', headers, body })
}

function capture(version: 1 | 2): Uint8Array {
  return readFileSync(new URL(`../fixtures/prometheus/every-field-v${version}.snappy`, import.meta.url))
}

test('version 2 is answered with how much of each kind was written', async () => {
  const headers = { 'content-type': TYPE_2, 'content-encoding': 'snappy' }
  const answer = await post(headers, Uint8Array.of(0))
  assert.deepEqual([answer.status, answer.body], [204, ''])
  for (const kind of ['samples', 'histograms', 'exemplars'])
    assert.equal(answer.headers[`x-prometheus-remote-write-${kind}-written`], '0')
})

test('a request of which something is refused is 400 and says what, and the rest of it is stored', async () => {
  const answer = await post({ 'content-type': TYPE, 'content-encoding': 'snappy' }, capture(1))
  assert.equal(answer.status, 400)
  assert.match(answer.body, /1 no_name \(a metric has a name\)/)
})

test('what is no remote write is 400, another type or encoding 415, another method 404', async () => {
  const headers = { 'content-type': TYPE, 'content-encoding': 'snappy' }
  assert.equal((await post(headers, 'no snappy')).status, 400)
  assert.equal((await post({ ...headers, 'content-type': 'application/json' }, '{}')).status, 415)
  assert.equal((await post({ ...headers, 'content-type': `${TYPE};proto=other.Request` }, capture(1))).status, 415)
  assert.equal((await post({ ...headers, 'content-encoding': 'gzip' }, capture(1))).status, 415)
  assert.equal((await post({ 'content-type': TYPE }, capture(1))).status, 415)
  const read = await send(fnscope.url, { path: '/api/v1/write' })
  assert.equal(read.status, 404)
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  assert.equal(counted(metrics, 'fnscope_dropped_total', { door: 'prometheus-write', reason: 'malformed' }), 1)
})

test('a page of another origin is refused', async () => {
  const headers = { 'content-type': TYPE, 'content-encoding': 'snappy', origin: 'https://elsewhere.test' }
  assert.equal((await post(headers, capture(1))).status, 403)
})
