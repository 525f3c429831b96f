import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { LogRecord } from '../span/log-record.ts'
import { decodeOtlpLogsJson } from './otlp-logs-json.ts'
import { decodeOtlpLogs } from './otlp-logs.ts'
import { anyValue, bodyOf, readRequest, SAMPLE_IDS } from './otlp-samples.ts'
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

function decode(body: Uint8Array): { logs: LogRecord[]; taken: Taken } {
  const logs: LogRecord[] = []
  const taken = decodeOtlpLogs(body, logs, OPTIONS)
  assert.equal(logs.length, taken.rows)
  return { logs, taken }
}

function decodeJson(records: readonly object[], resource: Readonly<Record<string, unknown>> = {}): LogRecord[] {
  const logs: LogRecord[] = []
  const attributes = Object.entries(resource).map(([key, value]) => ({ key, value: anyValue(value) }))
  const request = { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords: records }] }] }
  decodeOtlpLogsJson(bodyOf(request), logs, OPTIONS)
  return logs
}

for (const name of ['python-http-logs.pb', 'every-field-logs.pb'])
  test(`${name} reads the same in protobuf and as the JSON that another reader makes of it`, () => {
    const { logs, taken } = decode(capture(name))
    const fromJson: LogRecord[] = []
    const json = decodeOtlpLogsJson(bodyOf(readRequest(capture(name), 'logs')), fromJson, OPTIONS)
    assert.ok(logs.length > 0)
    assert.deepEqual(fromJson, logs)
    assert.deepEqual(json, taken)
  })

test('the Python handler’s records are what the program logged', () => {
  const { logs } = decode(capture('python-http-logs.pb'))
  assert.deepEqual(
    logs.map((log) => [log.severity, log.severityNumber, log.kind, log.service]),
    [
      ['INFO', 9, 'otlp', 'cap-svc'],
      ['ERROR', 17, 'otlp', 'cap-svc'],
    ],
  )
  const [info, error] = logs as [LogRecord, LogRecord]
  assert.match(info.traceId!, /^[0-9a-f]{32}$/)
  assert.match(info.spanId!, /^[0-9a-f]{16}$/)
  assert.equal(info.traceId, error.traceId)
  assert.ok(info.observedNanos! >= info.timeNanos)
  assert.ok('exception.stacktrace' in error.attributes)
  assert.equal(info.resource['telemetry.sdk.language'], 'python')
})

test('every field of a record is kept', () => {
  const { logs } = decode(capture('every-field-logs.pb'))
  const resource = {
    'service.name': 'orders',
    'faas.name': 'orders-fn',
    'cloud.platform': 'aws_lambda',
    'faas.instance': '2026/11/21/[$LATEST]abc',
    'process.pid': 7n,
  }
  assert.deepEqual(logs[0], {
    timeNanos: TIME,
    receivedNanos: OPTIONS.receivedNanos,
    observedNanos: TIME + 5n,
    kind: 'otlp',
    logGroup: '/aws/lambda/orders-fn',
    logStream: '2026/11/21/[$LATEST]abc',
    service: 'orders',
    requestId: 'req-1',
    ...SAMPLE_IDS,
    severity: 'ERROR',
    severityNumber: 17,
    body: 'broken',
    eventName: 'order.failed',
    attributes: {
      s: 'naïve ☃',
      b: true,
      i: -9223372036854775808n,
      d: 0.5,
      x: Uint8Array.of(0, 255),
      n: null,
      l: ['a', 1n, []],
      m: { $k: 2, z: null },
      'faas.invocation_id': 'req-1',
    },
    resource,
    scope: {
      name: 'lib',
      version: '1.2',
      attributes: { a: 'b' },
      droppedAttributes: 4,
      schemaUrl: 'https://schema/s',
    },
    details: {
      traceFlags: 1,
      droppedAttributes: 2,
      droppedResourceAttributes: 3,
      schemaUrl: 'https://schema/r',
    },
  })
  assert.equal(logs[1]!.resource, logs[0].resource)
  assert.deepEqual(logs[1]!.details, { droppedResourceAttributes: 3, schemaUrl: 'https://schema/r' })
})

