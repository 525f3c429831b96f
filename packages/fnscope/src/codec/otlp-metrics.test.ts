import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { MetricPoint } from '../span/metric-point.ts'
import { decodeOtlpMetricsJson } from './otlp-metrics-json.ts'
import { decodeOtlpMetrics } from './otlp-metrics.ts'
import { bodyOf, readRequest, SAMPLE_IDS } from './otlp-samples.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { MalformedError, type Taken } from './taken.ts'

const FOLDER = new URL('../../../../test/fixtures/otel/', import.meta.url)
const OPTIONS = {
  receivedNanos: 1_795_248_400_000_000_000n,
  bounds: { minNanos: 1_000n, maxNanos: 2_000_000_000_000_000_000n },
}
const TIME = 1_795_248_394_481_432_086n
/** How many times as many random requests are tried. */
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

function capture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)))
}

function decode(body: Uint8Array): { points: MetricPoint[]; taken: Taken } {
  const points: MetricPoint[] = []
  const taken = decodeOtlpMetrics(body, points, OPTIONS)
  assert.equal(points.length, taken.rows)
  return { points, taken }
}

function every(name: string): MetricPoint[] {
  return decode(capture('every-field-metrics.pb')).points.filter((point) => point.name === name)
}

function decodeJson(metric: object): { points: MetricPoint[]; taken: Taken } {
  const points: MetricPoint[] = []
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', ...metric }] }] }] }
  return { points, taken: decodeOtlpMetricsJson(bodyOf(request), points, OPTIONS) }
}

for (const name of ['python-http-metrics.pb', 'every-field-metrics.pb'])
  test(`${name} reads the same in protobuf and as the JSON that another reader makes of it`, () => {
    const { points, taken } = decode(capture(name))
    const fromJson: MetricPoint[] = []
    const json = decodeOtlpMetricsJson(bodyOf(readRequest(capture(name), 'metrics')), fromJson, OPTIONS)
    assert.ok(points.length > 0)
    assert.deepEqual(fromJson, points)
    assert.deepEqual(json, taken)
  })

test('the Python SDK’s points are what the program measured', () => {
  const { points } = decode(capture('python-http-metrics.pb'))
  const shape = points.map(({ name, kind, value, integer, temporality, monotonic, dimensions }) => ({
    name,
    kind,
    value,
    integer,
    temporality,
    monotonic,
    dimensions,
  }))
  assert.deepEqual(shape, PYTHON)
  const histogram = points.find((point) => point.kind === 'histogram')!
  assert.equal(histogram.counts.length, histogram.bounds.length + 1)
  assert.equal(
    histogram.counts.reduce((sum, count) => sum + count),
    histogram.count,
  )
  assert.ok(points.every((point) => point.service === 'cap-svc' && point.timeNanos > TIME - 10n ** 12n))
})

const PYTHON = (() => {
  const sum = { kind: 'sum', temporality: 2 }
  return [
    { name: 'orders', ...sum, value: 3, integer: 3n, monotonic: true, dimensions: { kind: 'a' } },
    { name: 'orders', ...sum, value: 2, integer: 2n, monotonic: true, dimensions: { kind: 'b' } },
    {
      name: 'latency',
      kind: 'histogram',
      temporality: 2,
      value: 938,
      integer: undefined,
      monotonic: false,
      dimensions: { route: '/o' },
    },
    { name: 'inflight', ...sum, value: -2, integer: -2n, monotonic: false, dimensions: {} },
    { name: 'temp', kind: 'gauge', temporality: 0, value: 21.5, integer: undefined, monotonic: false, dimensions: {} },
  ]
})()

const COMMON = {
  namespace: '',
  service: 'orders',
  receivedNanos: OPTIONS.receivedNanos,
  timeNanos: TIME,
  resolutionSeconds: 60,
  attributes: {},
  resource: {
    'service.name': 'orders',
    'faas.name': 'orders-fn',
    'cloud.platform': 'aws_lambda',
    'faas.instance': '2026/11/21/[$LATEST]abc',
    'process.pid': 7n,
  },
  scope: {
    name: 'lib',
    version: '1.2',
    attributes: { a: 'b' },
    droppedAttributes: 4,
    schemaUrl: 'https://schema/s',
  },
  details: { droppedResourceAttributes: 3, schemaUrl: 'https://schema/r' },
}
const DIMENSIONS = { dimensions: { route: '/a', status: '200', ok: 'true' }, dimensionTypes: 'sib' }
const EXEMPLARS = [
  { timeNanos: TIME - 1n, value: 0.25, ...SAMPLE_IDS, attributes: { user: 'u1' } },
  { timeNanos: TIME - 2n, value: 2n ** 63n - 1n, attributes: {} },
]

