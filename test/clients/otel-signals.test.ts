// Logs and metrics from the unmodified OpenTelemetry SDKs for Python and Node, over every protocol they have, read back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ConsoleLogLine, ConsoleMetricPoint } from '../../packages/fnscope/src/api/console-types.ts'
import { formatXrayTraceId, newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { counted } from '../raw-http.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { signalsFromNode, signalsFromPython, type SentSignals } from './otel-signals-program.ts'

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const HTTP = (): string => `http://${fnscope.doors['otlp-http']}`
const GRPC = (): string => `http://${fnscope.doors['otlp-grpc']}`
const fresh = (): string => newTraceId(Date.now() / 1000)

const SENDERS: readonly (readonly [string, (service: string) => Promise<SentSignals>])[] = [
  ['python-http', (service) => signalsFromPython('http', HTTP(), service)],
  ['python-grpc', (service) => signalsFromPython('grpc', GRPC(), service)],
  ['node-proto', (service) => signalsFromNode('proto', HTTP(), service, fresh())],
  ['node-json', (service) => signalsFromNode('http', HTTP(), service, fresh())],
  ['node-grpc', (service) => signalsFromNode('grpc', GRPC(), service, fresh())],
]

async function ask<Answer>(path: string): Promise<Answer> {
  return (await (await fetch(`${fnscope.url}${path}`)).json()) as Answer
}

async function linesOf(service: string): Promise<readonly ConsoleLogLine[]> {
  return await eventually(async () => {
    const { lines } = await ask<{ lines: readonly ConsoleLogLine[] }>(`/api/logs?function=${service}`)
    return lines.length === 2 ? lines : undefined
  }, 30_000)
}

async function pointsOf(service: string): Promise<readonly ConsoleMetricPoint[]> {
  return await eventually(async () => {
    const { points } = await ask<{ points: readonly ConsoleMetricPoint[] }>(`/api/metrics?function=${service}`)
    return points.filter((point) => NAMES.includes(point.name)).length === NAMES.length ? points : undefined
  }, 30_000)
}

const NAMES = ['inflight', 'latency', 'orders', 'size', 'temperature']

for (const [service, sendSignals] of SENDERS)
  test(`${service}: lines are found with their trace and request, points with their values`, async () => {
    const { traceId } = await sendSignals(service)
    const lines = await linesOf(service)
    assert.deepEqual(
      lines.map((line) => [line.kind, line.severity, line.traceId]),
      ['INFO', 'ERROR'].map((severity) => ['otlp', severity, formatXrayTraceId(traceId)]),
    )
    assert.deepEqual([lines[0]!.body, lines[0]!.requestId], ['order taken', `req-${service}`])
    const expected = service.startsWith('node') ? '{"order":17,"parts":[1.5,"a"]}' : 'order failed'
    assert.equal(lines[1]!.body, expected)
    const byRequest = await ask<{ lines: readonly ConsoleLogLine[] }>(`/api/logs?request=req-${service}`)
    assert.equal(byRequest.lines.length, 1)

    const points = (await pointsOf(service))
      .filter((point) => NAMES.includes(point.name))
      .map(({ name, kind, value, count, unit, dimensions }) => ({ name, kind, value, count, unit, dimensions }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    assert.deepEqual(points, [
      { name: 'inflight', kind: 'sum', value: -2, count: 1, unit: '', dimensions: {} },
      { name: 'latency', kind: 'histogram', value: 7, count: 1, unit: 'ms', dimensions: { route: '/o' } },
      { name: 'orders', kind: 'sum', value: 3, count: 1, unit: '1', dimensions: { kind: 'a' } },
      { name: 'size', kind: 'exponential', value: 1000, count: 1, unit: 'By', dimensions: {} },
      { name: 'temperature', kind: 'gauge', value: 21.5, count: 1, unit: '', dimensions: {} },
    ])
  })

test('what came in is counted by door and signal', async () => {
  const metrics = await (await fetch(`${fnscope.url}/metrics`)).text()
  for (const [door, senders] of [
    ['otlp-http', 3],
    ['otlp-grpc', 2],
  ] as const) {
    assert.equal(counted(metrics, 'fnscope_received_total', { door, signal: 'log' }), senders * 2)
    assert.ok(counted(metrics, 'fnscope_received_total', { door, signal: 'metric' }) >= senders * NAMES.length)
    assert.equal(counted(metrics, 'fnscope_dropped_total', { door }), 0)
  }
})
