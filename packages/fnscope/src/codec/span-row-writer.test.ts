import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import { highOfMicros, lowOfMicros } from './micros.ts'
import { TextWriter } from './otlp-text.ts'
import { newRowSource } from './row-source.ts'
import { MEANING } from './semantic-keys.ts'
import { ROW_ID, SpanRowWriter, type RowMake } from './span-row-writer.ts'

const CONTEXT = { receivedNanos: 7n, bounds: { minNanos: 1000n, maxNanos: 1n << 62n } }
const SOURCE = newRowSource({ 'service.name': 'shop', 'cloud.account.id': '123456789012' })
const START = 1_795_248_000_123_456_789n

/** A wire of keys and values in turn, and where they stand in it. */
class Wire {
  #bytes = ''
  at(text: string): [start: number, end: number] {
    const start = Buffer.byteLength(this.#bytes)
    this.#bytes += text
    return [start, Buffer.byteLength(this.#bytes)]
  }
  get view(): DataView {
    const bytes = new TextEncoder().encode(this.#bytes)
    return new DataView(bytes.buffer)
  }
}

function begin(writer: SpanRowWriter, view: DataView, span = 1n): void {
  writer.beginRow(view)
  writer.ids.setBigUint64(ROW_ID.trace, 0x6740a1b201234567n)
  writer.ids.setBigUint64(ROW_ID.trace + 8, 0x89abcdef01234567n)
  writer.ids.setBigUint64(ROW_ID.span, span)
  writer.setStart(Number(BigInt.asIntN(32, START)), Number(START >> 32n))
  writer.setDuration(1500, 0)
}

function written(make: RowMake, write: (writer: SpanRowWriter) => void): { spans: readonly Span[]; rejected: number } {
  const batch = new SpanBatch()
  const writer = new SpanRowWriter(make)
  writer.begin(batch, CONTEXT)
  write(writer)
  const { rejected } = writer.end()
  writer.close()
  batch.checkRows()
  return { spans: readSpans(batch), rejected }
}

test('a row comes back as it was written, the text of the wire and the text of the codec', () => {
  const wire = new Wire()
  const name = wire.at('GET /ördêr')
  const method = [wire.at('http.method'), wire.at('GET')] as const
  const customer = [wire.at('customer'), wire.at('Ünal')] as const
  const count = wire.at('count')
  const share = wire.at('share')
  const { view } = wire
  const { spans } = written({ source: 'zipkin' }, (writer) => {
    begin(writer, view)
    writer.ids.setBigUint64(ROW_ID.parent, 9n)
    writer.kind = 2
    writer.statusCode = 2
    writer.setName(...name)
    writer.message.setText('kaputt')
    writer.requestId.set(...customer[1])
    writer.string(writer.key(...method[0]), ...method[1])
    writer.string(writer.key(...customer[0]), ...customer[1])
    writer.integer(writer.key(...count), -1, -1)
    writer.double(writer.key(...share), 0.5)
    writer.boolean(writer.keyNamed('faas.coldstart'), true)
    writer.integer(writer.keyNamed('http.response.status_code'), 503, 0)
    const list = new TextWriter()
    list.ascii('[1,2]')
    writer.jsonOf(writer.keyNamed('list'), list)
    const events = new TextWriter()
    events.ascii('[{"nanos":5,"name":"a"}]')
    assert.ok(writer.endRow(SOURCE, events))
  })
  assert.equal(spans.length, 1)
  const span = spans[0]!
  assert.equal(span.traceId, '6740a1b20123456789abcdef01234567')
  assert.equal(span.spanId, '0000000000000001')
  assert.equal(span.parentId, '0000000000000009')
  assert.equal(span.startNanos, START)
  assert.equal(span.name, 'GET /ördêr')
  assert.equal(span.service, 'shop')
  assert.equal(span.accountId, '123456789012')
  assert.equal(span.source, 'zipkin')
  assert.equal(span.statusMessage, 'kaputt')
  assert.equal(span.requestId, 'Ünal')
  assert.equal(span.http?.method, 'GET')
  assert.equal(span.http?.status, 503)
  assert.equal(span.fault, true)
  assert.equal(span.coldStart, true)
  assert.deepEqual(span.annotations, { customer: 'Ünal', count: -1n, share: 0.5 })
  assert.deepEqual(span.attributes, {
    'http.method': 'GET',
    'faas.coldstart': true,
    'http.response.status_code': 503n,
    list: [1n, 2n],
  })
  assert.deepEqual(span.events, [{ timeNanos: 5n, name: 'a', attributes: {} }])
})

test('rows of one batch have each the source that they were ended with', () => {
  const other = newRowSource({ 'service.name': 'db' })
  const { view } = new Wire()
  const { spans } = written({ source: 'jaeger' }, (writer) => {
    for (const [index, source] of [SOURCE, other, other, SOURCE].entries()) {
      begin(writer, view, BigInt(index + 1))
      writer.endRow(source)
    }
  })
  assert.deepEqual(
    spans.map(({ service, accountId, resource }) => [service, accountId ?? '', resource['service.name']]),
    [
      ['shop', '123456789012', 'shop'],
      ['db', '', 'db'],
      ['db', '', 'db'],
      ['shop', '123456789012', 'shop'],
    ],
  )
})

test('a row without ids, out of bounds or undone leaves nothing', () => {
  const wire = new Wire()
  const key = wire.at('customer')
  const { view } = wire
  const { spans, rejected } = written({ source: 'jaeger' }, (writer) => {
    for (const spoil of [
      () => writer.ids.setBigUint64(ROW_ID.span, 0n),
      () => writer.idBytes.fill(0, 0, 16),
      () => writer.setStart(999, 0),
      () => writer.setStart(0, -1),
    ]) {
      begin(writer, view)
      writer.string(writer.key(...key), ...key)
      spoil()
      assert.equal(writer.endRow(SOURCE), false)
    }
    begin(writer, view)
    writer.string(writer.key(...key), ...key)
    writer.undoRow()
    begin(writer, view)
    writer.integer(writer.key(...key), 1, 0)
    writer.endRow(SOURCE)
  })
  assert.equal(rejected, 4)
  assert.equal(spans.length, 1)
  assert.deepEqual(spans[0]!.annotations, { customer: 1n })
})

test("a make's own keys mean what it says, and tell the codec when they come", () => {
  const wire = new Wire()
  const host = [wire.at('out.host'), wire.at('db.local')] as const
  const system = [wire.at('db.system'), wire.at('postgresql')] as const
  const internal = wire.at('_dd.x')
  const { view } = wire
  const make: RowMake = {
    source: 'datadog',
    meanings: new Map([['out.host', { meaning: MEANING.host, rank: 2 }]]),
    roles: new Map([['out.host', 4]]),
    isCustomKey: (key) => !key.startsWith('_dd.') && key !== 'out.host',
  }
  const { spans } = written(make, (writer) => {
    for (let round = 1n; round < 3n; round++) {
      begin(writer, view, round)
      writer.kind = 3
      assert.equal(writer.key(...host[0]).role, 4)
      writer.string(writer.key(...host[0]), ...host[1])
      writer.string(writer.key(...system[0]), ...system[1])
      assert.equal(writer.key(...internal).role, 0)
      writer.string(writer.key(...internal), ...internal)
      writer.endRow(SOURCE)
    }
  })
  for (const span of spans) {
    assert.deepEqual(span.peer, { name: 'db.local', type: 'Database::SQL' })
    assert.deepEqual(span.attributes, { 'out.host': 'db.local', '_dd.x': '_dd.x' })
    assert.deepEqual(span.annotations, { 'db.system': 'postgresql' })
  }
})

test('microseconds become nanoseconds to the last digit', () => {
  const samples = [0, 1, -1, 4294967, 4294968, 1_795_248_000_123_457, Number.MAX_SAFE_INTEGER, -1_795_248_000_123_457]
  for (let i = 0; i < 2000; i++) samples.push(Math.floor(Math.random() * 2 ** 52))
  for (const micros of samples) {
    const nanos = BigInt.asIntN(64, BigInt(micros) * 1000n)
    assert.equal(lowOfMicros(micros), Number(BigInt.asIntN(32, nanos)), `low of ${micros}`)
    assert.equal(highOfMicros(micros), Number(BigInt.asIntN(32, nanos >> 32n)), `high of ${micros}`)
  }
})