test('every field of a gauge is kept, and whole numbers to the last digit', () => {
  const [full, integer, none, nan] = every('g')
  const details = { metadata: { 'prometheus.type': 'unknown' }, ...COMMON.details }
  const gauge = {
    ...COMMON,
    details,
    name: 'g',
    description: 'a gauge',
    unit: 'By',
    kind: 'gauge',
    bounds: [],
    counts: [],
    temporality: 0,
    monotonic: false,
  }
  assert.deepEqual(full, {
    ...gauge,
    ...DIMENSIONS,
    startNanos: TIME - 1000n,
    value: 1.5,
    count: 1,
    min: 1.5,
    max: 1.5,
    exemplars: EXEMPLARS,
  })
  assert.deepEqual([integer!.value, integer!.integer], [-(2 ** 63), -(2n ** 63n)])
  assert.equal(integer!.startNanos, undefined)
  assert.deepEqual([none!.value, none!.count, none!.flags], [Number.NaN, 0, 1])
  assert.deepEqual([nan!.value, nan!.flags], [Number.NaN, undefined])
})

test('a sum says its temporality and whether it only grows', () => {
  const [integer, double] = every('s')
  assert.deepEqual(
    [integer!.kind, integer!.temporality, integer!.monotonic, integer!.integer, integer!.unit],
    ['sum', 2, true, 2n ** 53n + 1n, '1'],
  )
  assert.deepEqual([double!.value, double!.integer], [-1, undefined])
  const [delta] = every('d')
  assert.deepEqual([delta!.temporality, delta!.monotonic, delta!.integer], [1, false, 3n])
})

test('every field of a histogram is kept; what was not sent is NaN', () => {
  const [full, bare, ...none] = every('h')
  assert.deepEqual(none, [])
  assert.deepEqual(full, {
    ...COMMON,
    ...DIMENSIONS,
    name: 'h',
    unit: 'ms',
    kind: 'histogram',
    startNanos: TIME - 1000n,
    value: 21.5,
    count: 6,
    min: -1,
    max: 9,
    bounds: [0.5, Number.POSITIVE_INFINITY],
    counts: [1, 2, 3],
    temporality: 2,
    monotonic: false,
    flags: 2,
    exemplars: EXEMPLARS,
  })
  assert.deepEqual([bare!.count, bare!.value, bare!.min, bare!.max], [2, Number.NaN, Number.NaN, Number.NaN])
})

test('every field of an exponential histogram is kept', () => {
  const [full, empty] = every('e')
  assert.deepEqual(full, {
    ...COMMON,
    ...DIMENSIONS,
    name: 'e',
    unit: '',
    kind: 'exponential',
    startNanos: TIME - 1000n,
    value: 5,
    count: 10,
    min: -2,
    max: 4,
    bounds: [],
    counts: [],
    exponential: {
      scale: -3,
      zeroCount: 2,
      zeroThreshold: 0.001,
      positive: { offset: -7, counts: [1, 0, 300, 2 ** 40] },
      negative: { offset: 4, counts: [5] },
    },
    temporality: 1,
    monotonic: false,
    exemplars: EXEMPLARS.slice(0, 1),
  })
  const none = { offset: 0, counts: [] }
  assert.deepEqual(empty!.exponential, { scale: 0, zeroCount: 0, zeroThreshold: 0, positive: none, negative: none })
})

test('a summary has its quantiles and their values', () => {
  const [summary] = every('q')
  assert.deepEqual(
    [summary!.kind, summary!.count, summary!.value, summary!.bounds, summary!.counts, summary!.dimensions],
    ['summary', 4, 10, [0.5, 0.99], [2, 3.5], DIMENSIONS.dimensions],
  )
})

test('points are refused one by one, each for its reason', () => {
  const { taken } = decode(capture('every-field-metrics.pb'))
  assert.deepEqual(
    taken.reasons,
    new Map([
      ['bad_buckets', 1],
      ['no_name', 1],
      ['too_old', 1],
      ['too_new', 1],
    ]),
  )
  assert.equal(taken.rejected, 4)
  assert.match(taken.message, /1 bad_buckets \(the buckets .+\); 1 no_name/)
})

test('the request id of a point is that of its attributes', () => {
  const attributes = [{ key: 'faas.invocation_id', value: { stringValue: 'r' } }]
  const { points } = decodeJson({ gauge: { dataPoints: [{ timeUnixNano: String(TIME), asInt: '1', attributes }] } })
  assert.equal(points[0]!.requestId, 'r')
})

test('JSON has numbers as numbers or texts, enums by name too, and infinities as texts', () => {
  const { points } = decodeJson({
    histogram: {
      aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA',
      dataPoints: [
        {
          timeUnixNano: String(TIME),
          count: 3,
          sum: '-Infinity',
          bucketCounts: [1, '2'],
          explicitBounds: ['NaN'],
        },
      ],
    },
  })
  const [point] = points
  assert.deepEqual(
    [point!.temporality, point!.count, point!.value, point!.counts, point!.bounds],
    [1, 3, Number.NEGATIVE_INFINITY, [1, 2], [Number.NaN]],
  )
  for (const dataPoints of [[{ bucketCounts: 'x' }], [{ bucketCounts: ['x'] }], [{ explicitBounds: [{}] }], [5]])
    assert.throws(() => decodeJson({ histogram: { dataPoints } }), MalformedError)
})

