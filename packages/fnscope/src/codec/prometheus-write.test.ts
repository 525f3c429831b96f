import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { snappyBlock } from '../../../../test/snappy-block.ts'
import { NO_RECORDED_VALUE, NO_SAMPLE, type MetricPoint } from '../span/metric-point.ts'
import { SAMPLE_IDS } from './otlp-samples.ts'
import { decodePrometheus2, PrometheusDecoder, type PrometheusTaken } from './prometheus-write.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { decodeSnappy } from './snappy.ts'
import { MalformedError } from './taken.ts'

const FOLDER = new URL('../../../../test/fixtures/prometheus/', import.meta.url)
const OPTIONS = {
  receivedNanos: 1_795_248_400_000_000_000n,
  bounds: { minNanos: 1_000_000_000n, maxNanos: 2_000_000_000_000_000_000n },
}
const TIME = 1_795_248_394_481_000_000n
const MILLISECOND = 1_000_000n

function capture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)))
}

interface Decoded {
  readonly points: MetricPoint[]
  readonly taken: PrometheusTaken
}

function decode1(body: Uint8Array, decoder = new PrometheusDecoder()): Decoded {
  const points: MetricPoint[] = []
  return { points, taken: decoder.decode(body, points, OPTIONS) }
}

function decode2(body: Uint8Array): Decoded {
  const points: MetricPoint[] = []
  return { points, taken: decodePrometheus2(body, points, OPTIONS) }
}

const COMMON = {
  namespace: '',
  receivedNanos: OPTIONS.receivedNanos,
  bounds: [],
  counts: [],
  resolutionSeconds: 60,
  attributes: {},
  resource: {},
}

test('version 1: every field of samples is kept, with what is said of their metric', () => {
  const { points, taken } = decode1(capture('every-field-v1.snappy'))
  const counter = {
    ...COMMON,
    name: 'http_requests_total',
    service: 'shop',
    dimensions: { code: '200', job: 'shop' },
    unit: 'requests',
    description: 'Requests.',
    kind: 'sum',
    monotonic: true,
    temporality: 2,
    count: 1,
    details: { metadata: { 'prometheus.type': 'counter' } },
  }
  assert.deepEqual(points.slice(0, 2), [
    { ...counter, timeNanos: TIME - 15_000n * MILLISECOND, value: 41, min: 41, max: 41 },
    { ...counter, timeNanos: TIME, value: 42, min: 42, max: 42 },
  ])
  assert.deepEqual([taken.rows, taken.rejected, taken.written], [6, 3, { samples: 5, histograms: 0, exemplars: 1 }])
})

test('a stale marker ends its series, and no other NaN does', () => {
  const { points } = decode1(capture('every-field-v1.snappy'))
  const temperature = points.filter((point) => point.name === 'temperature')
  assert.deepEqual(
    temperature.map(({ value, flags, count, kind, monotonic }) => ({ value, flags, count, kind, monotonic })),
    [
      { value: 21.5, flags: undefined, count: 1, kind: 'gauge', monotonic: false },
      { value: Number.NaN, flags: NO_RECORDED_VALUE, count: 0, kind: 'gauge', monotonic: false },
    ],
  )
  assert.deepEqual(temperature[0]!.dimensions, { room: 'naïve ☃', job: 'shop' })
  const second = decode2(capture('every-field-v2.snappy')).points.filter((point) => point.name === 'temperature')
  assert.deepEqual(
    second.map((point) => [point.value, point.flags]),
    [
      [Number.NaN, undefined],
      [Number.NaN, NO_RECORDED_VALUE],
      [Number.NEGATIVE_INFINITY, undefined],
    ],
  )
})

const EXEMPLAR = { timeNanos: TIME - MILLISECOND, value: 0.25, ...SAMPLE_IDS, attributes: { user: 'u1' } }

test('exemplars that come in a series of their own are a point that is no sample', () => {
  const { points } = decode1(capture('every-field-v1.snappy'))
  const buckets = points.filter((point) => point.name === 'latency_seconds_bucket')
  assert.deepEqual(
    buckets.map(({ value, flags, timeNanos, exemplars, kind, details }) => ({
      value,
      flags,
      timeNanos,
      exemplars,
      kind,
      details,
    })),
    [
      { value: 7, flags: undefined, timeNanos: TIME, exemplars: undefined },
      { value: Number.NaN, flags: NO_SAMPLE, timeNanos: EXEMPLAR.timeNanos, exemplars: [EXEMPLAR] },
    ].map((one) => ({ ...one, kind: 'sum', details: { metadata: { 'prometheus.type': 'histogram' } } })),
  )
})

