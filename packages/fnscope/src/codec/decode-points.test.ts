import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encodePoints } from '../../../../test/receive/point-messages.ts'
import { attributeText } from '../span/attribute-value.ts'
import { newBatch, type Batch } from '../span/batch.ts'
import { decodeLineProtocol } from './line-protocol.ts'
import { decodePoints, type PointFormat, type PointsContext } from './decode-points.ts'
import { formatLine, formatPointJson, formatPointPbjson } from './point-format.ts'
import { decodePointsJson, decodePointsPbjson } from './point-json.ts'
import { decodePointsProtobuf } from './point-protobuf.ts'
import { GUESSED } from './point-time.ts'
import type { Point, PointField, PointSink } from './point.ts'
import { MalformedError, type Taken } from './taken.ts'

const FOLDER = new URL('../../../../test/fixtures/dataway/', import.meta.url)
const CATEGORIES = ['metric', 'logging', 'tracing'] as const
const TIME = 1_795_248_000_123_456_789n
const CONTEXT: PointsContext = {
  receivedNanos: TIME,
  bounds: { minNanos: TIME - 86_400_000_000_000n, maxNanos: TIME + 86_400_000_000_000n },
  category: 'metric',
  format: 'protobuf',
  precision: GUESSED,
  extraTags: [],
  strict: false,
}

const fixture = (name: string): Buffer => readFileSync(new URL(`dataway-${name}`, FOLDER))

function gathered(read: (sink: PointSink) => void): { points: Point[]; refused: string[] } {
  const points: Point[] = []
  const refused: string[] = []
  read({ take: (point) => void points.push(point), refuse: (_, detail) => void refused.push(detail) })
  return { points, refused }
}

function decoded(body: Uint8Array | string, context: Partial<PointsContext> = {}): { batch: Batch; taken: Taken } {
  const batch = newBatch()
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const taken = decodePoints(bytes, batch, { ...CONTEXT, ...context })
  batch.spans.checkRows()
  return { batch, taken }
}

function byKey<Value>(entries: readonly [string, Value][]): readonly [string, Value][] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

interface JsonPoint {
  readonly name: string
  readonly tags: { readonly [key: string]: string }
  readonly fields: { readonly [key: string]: unknown }
}

const FIELDS: readonly PointField[] = [
  { key: 'i', kind: 'i', value: -(2n ** 63n), metric: 'gauge', unit: 'B' },
  { key: 'u', kind: 'u', value: 2n ** 64n - 1n, metric: '', unit: '' },
  { key: 'f', kind: 'f', value: 0.1, metric: 'count', unit: 'ms' },
  { key: 'b', kind: 'b', value: true, metric: '', unit: '' },
  { key: 'd', kind: 'd', value: new Uint8Array([0, 255, 1]), metric: '', unit: '' },
  { key: 's', kind: 's', value: 'ü "x"\n', metric: '', unit: '' },
  { key: 'a', kind: 'a', value: [1n, 'two', true, 0.5, new Uint8Array([7])], metric: '', unit: '' },
  { key: 'm', kind: 'a', value: { k: 'v', __proto: 2n }, metric: '', unit: '' },
]
const POINT: Point = { name: 'm m', tags: [{ key: 't', value: 'v,=' }], fields: FIELDS, timeNanos: TIME }

test('the points of every fixture are the same in protobuf, line protocol and JSON', () => {
  for (const category of CATEGORIES) {
    const expected = (JSON.parse(fixture(`${category}.points.json`).toString()) as JsonPoint[]).map((point) => [
      point.name,
      byKey(Object.entries(point.tags)),
      byKey(Object.entries(point.fields).map(([key, value]) => [key, String(value)])),
    ])
    const times = [
      ...fixture(`${category}.points.json`)
        .toString()
        .matchAll(/"time": (\d+)/g),
    ].map((match) => match[1])
    const plain = ({ points, refused }: { points: Point[]; refused: string[] }): void => {
      assert.deepEqual(refused, [])
      assert.deepEqual(
        points.map(({ name, tags, fields }) => [
          name,
          byKey(tags.map(({ key, value }) => [key, value])),
          byKey(fields.map(({ key, value }) => [key, attributeText(value)])),
        ]),
        expected,
      )
      assert.deepEqual(
        points.map(({ timeNanos }) => String(timeNanos)),
        times,
      )
    }
    const fromProtobuf = gathered((sink) => decodePointsProtobuf(fixture(`${category}.pb`), sink))
    plain(fromProtobuf)
    plain(gathered((sink) => decodeLineProtocol(fixture(`${category}.lp`), sink, GUESSED)))
    const json = `[${fromProtobuf.points.map(formatPointJson).join(',')}]`
    plain(gathered((sink) => decodePointsJson(Buffer.from(json), sink, GUESSED)))
    const pbjson = `{"arr":[${fromProtobuf.points.map(formatPointPbjson).join(',')}]}`
    plain(gathered((sink) => decodePointsPbjson(Buffer.from(pbjson), sink)))
  }
})