test('bodies of every type are kept beside the text that they read as', () => {
  const { logs } = decode(capture('every-field-logs.pb'))
  assert.deepEqual(
    logs.slice(1, 8).map((log) => [log.body, log.value]),
    [
      ['{"order":17,"parts":[1.5]}', { order: 17n, parts: [1.5] }],
      ['42', 42n],
      ['AQI=', Uint8Array.of(1, 2)],
      ['', null],
      ['', undefined],
      ['-0', -0],
      ['false', false],
    ],
  )
})

test('a record without a time has that of its observation, and without either that of its receipt', () => {
  const { logs } = decode(capture('every-field-logs.pb'))
  assert.deepEqual([logs[1]!.timeNanos, logs[1]!.observedNanos], [TIME + 6n, TIME + 6n])
  assert.deepEqual([logs[2]!.timeNanos, logs[2]!.observedNanos], [OPTIONS.receivedNanos, undefined])
})

test('ids of another length and zero ids are no ids, and the record is kept', () => {
  const { logs } = decode(capture('every-field-logs.pb'))
  for (const body of ['bad ids', 'zero ids']) {
    const log = logs.find((one) => one.body === body)!
    assert.deepEqual([log.traceId, log.spanId], [undefined, undefined])
  }
})

test('records outside of the bounds are refused one by one, and the message says how many', () => {
  const { taken } = decode(capture('every-field-logs.pb'))
  assert.deepEqual([taken.rows, taken.rejected], [11, 2])
  assert.deepEqual(
    taken.reasons,
    new Map([
      ['too_old', 1],
      ['too_new', 1],
    ]),
  )
  assert.match(taken.message, /1 too_old \(.+\); 1 too_new \(.+\)\.$/)
})

test('a record without resource and scope is of an unknown service', () => {
  const { logs } = decode(capture('every-field-logs.pb'))
  const last = logs.at(-1)!
  assert.deepEqual(
    [last.body, last.service, last.resource, last.scope, last.details, last.logGroup],
    ['no source', 'unknown_service', {}, undefined, undefined, ''],
  )
})

test('log group and stream are those that the resource names', () => {
  const [named] = decodeJson([{ body: { stringValue: 'x' } }], {
    'aws.log.group.names': ['/aws/lambda/named', 'other'],
    'aws.log.stream.names': ['stream'],
    'faas.name': 'fn',
    'cloud.platform': 'aws_lambda',
  })
  assert.deepEqual([named!.logGroup, named!.logStream, named!.service], ['/aws/lambda/named', 'stream', 'fn'])
  const [elsewhere] = decodeJson([{}], { 'faas.name': 'fn', 'cloud.platform': 'gcp_cloud_functions' })
  assert.equal(elsewhere!.logGroup, '')
})

test('the request id is found under each of its names, on the record before the resource', () => {
  const keys = ['faas.invocation_id', 'faas.execution', 'aws.request_id', 'function_request_id', 'requestId']
  for (const key of keys) {
    const attributes = [{ key, value: { stringValue: 'r' } }]
    assert.equal(decodeJson([{ attributes }], { 'faas.invocation_id': 'other' })[0]!.requestId, 'r')
  }
  assert.equal(decodeJson([{}], { 'faas.invocation_id': 'other' })[0]!.requestId, 'other')
  const numbers = [{ key: 'requestId', value: { intValue: 5 } }]
  assert.equal(decodeJson([{ attributes: numbers }])[0]!.requestId, undefined)
})

test('JSON has severities by number and by name, and keeps every digit of a time', () => {
  const numbers = ['SEVERITY_NUMBER_ERROR', 17, '17', 'SEVERITY_NUMBER_FATAL4', 'NOBODY_KNOWS', 99]
  const text = JSON.stringify({
    resourceLogs: [
      { scopeLogs: [{ logRecords: numbers.map((severityNumber) => ({ severityNumber, timeUnixNano: '@' })) }] },
    ],
  })
  const logs: LogRecord[] = []
  decodeOtlpLogsJson(new TextEncoder().encode(text.replaceAll('"@"', String(TIME))), logs, OPTIONS)
  assert.deepEqual(
    logs.map((log) => log.severityNumber),
    [17, 17, 17, 24, 0, 0],
  )
  assert.ok(logs.every((log) => log.timeNanos === TIME))
})

