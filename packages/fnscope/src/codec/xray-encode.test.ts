import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CAPTURES, readDocuments } from '../../../../test/captures.ts'
import { newBatch } from '../span/batch.ts'
import { readSpans } from '../span/read-span.ts'
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import { encodeSpan } from './xray-encode.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { decodeDocument } from './xray.ts'

const BOUNDS = { minNanos: 0n, maxNanos: 2n ** 62n }
const TRACE = '6b0150e9aaaa00000000000000000001'
const micros = (seconds: unknown): number => Math.round((seconds as number) * 1e6) / 1e6

/** What a document says, without what encoding is known to spell otherwise: times to the microsecond, false flags absent. */
function meaning(document: JsonObject, embedded = false): JsonObject {
  const {
    in_progress: inProgress,
    subsegments,
    annotations,
    trace_id: traceId,
    parent_id: parentId,
    type,
    precursor_ids: _unknown,
    ...rest
  } = document
  const children = (subsegments ?? []) as readonly JsonObject[]
  return {
    ...rest,
    ...(embedded ? {} : { trace_id: traceId }),
    ...(embedded || parentId === undefined ? {} : { parent_id: parentId }),
    ...(embedded || type === undefined ? {} : { type }),
    start_time: micros(document['start_time']),
    ...(document['end_time'] === undefined ? {} : { end_time: micros(document['end_time']) }),
    ...(inProgress === true ? { in_progress: true } : {}),
    ...(isJsonObject(annotations) && Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(children.length === 0 ? {} : { subsegments: children.map((child) => meaning(child, true)) }),
  }
}

/** Decodes, reads the columns back and encodes, nesting by parent id. */
function roundTrip(text: string): JsonObject {
  const batch = newBatch()
  assert.equal(decodeDocument(text, batch, { receivedNanos: 1n, bounds: BOUNDS }).ok, true)
  const spans = [...readSpans(batch.spans), ...readSpans(batch.openSpans, { open: true })]
  const encode = (span: Span, embedded: boolean): JsonObject =>
    encodeSpan(span, {
      embedded,
      children: spans.filter((one) => one.parentId === span.spanId).map((child) => encode(child, true)),
    })
  return encode(
    spans.find((span) => span.spanId === batch.documents.read()[0]!.spanId)!,
    false,
  )
}

for (const capture of CAPTURES)
  test(`encoding what was decoded of ${capture} gives the documents back`, () => {
    for (const text of readDocuments(capture))
      assert.deepEqual(roundTrip(text), meaning(JSON.parse(text) as JsonObject))
  })

test('every field that has a column or a prefix comes back', () => {
  const document = {
    trace_id: '1-6b0150e9-aaaa00000000000000000001',
    id: '1111111111111111',
    parent_id: '2222222222222222',
    name: 'shop',
    start_time: 1_795_248_362.25,
    end_time: 1_795_248_363.5,
    origin: 'AWS::ECS::Container',
    resource_arn: 'arn:aws:ecs:x',
    user: 'alice',
    error: true,
    throttle: true,
    fault: true,
    cause: { working_directory: '/a', exceptions: [{ id: '3333333333333333', message: 'm', stack: [{ line: null }] }] },
    http: {
      request: { method: 'GET', url: 'http://h/p', user_agent: 'u', client_ip: '1.2.3.4', x_forwarded_for: true },
      response: { status: 503, content_length: -1 },
    },
    aws: { account_id: '1', ec2: { instance_id: 'i-1' }, retries: 3, resource_names: ['a', 'b'] },
    sql: { url: 'u', sanitized_query: 'q' },
    service: { version: '1.0', build: 7 },
    annotations: { a: 'x', b: 1.5, c: false },
    metadata: { default: { k: [1, null] } },
    links: [{ trace_id: '1-6b0150e9-bbbb00000000000000000001', id: '4444444444444444', attributes: { k: 'v' } }],
  }
  assert.deepEqual(roundTrip(JSON.stringify(document)), document)
  const call = { ...document, type: 'subsegment', namespace: 'remote', http: { request: { traced: true } } }
  assert.deepEqual(roundTrip(JSON.stringify(call)), call)
})

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:greet'
const platform = (more: Partial<SpanInput>): Span =>
  completeSpan({
    traceId: TRACE,
    spanId: '0a1b2c3d4e5f6071',
    startNanos: 1_675_436_390_204_000_000n,
    endNanos: 1_675_436_391_128_000_000n,
    name: 'greet',
    service: 'greet',
    source: 'lambda',
    requestId: '630c0f4f-3696-4992-a2a6-885d47b30fb9',
    receivedNanos: 1n,
    ...more,
  })

test('the platform’s segments read as Lambda writes them', () => {
  const service = platform({ segment: true, origin: 'AWS::Lambda', resourceArn: ARN, http: { status: 200 } })
  assert.deepEqual(encodeSpan(service), {
    trace_id: '1-6b0150e9-aaaa00000000000000000001',
    id: '0a1b2c3d4e5f6071',
    name: 'greet',
    start_time: 1_675_436_390.204,
    end_time: 1_675_436_391.128,
    origin: 'AWS::Lambda',
    resource_arn: ARN,
    http: { response: { status: 200 } },
    aws: { request_id: '630c0f4f-3696-4992-a2a6-885d47b30fb9' },
  })
  const init = platform({ spanId: '26b126b126b126b1', name: 'Init', attributes: { 'aws.function_arn': ARN } })
  const fn = platform({
    spanId: '15a0b1c2d3e4f506',
    parentId: '0a1b2c3d4e5f6071',
    segment: true,
    origin: 'AWS::Lambda::Function',
    accountId: '000000000000',
    resourceArn: ARN,
    attributes: { 'aws.function_arn': ARN, 'aws.resource_names': ['greet'] },
  })
  assert.deepEqual(encodeSpan(fn, { children: [encodeSpan(init, { embedded: true })] }), {
    trace_id: '1-6b0150e9-aaaa00000000000000000001',
    id: '15a0b1c2d3e4f506',
    parent_id: '0a1b2c3d4e5f6071',
    name: 'greet',
    start_time: 1_675_436_390.204,
    end_time: 1_675_436_391.128,
    origin: 'AWS::Lambda::Function',
    resource_arn: ARN,
    aws: { account_id: '000000000000', function_arn: ARN, resource_names: ['greet'] },
    subsegments: [
      {
        id: '26b126b126b126b1',
        name: 'Init',
        start_time: 1_675_436_390.204,
        end_time: 1_675_436_391.128,
        aws: { function_arn: ARN },
      },
    ],
  })
})

test('a span of another make has its HTTP and exceptions in blocks, all else in metadata', () => {
  const document = encodeSpan(
    platform({
      source: 'otlp',
      kind: 3,
      fault: true,
      peer: { name: 'api.test', type: 'remote' },
      attributes: { 'http.request.method': 'GET', n: 5n },
      resource: { 'service.version': '1.2' },
      events: [{ timeNanos: 1n, name: 'exception', attributes: { 'exception.type': 'E', 'exception.message': 'm' } }],
    }),
  )
  assert.equal(document['type'], 'subsegment')
  assert.equal(document['namespace'], 'remote')
  assert.deepEqual(document['service'], { version: '1.2' })
  assert.equal(document['name'], 'api.test')
  assert.deepEqual(document['http'], { request: { method: 'GET' }, response: { content_length: 0 } })
  assert.deepEqual(document['metadata'], { default: { n: 5 }, otel: { name: 'greet', kind: 'client' } })
  const [exception] = (document['cause'] as { exceptions: { id: string; type: string; message: string }[] }).exceptions
  assert.match(exception!.id, /^[0-9a-f]{16}$/)
  assert.deepEqual([exception!.type, exception!.message], ['E', 'm'])
})

test('a span in progress says so and has no end', () => {
  const { endNanos: _end, ...open } = platform({ source: 'xray' })
  const document = encodeSpan({ ...open, inProgress: true })
  assert.equal(document['in_progress'], true)
  assert.equal('end_time' in document, false)
})

test('numbers that a double or JSON does not have survive in a document that every JSON parser reads', () => {
  const span = platform({
    source: 'otlp',
    attributes: {
      big: 9_223_372_036_854_775_807n,
      nan: Number.NaN,
      bytes: Uint8Array.of(255, 0),
      nested: [{ i: -(2n ** 63n) }],
    },
    annotations: { order: 9_007_199_254_740_993n, small: 7n, ratio: Number.NEGATIVE_INFINITY },
  })
  const listed = { ...span, attributes: { ...span.attributes, 'aws.xray.annotations': ['order', 'small', 'ratio'] } }
  const text = JSON.stringify(encodeSpan(listed))
  assert.ok(text.includes('"annotations":{"order":9007199254740993,"small":7,"ratio":"-Infinity"}'), text)
  assert.ok(
    text.includes('"big":9223372036854775807,"nan":"NaN","bytes":"/wA=","nested":[{"i":-9223372036854775808}]'),
    text,
  )
  JSON.parse(text)
})

test('tags of a Datadog user are annotations, what else Datadog says is in its own namespace', () => {
  const span = platform({
    source: 'datadog',
    segment: true,
    kind: 2,
    annotations: { 'order.id': 'o-1', '_dd.origin': 'lambda', total: 9.5 },
    attributes: { 'span.type': 'serverless' },
    resource: { 'telemetry.sdk.name': 'datadog', 'telemetry.sdk.language': 'python', 'service.version': '3' },
  })
  const document = encodeSpan(span)
  assert.deepEqual(document['annotations'], { order_id: 'o-1', total: 9.5 })
  assert.deepEqual(document['metadata'], {
    datadog: {
      'span.type': 'serverless',
      '_dd.origin': 'lambda',
      'otel.resource.telemetry.sdk.name': 'datadog',
      'otel.resource.telemetry.sdk.language': 'python',
      'otel.resource.service.version': '3',
    },
  })
  assert.deepEqual(document['aws'], { xray: { sdk: 'datadog for python', auto_instrumentation: false } })
})

test('what X-Ray has no place for stands in the metadata namespace otel', () => {
  const span = platform({
    source: 'otlp',
    kind: 1,
    scope: { name: 'lib', version: '2', attributes: {} },
    traceState: 'a=b',
    dropped: { attributes: 3, events: 0, links: 0 },
    events: [{ timeNanos: 1_675_436_390_500_000_000n, name: 'cache miss', attributes: { key: 'k' } }],
  })
  assert.deepEqual(encodeSpan(span)['metadata'], {
    otel: {
      scope: { name: 'lib', version: '2', attributes: {} },
      trace_state: 'a=b',
      events: [{ time: 1_675_436_390.5, name: 'cache miss', attributes: { key: 'k' } }],
      dropped_attributes: 3,
    },
  })
})

test('an exception is followed by what caused it', () => {
  const stacktrace = [
    'Traceback (most recent call last):',
    '  File "/a.py", line 1, in inner',
    'KeyError: first',
    '',
    'During handling of the above exception, another exception occurred:',
    '',
    'Traceback (most recent call last):',
    '  File "/a.py", line 9, in outer',
    'ValueError: second',
  ].join('\n')
  const attributes = {
    'exception.type': 'ValueError',
    'exception.message': 'second',
    'exception.stacktrace': stacktrace,
  }
  const span = platform({ source: 'otlp', kind: 1, events: [{ timeNanos: 1n, name: 'exception', attributes }] })
  const { exceptions } = encodeSpan(span)['cause'] as { exceptions: JsonObject[] }
  const [own, first] = exceptions as [JsonObject, JsonObject]
  assert.equal(exceptions.length, 2)
  assert.equal(own['cause'], first['id'])
  assert.notEqual(own['id'], first['id'])
  assert.deepEqual([own['type'], own['stack']], ['ValueError', [{ path: '/a.py', line: 9, label: 'outer' }]])
  assert.deepEqual([first['type'], first['message']], ['KeyError', 'first'])
})