test('protobuf and its JSON keep every kind of value, its unit and its kind of metric', () => {
  const expected = { points: [POINT], refused: [] }
  assert.deepEqual(
    gathered((sink) => decodePointsProtobuf(encodePoints([POINT]), sink)),
    expected,
  )
  const pbjson = Buffer.from(`[${formatPointPbjson(POINT)}]`)
  assert.deepEqual(
    gathered((sink) => decodePointsPbjson(pbjson, sink)),
    expected,
  )
})

test('a metric has a sample for each number, named after measurement and field', () => {
  const { batch, taken } = decoded(fixture('metric.pb'))
  assert.deepEqual([taken.rows, taken.rejected, batch.metrics.length], [9, 0, 9])
  assert.deepEqual(
    batch.metrics.map(({ name, value }) => [name, value]),
    [
      ['awslambda.init_duration_ms', 512.25],
      ['awslambda.errors', 1],
      ['awslambda.runtime_duration_ms', 12.5],
      ['awslambda.timeouts', 1],
      ['awslambda.billed_duration_ms', 14],
      ['awslambda.duration_ms', 13.75],
      ['awslambda.max_memory_used_mb', 61],
      ['awslambda.memory_size_mb', 128],
      ['awslambda.post_runtime_duration', 1.25],
    ],
  )
  const [first] = batch.metrics
  assert.deepEqual(
    [first!.service, first!.timeNanos, first!.dimensions['aws_region'], Object.keys(first!.dimensions).length],
    ['hello-py', 1_795_248_000_123_456_789n, 'us-east-1', 5],
  )
  assert.equal(decoded(fixture('metric.lp'), { format: 'line' }).batch.metrics.length, 9)
  const typed = decoded(encodePoints([POINT])).batch.metrics
  assert.deepEqual(
    typed.map(({ name, kind, unit, value }) => [name, kind, unit, value]),
    [
      ['m m.i', 'gauge', 'B', -(2 ** 63)],
      ['m m.u', 'gauge', '', 2 ** 64],
      ['m m.f', 'sum', 'ms', 0.1],
    ],
  )
})

test('a log line has its source, its status and everything else that was sent', () => {
  for (const format of ['protobuf', 'line'] as const) {
    const body = fixture(format === 'line' ? 'logging.lp' : 'logging.pb')
    const [text, json] = decoded(body, { category: 'logging', format }).batch.logs
    assert.equal(text!.body, '[INFO]\t2026-11-21T08:00:00.123Z\treq-1\thello, "world" = 1')
    assert.deepEqual(
      [text!.kind, text!.logGroup, text!.service, text!.severity, text!.severityNumber],
      ['dataway', 'datakit/logging/awslambda', 'hello-py', 'info', 9],
    )
    assert.deepEqual([text!.attributes['source'], text!.attributes['aws_log_from']], ['awslambda', 'function'])
    assert.deepEqual([json!.body, json!.requestId], ['订单失败 order 42', 'req-1'])
    assert.equal(json!.attributes['timestamp'], '2026-11-21T08:00:00.123Z')
  }
})

test('a category without a screen of its own is kept as records of its kind', () => {
  for (const category of [
    'object',
    'custom_object',
    'rum',
    'network',
    'keyevent',
    'security',
    'profiling',
    'new_one',
  ]) {
    const { batch } = decoded('host,name=web-1 cpu=0.5,os="linux"', { category, format: 'line' })
    const [log] = batch.logs
    assert.deepEqual([log!.logGroup, log!.body], [`datakit/${category}/host`, '{"cpu":0.5,"os":"linux"}'])
    assert.deepEqual([log!.attributes['name'], log!.attributes['cpu']], ['web-1', 0.5])
  }
})

test('tags of the request join those of a point and never replace one', () => {
  const extraTags = [
    { key: 'host', value: 'of-header' },
    { key: 'zone', value: 'a' },
  ]
  const { batch } = decoded('m,host=own f=1\nm f=2', { format: 'line', extraTags })
  assert.deepEqual(
    batch.metrics.map(({ dimensions }) => ({ ...dimensions })),
    [
      { host: 'own', zone: 'a' },
      { host: 'of-header', zone: 'a' },
    ],
  )
})

test('bad points of a mixed body are refused one by one and counted by reason', () => {
  const { batch, taken } = decoded('m f=1\nbroken\nm f=2 1\nm f="text"\nm f=3', { format: 'line' })
  assert.equal(batch.metrics.length, 2)
  assert.deepEqual(Object.fromEntries(taken.reasons), { bad_point: 1, too_old: 1, no_number: 1 })
  assert.match(taken.message, /First: point 2: no field/)
  assert.throws(() => decoded('m f=1\nbroken', { format: 'line', strict: true }), MalformedError)
})