test('samples of another time and series of bad labels are refused, each for its reason', () => {
  const { taken } = decode1(capture('every-field-v1.snappy'))
  assert.deepEqual(
    taken.reasons,
    new Map([
      ['too_old', 1],
      ['no_name', 1],
      ['bad_label', 1],
    ]),
  )
})

test('what one request says of a metric holds for the next one', () => {
  const decoder = new PrometheusDecoder()
  decode1(capture('every-field-v1.snappy'), decoder)
  const body = snappyBlock(series1([['__name__', 'latency_seconds_sum']], 3))
  const [known] = decode1(body, decoder).points
  assert.deepEqual([known!.unit, known!.description, known!.monotonic], ['seconds', 'How long.', true])
  const [unknown] = decode1(body).points
  assert.deepEqual([unknown!.unit, unknown!.description, unknown!.monotonic], ['', undefined, false])
})

test('version 2: every field of a series is kept', () => {
  const { points, taken } = decode2(capture('every-field-v2.snappy'))
  assert.deepEqual([taken.rows, taken.rejected, taken.written], [9, 0, { samples: 5, histograms: 4, exemplars: 1 }])
  assert.deepEqual(points[1], {
    ...COMMON,
    name: 'http_requests_total',
    service: 'shop/orders',
    dimensions: { code: '200', job: 'shop/orders' },
    unit: 'requests',
    description: 'Requests.',
    kind: 'sum',
    monotonic: true,
    temporality: 2,
    timeNanos: TIME,
    value: 42.5,
    count: 1,
    min: 42.5,
    max: 42.5,
    exemplars: [EXEMPLAR],
    details: { metadata: { 'prometheus.type': 'counter' } },
  })
})

test('native histograms keep their buckets: deltas summed, gaps as zeros, indexes by the lower bound', () => {
  const [whole, float, custom, stale] = decode2(capture('every-field-v2.snappy')).points.filter(
    (point) => point.name === 'latency',
  )
  assert.deepEqual(whole, {
    ...COMMON,
    name: 'latency',
    service: 'shop',
    dimensions: { job: 'shop' },
    unit: '',
    description: 'How long.',
    kind: 'exponential',
    monotonic: false,
    temporality: 2,
    timeNanos: TIME,
    value: 18.4,
    count: 12,
    min: Number.NaN,
    max: Number.NaN,
    exponential: {
      scale: 1,
      zeroCount: 2,
      zeroThreshold: 0.001,
      positive: { offset: -1, counts: [1, 2, 0, 1, 1] },
      negative: { offset: -4, counts: [2, 3] },
    },
    attributes: { 'prometheus.reset_hint': 'no' },
    details: { metadata: { 'prometheus.type': 'histogram' } },
  })
  assert.deepEqual(
    [float!.count, float!.exponential, float!.temporality, float!.attributes],
    [
      2.5,
      {
        scale: -4,
        zeroCount: 0.5,
        zeroThreshold: 0.5,
        positive: { offset: 4, counts: [1.5, 0.5] },
        negative: { offset: 0, counts: [] },
      },
      0,
      { 'prometheus.reset_hint': 'gauge' },
    ],
  )
  assert.deepEqual([custom!.kind, custom!.bounds, custom!.counts], ['histogram', [0.5, 1], [0, 1, 2]])
  assert.deepEqual([stale!.flags, stale!.value], [NO_RECORDED_VALUE, Number.NaN])
})

test('an empty request has no points', () => {
  for (const decode of [decode1, decode2]) assert.equal(decode(Uint8Array.of(0)).taken.rows, 0)
})

// ------------------------------------------------------------------------------------------------------ hostile

function series1(
  labels: readonly (readonly [string, string])[],
  samples = 1,
  histogram?: (to: ProtobufWriter) => void,
) {
  const writer = new ProtobufWriter()
  const series = writer.open(1)
  for (const [name, value] of labels) {
    const label = writer.open(1)
    writer.string(1, name)
    writer.string(2, value)
    writer.close(label)
  }
  for (let i = 0; i < samples; i++) {
    const sample = writer.open(2)
    writer.double(1, i)
    writer.varint64(2, TIME / MILLISECOND)
    writer.close(sample)
  }
  if (histogram) {
    const mark = writer.open(4)
    histogram(writer)
    writer.varint64(15, TIME / MILLISECOND)
    writer.close(mark)
  }
  writer.close(series)
  return writer.written().slice()
}