test('lists that are written number by number read as packed ones', () => {
  const body = metricOf(9, (writer) => {
    writer.fixed64(3, TIME)
    for (const count of [1n, 2n]) writer.fixed64(6, count)
    writer.double(7, 0.5)
  })
  const [point] = decode(body).points
  assert.deepEqual([point!.counts, point!.bounds], [[1, 2], [0.5]])
  const exponential = metricOf(10, (writer) => {
    writer.fixed64(3, TIME)
    const mark = writer.open(8)
    for (const count of [1n, 2n]) writer.varint64(2, count)
    writer.close(mark)
  })
  assert.deepEqual(decode(exponential).points[0]!.exponential!.positive, { offset: 0, counts: [1, 2] })
})

test('of two kinds of data in one metric the last one counts, and a metric without any has no points', () => {
  assert.deepEqual(every('none'), [])
  const { points } = decodeJson({
    gauge: { dataPoints: [{ timeUnixNano: String(TIME), asInt: 1 }] },
    sum: { dataPoints: [{ timeUnixNano: String(TIME), asInt: 2 }] },
  })
  assert.deepEqual(
    points.map((point) => [point.kind, point.integer]),
    [['sum', 2n]],
  )
})

test('points beyond what one request may have are refused, the others kept', () => {
  const writer = new ProtobufWriter()
  const marks = [1, 2, 2].map((field) => writer.open(field))
  writer.string(1, 'many')
  const data = writer.open(5)
  for (let i = 0; i < 15; i++) {
    const point = writer.open(1)
    writer.fixed64(3, TIME)
    writer.close(point)
  }
  writer.close(data)
  for (const mark of marks.reverse()) writer.close(mark)
  const points: MetricPoint[] = []
  const taken = decodeOtlpMetrics(writer.written(), points, { ...OPTIONS, maxRows: 10 })
  assert.deepEqual([points.length, taken.rows, taken.reasons], [10, 10, new Map([['too_many', 5]])])
})

// ------------------------------------------------------------------------------------------------------ hostile

function metricOf(data: number, write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter()
  const marks = [1, 2, 2].map((field) => writer.open(field))
  writer.string(1, 'm')
  marks.push(writer.open(data), writer.open(1))
  write(writer)
  for (const mark of marks.reverse()) writer.close(mark)
  return writer.written().slice()
}

test('a request that is cut anywhere is malformed', () => {
  for (const name of ['python-http-metrics.pb', 'every-field-metrics.pb']) {
    const body = capture(name)
    for (let size = 1; size < body.length; size++)
      assert.throws(() => decode(body.subarray(0, size)), MalformedError, `${name} cut at ${size}`)
  }
})

test('a packed list that ends within a number makes the request malformed', () => {
  for (const [data, field] of [
    [9, 6],
    [9, 7],
  ] as const)
    assert.throws(
      () => decode(metricOf(data, (writer) => writer.bytes(field, new Uint8Array(12)))),
      /is no OTLP metrics: .* at byte \d+\.$/,
    )
  const open = (writer: ProtobufWriter): void => {
    const mark = writer.open(8)
    writer.bytes(2, Uint8Array.of(128))
    writer.close(mark)
  }
  assert.throws(() => decode(metricOf(10, open)), MalformedError)
})

test('a field of another wire type makes the request malformed', () => {
  for (const [data, write] of [
    [5, (writer: ProtobufWriter) => writer.varint(3, 1)],
    [5, (writer: ProtobufWriter) => writer.string(6, 'x')],
    [9, (writer: ProtobufWriter) => writer.varint(4, 1)],
    [10, (writer: ProtobufWriter) => writer.fixed64(6, 1n)],
    [11, (writer: ProtobufWriter) => writer.varint(6, 1)],
  ] as const)
    assert.throws(() => decode(metricOf(data, write)), MalformedError)
})

test('spoiled requests are decoded or malformed, never anything else', () => {
  let state = 11
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const bodies = ['python-http-metrics.pb', 'every-field-metrics.pb'].map(capture)
  for (let round = 0; round < 1500 * ROUNDS; round++) {
    const body = bodies[round % bodies.length]!.slice()
    for (let flips = next(6); flips >= 0; flips--) body[next(body.length)] = next(256)
    try {
      decode(next(4) === 0 ? body.subarray(0, next(body.length)) : body)
    } catch (error) {
      assert.ok(error instanceof MalformedError, String((error as Error).stack))
    }
  }
})
