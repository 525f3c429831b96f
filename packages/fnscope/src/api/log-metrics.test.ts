import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { MetricFilterSpec, MetricTransformation } from '../functions/trigger-spec.ts'
import { silentLogger } from '../log.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { LogMetrics } from './log-metrics.ts'

const MINUTE = 60_000
const START_MS = 30_000_000 * MINUTE

interface Opened {
  readonly metrics: LogMetrics
  /** Points that no line brought. */
  readonly later: MetricPoint[]
  /** The line comes now. */
  readonly hear: (...bodies: readonly string[]) => readonly MetricPoint[]
}

function open(t: TestContext, pattern: string, transformation: Partial<MetricTransformation> = {}): Opened {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START_MS })
  const later: MetricPoint[] = []
  const filter: MetricFilterSpec = {
    logicalId: 'F',
    stack: 's',
    filterName: 'f',
    logGroup: '/g',
    pattern,
    transformation: { metricName: 'm', metricNamespace: 'n', metricValue: '1', ...transformation },
  }
  const now = (): bigint => BigInt(Date.now()) * 1_000_000n
  const metrics = new LogMetrics({
    groups: { find: () => undefined },
    declared: () => [filter],
    ingest: { accept: async (batch) => void later.push(...batch.metrics) },
    now,
    log: silentLogger,
  })
  const line = (body: string): LogRecord => ({
    timeNanos: now(),
    receivedNanos: now(),
    kind: 'cloudwatch',
    logGroup: '/g',
    logStream: 's',
    service: 'svc',
    severity: '',
    severityNumber: 0,
    body,
    attributes: {},
    resource: {},
  })
  return { metrics, later, hear: (...bodies) => metrics.pointsOf(bodies.map(line)) }
}

test('a minute whose lines do not fit has the default value once, when it is over', async (t) => {
  const { hear, later, metrics } = open(t, 'ERROR', { defaultValue: 7 })
  assert.deepEqual(hear('fine', 'fine'), [])
  t.mock.timers.tick(50_000)
  hear('fine')
  assert.equal(later.length, 0)
  t.mock.timers.tick(10_000)
  assert.partialDeepStrictEqual(later, [{ name: 'm', namespace: 'n', value: 7, count: 1, dimensions: {} }])
  assert.equal(later[0]!.timeNanos, BigInt(START_MS) * 1_000_000n)
  // The next minute has a line that fits, though not at first.
  hear('fine')
  t.mock.timers.tick(30_000)
  assert.partialDeepStrictEqual(hear('an ERROR', 'fine'), [{ value: 1, count: 1, service: 'svc' }])
  t.mock.timers.tick(10 * MINUTE)
  await metrics.stop()
  assert.equal(later.length, 1)
})

test('a line that comes when its minute is not over is waited for, also by a timer that began before it', (t) => {
  const { hear, later } = open(t, 'ERROR', { defaultValue: 0 })
  t.mock.timers.tick(40_000)
  hear('fine')
  t.mock.timers.tick(30_000)
  hear('fine')
  t.mock.timers.tick(30_000)
  assert.equal(later.length, 1)
  assert.equal(hear('ERROR').length, 1)
  t.mock.timers.tick(10 * MINUTE)
  assert.equal(later.length, 1)
})

test('lines of one minute are one point, with what each value was', (t) => {
  const { hear } = open(t, '{ $.ms = * }', { metricValue: '$.ms', dimensions: { __proto__x: '$.who', Path: '$.path' } })
  const points = hear(
    '{"ms":2,"path":"/a"}',
    '{"ms":"3.5","path":"/a"}',
    '{"ms":2,"path":"/a"}',
    '{"ms":1e999,"path":"/a"}',
    '{"ms":null,"path":"/a"}',
    '{"ms":"","path":"/a"}',
    '{"ms":[4],"path":"/a"}',
    '{"ms":9,"path":{"no":"text"},"who":true}',
  )
  assert.partialDeepStrictEqual(points, [
    { dimensions: { Path: '/a' }, count: 3, value: 7.5, min: 2, max: 3.5, bounds: [2, 3.5], counts: [2, 1] },
    { dimensions: { __proto__x: 'true' }, count: 1, value: 9 },
  ])
})

test('a filter makes a thousand sets of dimensions in an hour and no more', (t) => {
  const { hear } = open(t, '[id]', { dimensions: { Id: '$id' } })
  const ids = Array.from({ length: 1500 }, (_, i) => `id-${i}`)
  assert.equal(hear(...ids).length, 1000)
  assert.equal(hear('id-1', 'id-1400').length, 1)
  t.mock.timers.tick(61 * MINUTE)
  assert.equal(hear('id-1400').length, 1)
})

test('an expression that takes for ever leaves lines out and holds nobody up', (t) => {
  const { hear } = open(t, '%x*x*x*x*x*x*x*x*y%')
  assert.deepEqual(hear('x'.repeat(5000)), [])
  assert.equal(hear('xy').length, 1)
})

test('a pattern that is none fits nothing', (t) => {
  assert.deepEqual(open(t, '{ $.a = ').hear('{"a":1}'), [])
})