const NAMED = [['__name__', 'm']] as const

function span(writer: ProtobufWriter, offset: number, length: number): void {
  const mark = writer.open(11)
  writer.varint(1, ((offset << 1) ^ (offset >> 31)) >>> 0)
  writer.varint(2, length)
  writer.close(mark)
}

const BAD_BUCKETS: readonly (readonly [string, (to: ProtobufWriter) => void])[] = [
  ['a schema that nobody knows', (to) => to.varint(4, 18)],
  ['a gap of two billion', (to) => [0, 2 ** 30].forEach((offset) => span(to, offset, 0))],
  ['a span of four billion', (to) => span(to, 0, 2 ** 32 - 1)],
  ['a second span that goes back', (to) => [0, -1].forEach((offset) => span(to, offset, 0))],
  ['spans without counts', (to) => span(to, 0, 3)],
  ['counts without spans', (to) => to.varint(12, 2)],
]

for (const [what, write] of BAD_BUCKETS)
  test(`a histogram with ${what} is refused alone`, () => {
    const { taken } = decode1(snappyBlock(series1(NAMED, 1, write)))
    assert.deepEqual([taken.rows, taken.reasons], [1, new Map([['bad_buckets', 1]])])
  })

test('one request does not get more gaps in its histograms than there is memory for', () => {
  const parts: Uint8Array[] = []
  for (let i = 0; i < 100; i++)
    parts.push(
      series1(NAMED, 0, (to) => {
        span(to, 0, 0)
        span(to, 19_000, 0)
      }),
    )
  const { taken } = decode1(snappyBlock(Buffer.concat(parts)))
  assert.deepEqual([taken.rows, taken.reasons], [52, new Map([['bad_buckets', 48]])])
})

test('labels that would fill the memory with every sample are refused', () => {
  const { taken } = decode1(snappyBlock(series1([...NAMED, ['long', 'x'.repeat(100_000)]], 1000)))
  assert.deepEqual([taken.rows, taken.reasons], [0, new Map([['too_many', 1000]])])
})

test('samples beyond what one request may have are refused, the others kept', () => {
  const points: MetricPoint[] = []
  const body = snappyBlock(series1(NAMED, 15))
  const taken = new PrometheusDecoder().decode(body, points, { ...OPTIONS, maxRows: 10 })
  assert.deepEqual([points.length, taken.rows, taken.reasons], [10, 10, new Map([['too_many', 5]])])
})

test('a symbol that is not there and a label without a value make a request of version 2 malformed', () => {
  for (const references of [[0, 9], [0]]) {
    const writer = new ProtobufWriter()
    writer.string(4, '')
    const series = writer.open(5)
    writer.bytes(1, Uint8Array.from(references))
    writer.close(series)
    assert.throws(() => decode2(snappyBlock(writer.written())), MalformedError)
  }
})

test('a request that is cut anywhere is malformed or lacks whole series at its end', () => {
  for (const [name, decode] of [
    ['every-field-v1.snappy', decode1],
    ['every-field-v2.snappy', decode2],
  ] as const) {
    const body = capture(name)
    for (let size = 0; size < body.length; size++)
      assert.throws(() => decode(body.subarray(0, size)), MalformedError, `${name} cut at ${size}`)
    const plain = decodeSnappy(body, 100_000)
    let whole = 0
    for (let size = 0; size < plain.length; size++)
      try {
        decode(snappyBlock(plain.subarray(0, size)))
        whole += 1
      } catch (error) {
        assert.ok(error instanceof MalformedError, String((error as Error).stack))
      }
    assert.ok(whole < 60, `${whole} cuts of ${name}`)
  }
})

test('spoiled requests are decoded or malformed, never anything else', () => {
  let state = 13
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const plain = ['every-field-v1.snappy', 'every-field-v2.snappy'].map((name) => decodeSnappy(capture(name), 100_000))
  for (let round = 0; round < 1500; round++) {
    const body = plain[round % 2]!.slice()
    for (let flips = next(6); flips >= 0; flips--) body[next(body.length)] = next(256)
    try {
      ;(round % 2 === 0 ? decode1 : decode2)(snappyBlock(body))
    } catch (error) {
      assert.ok(error instanceof MalformedError, String((error as Error).stack))
    }
  }
})