test('a key that every object has is an attribute like any other', () => {
  const attributes = ['__proto__', 'constructor'].map((key) => ({ key, value: { stringValue: 'x' } }))
  const [log] = decodeJson([{ attributes }])
  assert.deepEqual(Object.entries(log!.attributes), [
    ['__proto__', 'x'],
    ['constructor', 'x'],
  ])
})

test('records beyond what one request may have are refused, the others kept', () => {
  const records = new ProtobufWriter()
  const source = records.open(1)
  const scoped = records.open(2)
  for (let i = 0; i < 15; i++) records.close(records.open(2))
  records.close(scoped)
  records.close(source)
  const logs: LogRecord[] = []
  const taken = decodeOtlpLogs(records.written(), logs, { ...OPTIONS, maxRows: 10 })
  assert.deepEqual([logs.length, taken.rows, taken.reasons], [10, 10, new Map([['too_many', 5]])])
})

// ------------------------------------------------------------------------------------------------------ hostile

function nested(levels: number): Uint8Array {
  const value = (level: number): object =>
    level === 0 ? { stringValue: 'deep' } : { arrayValue: { values: [value(level - 1)] } }
  return bodyOf({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: value(levels) }] }] }] })
}

test('values are nested 64 levels deep and no deeper', () => {
  const logs: LogRecord[] = []
  assert.equal(decodeOtlpLogsJson(nested(64), logs, OPTIONS).rows, 1)
  assert.throws(() => decodeOtlpLogsJson(nested(65), [], OPTIONS), MalformedError)
  const brackets = '[{"arrayValue":{"values":'.repeat(5000)
  assert.throws(() => decodeOtlpLogsJson(new TextEncoder().encode(brackets), [], OPTIONS), MalformedError)
  const deep = new ProtobufWriter()
  const marks: number[] = []
  for (const field of [1, 2, 2, 5]) marks.push(deep.open(field))
  for (let level = 0; level < 5000; level++) marks.push(deep.open(5), deep.open(1))
  while (marks.length > 0) deep.close(marks.pop()!)
  assert.throws(() => decode(deep.written()), MalformedError)
})

test('text that is no UTF-8 gets U+FFFD', () => {
  const bad = Uint8Array.of(0x41, 0xff)
  const writer = new ProtobufWriter()
  const marks = [1, 2, 2].map((field) => writer.open(field))
  writer.bytes(3, bad)
  const body = writer.open(5)
  writer.bytes(1, bad)
  writer.close(body)
  for (const mark of marks.reverse()) writer.close(mark)
  const [log] = decode(writer.written()).logs
  assert.deepEqual([log!.severity, log!.body], ['A\ufffd', 'A\ufffd'])
})

test('a request that is cut anywhere is malformed', () => {
  const body = capture('python-http-logs.pb')
  for (let size = 1; size < body.length; size++)
    assert.throws(() => decode(body.subarray(0, size)), MalformedError, `cut at ${size}`)
})

test('a field of another wire type makes the request malformed', () => {
  for (const write of [
    (writer: ProtobufWriter) => writer.varint(1, 1),
    (writer: ProtobufWriter) => writer.string(2, 'x'),
    (writer: ProtobufWriter) => writer.varint(5, 1),
    (writer: ProtobufWriter) => writer.varint(9, 1),
    (writer: ProtobufWriter) => writer.tag(3, 3),
  ]) {
    const writer = new ProtobufWriter()
    const marks = [1, 2, 2].map((field) => writer.open(field))
    write(writer)
    for (const mark of marks.reverse()) writer.close(mark)
    assert.throws(() => decode(writer.written()), /is no OTLP logs: .* at byte \d+\.$/)
  }
})

test('spoiled requests are decoded or malformed, never anything else', () => {
  let state = 7
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const bodies = ['python-http-logs.pb', 'every-field-logs.pb'].map(capture)
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