test('a body of which nothing can be read is refused whole', () => {
  for (const [body, format] of [
    ['', 'line'],
    ['# nothing', 'line'],
    ['nonsense', 'line'],
    ['', 'protobuf'],
    ['\x0a\x7f', 'protobuf'],
    ['\x08\x01', 'protobuf'],
    ['\x0a\x00', 'protobuf'],
    ['[]', 'json'],
    ['{', 'json'],
    ['7', 'json'],
    ['[7]', 'json'],
    ['[{"measurement":"m"}]', 'json'],
    [`${'['.repeat(5000)}${']'.repeat(5000)}`, 'json'],
    [`[{"measurement":"m","fields":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}]`, 'json'],
    ['[{"name":"m"}]', 'pbjson'],
    [' '.repeat(11 * 1024 * 1024), 'json'],
  ] as const)
    assert.throws(() => decoded(body, { format }), MalformedError, `${format} ${body.slice(0, 40)}`)
})

test('names, tags and fields beyond the limits refuse their point alone', () => {
  const long = 'n'.repeat(10_000)
  const many = (count: number, separator: string): string =>
    Array.from({ length: count }, (_, index) => `k${index}=1`).join(separator)
  const points = [`${long} f=1`, `m,${long}=1 f=1`, `m,t=${long}${long} f=1`, `m ${long}=1`]
  const wide = [`m,${many(300, ',')} f=1`, `m ${many(2000, ',')}`]
  const { taken, batch } = decoded([...points, ...wide, 'm f=1'].join('\n'), { format: 'line' })
  assert.deepEqual([batch.metrics.length, taken.rejected], [1, 6])
  const protobuf = encodePoints([
    { ...POINT, name: long },
    { ...POINT, tags: Array.from({ length: 300 }, (_, index) => ({ key: `k${index}`, value: '1' })) },
    { ...POINT, fields: Array.from({ length: 2000 }, (_, index) => ({ ...FIELDS[2]!, key: `k${index}` })) },
    POINT,
  ])
  assert.deepEqual([decoded(protobuf).batch.metrics.length, decoded(protobuf).taken.rejected], [3, 3])
})

test('a million points, and tags that multiply, are refused before they take the memory', () => {
  const points = 'm f=1\n'.repeat(1_000_000)
  assert.throws(() => decoded(points, { format: 'line' }), /send less at once/)
  const tags = Array.from({ length: 200 }, (_, index) => `k${index}=${'v'.repeat(10_000)}`).join(',')
  const fields = Array.from({ length: 1000 }, (_, index) => `f${index}=1`).join(',')
  assert.throws(() => decoded(`m,${tags} ${fields}`, { format: 'line' }), /send less at once/)
})

test('every cut of a protobuf body is refused, or read as the points before the cut', () => {
  const body = encodePoints([POINT, POINT])
  for (let end = 0; end < body.length; end++) {
    try {
      const { batch } = decoded(body.subarray(0, end))
      assert.ok(batch.metrics.length === 3)
    } catch (error) {
      assert.ok(error instanceof MalformedError, String(error))
    }
  }
})

test('JSON numbers keep 64 bits, and keys of any name are keys', () => {
  const body =
    '[{"measurement":"m","tags":{"__proto__":"x"},"fields":{"a":9223372036854775807,"b":18446744073709551615,"c":1.5},"time":1795248000123456789}]'
  const { points } = gathered((sink) => decodePointsJson(Buffer.from(body), sink, GUESSED))
  assert.deepEqual(
    points[0]!.fields.map(({ kind, value }) => [kind, value]),
    [
      ['i', 2n ** 63n - 1n],
      ['u', 2n ** 64n - 1n],
      ['f', 1.5],
    ],
  )
  assert.equal(points[0]!.timeNanos, 1_795_248_000_123_456_789n)
  const { batch } = decoded(body, { format: 'json' })
  assert.equal(Object.getOwnPropertyDescriptor(batch.metrics[0]!.dimensions, '__proto__')?.value, 'x')
})

test('random bytes and broken points throw nothing but MalformedError', () => {
  let state = 12_345
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const seeds: readonly (readonly [PointFormat, Buffer])[] = [
    ['protobuf', Buffer.from(encodePoints([POINT, POINT]))],
    ['line', Buffer.from(formatLine(POINT))],
    ['json', Buffer.from(`[${formatPointJson(POINT)}]`)],
    ['pbjson', Buffer.from(`[${formatPointPbjson(POINT)}]`)],
  ]
  for (let round = 0; round < 4000; round++) {
    const [format, seed] = seeds[round % seeds.length]!
    const body = Buffer.from(seed)
    for (let change = 0; change <= random(4); change++) body[random(body.length)] = random(256)
    const category = CATEGORIES[random(3)]!
    try {
      decoded(body.subarray(0, random(10) === 0 ? random(body.length) : body.length), { format, category })
    } catch (error) {
      assert.ok(error instanceof MalformedError, `${format} ${body.toString('hex')} ${String(error)}`)
    }
  }
})
