import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLogLine } from './log-line.ts'

const REQUEST = '630c0f4f-3696-4992-a2a6-885d47b30fb9'
const TRACE = '5759e988bd862e3fe1be46a994272793'
const XRAY = '1-5759e988-bd862e3fe1be46a994272793'
const SPAN = '53995c3f42cd8ad8'
const TIME = '2026-11-21T08:03:35.790Z'

interface Expected {
  readonly severity?: string
  readonly severityNumber?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly requestId?: string
  readonly service?: string
}

function said(line: string): Expected {
  const { attributes: _attributes, body: _body, ...rest } = parseLogLine(line)
  return rest
}

const level = (severity: string, severityNumber: number): Expected => ({ severity, severityNumber })
const none = level('', 0)

const TEXTS: readonly (readonly [what: string, line: string, expected: Expected])[] = [
  ['plain words', 'hello world', none],
  ['a sentence that begins with a level', 'Error messages are shown below', none],
  ['Python: uncaught', '[ERROR] ValueError: bad\rTraceback (most recent call last):\r  File', level('ERROR', 17)],
  ['Python: logging', `[INFO]\t${TIME}\t${REQUEST}\tsent`, { ...level('INFO', 9), requestId: REQUEST }],
  ['Node: console', `${TIME}\t${REQUEST}\tWARN\tlow stock`, { ...level('WARN', 13), requestId: REQUEST }],
  ['Node: outside of a request', `${TIME}\tundefined\tINFO\tstarted`, level('INFO', 9)],
  [
    'Node: a JSON line of a logger',
    `${TIME}\t${REQUEST}\tINFO\t{"level":50,"msg":"bad","trace_id":"${TRACE}","span_id":"${SPAN}"}`,
    { ...level('ERROR', 17), requestId: REQUEST, traceId: TRACE, spanId: SPAN },
  ],
  ['Python: traceback', 'Traceback (most recent call last):\n  File "a.py"\nValueError: x', level('ERROR', 17)],
  ["logging's default", 'WARNING:root:low stock', level('WARNING', 13)],
  ['a time in front', '2026-11-21 08:03:35,790 - shop - ERROR - no stock', level('ERROR', 17)],
  ['logback', '08:03:35.790 [main] DEBUG com.shop.Orders - sent', level('DEBUG', 5)],
  [
    'logfmt',
    `level=info msg="sent" trace_id=${TRACE} span_id=${SPAN}`,
    { ...level('info', 9), traceId: TRACE, spanId: SPAN },
  ],
  [
    "Datadog's format",
    `2026-11-21 08:03:35,790 INFO [app] [app.py:3] [dd.service=shop dd.env= dd.version= dd.trace_id=5759e988bd862e3fe1be46a994272793 dd.span_id=6024024518441241304] - sent`,
    { ...level('INFO', 9), traceId: TRACE, spanId: '5399a26203ef0ad8' },
  ],
  [
    "Datadog's decimal trace id of 64 bits",
    'dd.trace_id=6024024518441241304 dd.span_id=1',
    { ...none, traceId: '00000000000000005399a26203ef0ad8', spanId: '0000000000000001' },
  ],
  [
    "OpenTelemetry's Python format",
    `2026-11-21 08:03:35,790 INFO [app] [a.py:1] [trace_id=${TRACE} span_id=${SPAN} resource.service.name=shop trace_sampled=True] - sent`,
    { ...level('INFO', 9), traceId: TRACE, spanId: SPAN },
  ],
  ['an X-Ray header', `got Root=${XRAY};Parent=${SPAN};Sampled=1`, { ...none, traceId: TRACE }],
  ['a zero trace id', 'dd.trace_id=0 dd.span_id=0', none],
  ['a timeout', `${TIME} ${REQUEST} Task timed out after 3.00 seconds`, { ...none, requestId: REQUEST }],
]

for (const [what, line, expected] of TEXTS)
  test(`text, ${what}: level and ids are read`, () => assert.deepEqual(said(line), expected))

const JSONS: readonly (readonly [what: string, fields: object, expected: Expected])[] = [
  [
    'Powertools for Python',
    {
      level: 'INFO',
      location: 'h:3',
      message: 'x',
      service: 'shop',
      function_request_id: REQUEST,
      xray_trace_id: XRAY,
    },
    { ...level('INFO', 9), service: 'shop', requestId: REQUEST, traceId: TRACE },
  ],
  [
    'Powertools for TypeScript',
    { level: 'ERROR', function_request_id: REQUEST, xray_trace_id: XRAY, sampling_rate: 0 },
    { ...level('ERROR', 17), requestId: REQUEST, traceId: TRACE },
  ],
  ["Lambda's JSON", { level: 'WARN', requestId: REQUEST, message: 'x' }, { ...level('WARN', 13), requestId: REQUEST }],
  [
    "Lambda's JSON around a logger's object",
    { level: 'INFO', requestId: REQUEST, message: { level: 'error', dd: { trace_id: '7', span_id: '8' } } },
    {
      ...level('error', 17),
      requestId: REQUEST,
      traceId: '7'.padStart(32, '0'),
      spanId: '8'.padStart(16, '0'),
    },
  ],
  ['an uncaught error', { errorType: 'ValueError', errorMessage: 'bad', stackTrace: [] }, level('ERROR', 17)],
  ['pino', { level: 40, time: 1, msg: 'x', awsRequestId: REQUEST }, { ...level('WARN', 13), requestId: REQUEST }],
  ['bunyan', { name: 'a', level: 60, msg: 'x', v: 0 }, level('FATAL', 21)],
  ['winston', { level: 'silly', message: 'x' }, level('silly', 1)],
  [
    'structlog',
    { event: 'x', level: 'critical', AWSRequestId: REQUEST },
    { ...level('critical', 21), requestId: REQUEST },
  ],
  [
    'Google',
    { severity: 'NOTICE', 'logging.googleapis.com/trace': `projects/p/traces/${TRACE}` },
    { ...level('NOTICE', 10), traceId: TRACE },
  ],
  [
    'ECS, dotted',
    { 'log.level': 'warn', 'trace.id': TRACE, 'span.id': SPAN },
    { ...level('warn', 13), traceId: TRACE, spanId: SPAN },
  ],
  [
    'ECS, nested',
    { log: { level: 'info' }, trace: { id: TRACE }, span: { id: SPAN } },
    { ...level('info', 9), traceId: TRACE, spanId: SPAN },
  ],
  [
    'python-json-logger',
    { levelname: 'DEBUG', otelTraceID: TRACE, otelSpanID: SPAN, otelServiceName: 's' },
    { ...level('DEBUG', 5), traceId: TRACE, spanId: SPAN, service: 's' },
  ],
  ["Python's levelno", { levelno: 50 }, level('FATAL', 21)],
  [
    'Serilog',
    { '@l': 'Information', '@tr': TRACE, '@sp': SPAN },
    { ...level('Information', 9), traceId: TRACE, spanId: SPAN },
  ],
  [
    'Datadog, dotted and of 128 bits',
    { status: 'warn', 'dd.trace_id': TRACE, 'dd.span_id': '6024024518441241304', 'dd.service': 's' },
    { ...level('warn', 13), traceId: TRACE, spanId: '5399a26203ef0ad8', service: 's' },
  ],
  ['a traceparent', { traceparent: `00-${TRACE}-${SPAN}-01` }, { ...none, traceId: TRACE, spanId: SPAN }],
  ['a trace header', { 'X-Amzn-Trace-Id': `Root=${XRAY};Sampled=1` }, { ...none, traceId: TRACE }],
  ["another's request id", { request_id: 'abc', requestId: 17 }, none],
  ['members of every object', { __proto__: 1, constructor: 'x', level: 'toString' }, none],
  ['the zero ids', { trace_id: '0'.repeat(32), span_id: '0'.repeat(16) }, none],
]

for (const [what, fields, expected] of JSONS)
  test(`JSON, ${what}: level and ids are read`, () => assert.deepEqual(said(JSON.stringify(fields)), expected))

test('the fields of a line are kept, beside level, ids, times and the message', () => {
  const fields = {
    level: 'info',
    msg: 'm',
    time: 1,
    trace_id: TRACE,
    order: 7,
    ratio: 0.5,
    ok: true,
    who: '訂單',
    list: [1],
  }
  const { attributes } = parseLogLine(JSON.stringify(fields))
  assert.deepEqual(attributes, { order: 7n, ratio: 0.5, ok: true, who: '訂單' })
})

test('escaped letters of a JSON line are stored as letters, all else of it as it came', () => {
  const line = String.raw`{"m":"\u8a02\u55ae \ud83c\udf89 \\u8a02 \u0000 \ud800 \n","level":"info"}`
  const { body } = parseLogLine(line)
  assert.equal(body, String.raw`{"m":"訂單 🎉 \\u8a02 \u0000 \ud800 \n","level":"info"}`)
  assert.deepEqual(JSON.parse(body), JSON.parse(line))
  assert.equal(parseLogLine(String.raw`no json \u8a02`).body, String.raw`no json \u8a02`)
})

test('a line that is broken, deep or long is kept as it is', () => {
  for (const line of [
    '{"level":',
    '{"a":'.repeat(5000) + '1' + '}'.repeat(5000),
    `{"level":"info","x":"${'x'.repeat(2_000_000)}"}`,
    '',
    '{}',
    '[1]',
    '\r',
  ])
    assert.deepEqual([parseLogLine(line).body, parseLogLine(line).severityNumber], [line, 0])
})

test('random changes of a line never throw', () => {
  const line = `${TIME}\t${REQUEST}\tINFO\t{"level":50,"dd":{"trace_id":"12","span_id":"3"},"t":"\\u8a02"}`
  let seed = 11
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff)
  for (let round = 0; round < 3000; round++) {
    const at = next() % line.length
    parseLogLine(line.slice(0, at) + String.fromCharCode(next() & 255) + line.slice(at + (next() & 3)))
  }
})
