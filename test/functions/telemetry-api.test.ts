// The Telemetry API and the Logs API before it, as an extension in a real process sees them.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { extensionLayer } from './extension-layer.ts'
import { openMailbox, type Mailbox } from './mailbox.ts'
import { bodies, json, startHarness, until, type Harness } from './harness.ts'

let harness: Harness
let mailbox: Mailbox
before(async () => {
  harness = startHarness({ segmentStyle: 'new' })
  mailbox = await openMailbox()
})
after(async () => {
  await harness.stop()
  await mailbox[Symbol.asyncDispose]()
})

/** Listens, makes the subscriptions in SUBSCRIBE, and posts what it gets to EVENTS; goes on until SHUTDOWN. */
const COLLECTOR = `
import threading, http.server, socket, urllib.request
def keep(events):
    urllib.request.urlopen(os.environ['EVENTS'], json.dumps(events).encode()).close()
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers['Content-Length'])
        got = json.loads(self.rfile.read(length))
        if os.environ.get('REFUSE'):
            self.send_response(500); self.end_headers(); return
        keep([{'_request': [self.path, self.headers['Content-Type'], isinstance(got, list)]}] + got)
        self.send_response(200); self.end_headers()
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
threading.Thread(target=server.serve_forever, daemon=True).start()
PORT = server.server_port
if os.environ.get('TCP'):
    listener = socket.create_server(('127.0.0.1', 0)); PORT = listener.getsockname()[1]
    def serve():
        while True:
            c, _ = listener.accept()
            keep([json.loads(line) for line in c.makefile()])
    threading.Thread(target=serve, daemon=True).start()
register(['INVOKE', 'SHUTDOWN'])
def put(path, body): return call('PUT', path, body, ID)
for path, body in json.loads(os.environ['SUBSCRIBE'].replace('PORT', str(PORT))):
    status, _, answer = put(path, body)
    say('subscribed', json.dumps([status, answer]))
while True:
    event = next_event()
    if event['eventType'] == 'SHUTDOWN': break
    late = put('/2022-07-01/telemetry', {})
    say('late', late[0], late[2]['errorType'])
`

interface Seen {
  readonly time: string
  readonly type: string
  readonly record: Record<string, unknown>
  readonly _request?: [string, string, boolean]
}

let collectors = 0
function collecting(
  subscribe: readonly unknown[],
  more: { readonly code?: string; readonly env?: Record<string, string>; readonly spec?: object } = {},
): { readonly name: string; readonly seen: () => Seen[] } {
  collectors += 1
  const name = `events-${collectors}`
  const layer = extensionLayer(join(harness.dir, name), { collector: COLLECTOR })
  const code =
    more.code ??
    'import logging\ndef handler(e, c):\n    print("hi")\n    if e: raise ValueError("bad")\n    return 1\n'
  const environment = { EVENTS: `${mailbox.url}/${name}`, SUBSCRIBE: JSON.stringify(subscribe), ...more.env }
  const spec = harness.add({ 'app.py': code }, { layerDirs: [layer], environment, ...more.spec })
  return { name: spec.name, seen: () => mailbox.received(name).flat() as Seen[] }
}

const HTTP = { protocol: 'HTTP', URI: 'http://sandbox.localdomain:PORT/sink?a=1' }
const ALL = ['platform', 'function', 'extension']
const SOON = { maxItems: 1000, maxBytes: 262_144, timeoutMs: 25 }
const telemetry = (more: object = {}): unknown => [
  '/2022-07-01/telemetry',
  { schemaVersion: '2022-12-13', types: ALL, buffering: SOON, destination: HTTP, ...more },
]

const withType = (events: readonly Seen[], type: string): Seen | undefined =>
  events.find((event) => event.type === type)

test('all events of a first invocation come in order, those before the subscription too', async () => {
  const { name, seen } = collecting([telemetry()])
  const answer = await harness.call(name)
  assert.equal(json(answer), 1)
  const events = await until(() => withType(seen(), 'platform.report') && seen())
  assert.deepEqual(events[0]!._request, ['/sink?a=1', 'application/json', true])
  const types = events.filter(({ type }) => type !== undefined && type !== 'extension').map(({ type }) => type)
  assert.deepEqual(types, [
    'platform.initStart',
    'platform.telemetrySubscription',
    'platform.extension',
    'platform.initRuntimeDone',
    'platform.initReport',
    'platform.start',
    'function',
    'platform.runtimeDone',
    'platform.report',
  ])
  const record = (type: string): Record<string, unknown> => withType(events, type)!.record
  const { instanceId, runtimeVersion, runtimeVersionArn, ...initStart } = record('platform.initStart')
  assert.deepEqual(initStart, {
    initializationType: 'on-demand',
    phase: 'init',
    functionName: name,
    functionVersion: '$LATEST',
    instanceMaxMemory: 256 * 1024 * 1024,
  })
  assert.equal(instanceId, answer.logLines[0]!.logStream)
  assert.match(`${String(runtimeVersion)} ${String(runtimeVersionArn)}`, /^python:3\.11\.\d+ arn:aws:lambda:/)
  assert.deepEqual(record('platform.telemetrySubscription'), { name: 'collector', state: 'Subscribed', types: ALL })
  assert.deepEqual(record('platform.extension'), { name: 'collector', state: 'Ready', events: ['INVOKE', 'SHUTDOWN'] })
  assert.deepEqual(record('platform.initRuntimeDone'), {
    initializationType: 'on-demand',
    phase: 'init',
    status: 'success',
  })
  const { requestId } = answer
  const tracing = record('platform.start')['tracing'] as Record<string, string>
  assert.deepEqual(record('platform.start'), { requestId, version: '$LATEST', tracing })
  assert.match(tracing['value']!, /^Root=1-.*;Parent=[0-9a-f]{16};Sampled=1$/)
  assert.ok(answer.logTail.includes(`SegmentId: ${tracing['spanId']}\t`))
  assert.equal(withType(events, 'function')!.record, 'hi\n')
  const done = record('platform.runtimeDone') as {
    readonly status: string
    readonly metrics: { readonly producedBytes: number; readonly durationMs: number }
    readonly spans: readonly { readonly name: string; readonly durationMs: number }[]
  }
  assert.deepEqual([done.status, done.metrics.producedBytes], ['success', 1])
  assert.deepEqual(
    done.spans.map((span) => span.name),
    ['responseLatency', 'responseDuration', 'runtimeOverhead'],
  )
  const whole = done.spans.reduce((sum, span) => sum + span.durationMs, 0)
  assert.ok(Math.abs(whole - done.metrics.durationMs) < 0.01)
  const report = record('platform.report') as { readonly metrics: Record<string, number>; readonly status: string }
  const shown = /\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms/.exec(answer.logTail)!
  assert.equal(report.metrics['durationMs']!.toFixed(2), shown[1])
  assert.equal(report.metrics['billedDurationMs'], Number(shown[2]))
  assert.ok(
    bodies(answer).includes('TELEMETRY\tName: collector\tState: Subscribed\tTypes: [Platform, Function, Extension]'),
  )
  assert.ok(bodies(answer).includes('late 403 Telemetry.SubscriptionClosed'))
  const failed = await harness.call(name, { x: 1 })
  const second = await until(() =>
    seen().find((event) => event.type === 'platform.report' && event.record['requestId'] === failed.requestId),
  )
  assert.deepEqual([second.record['status'], second.record['errorType']], ['error', 'Runtime.Unknown'])
})

test('timeouts and crashes have their status, the init after them its phase', async () => {
  const { name, seen } = collecting([telemetry({ types: ['platform'] })], {
    code: 'import os\ndef handler(e, c):\n    if e == "exit": os._exit(2)\n    while e: pass\n',
    spec: { timeoutSeconds: 6 },
  })
  await harness.call(name)
  await harness.call(name, 'exit')
  await harness.call(name, 'hang')
  const done = await until(() => {
    const found = seen().filter(({ type }) => type === 'platform.runtimeDone' || type === 'platform.initStart')
    return found.length >= 5 && found
  })
  assert.deepEqual(
    done.map(({ record }) => record['status'] ?? record['phase']),
    ['init', 'success', 'failure', 'invoke', 'timeout'],
  )
  assert.equal(done[2]!.record['errorType'], 'Runtime.ExitError')
})

test('a line of JSON is an object from schema 2022-12-13 on, and a string before it', async () => {
  const spec = { logFormat: 'JSON', applicationLogLevel: 'INFO' }
  const code = 'import logging\ndef handler(e, c):\n    logging.getLogger().info("hello")\n'
  for (const [schemaVersion, kind] of [
    ['2022-12-13', 'object'],
    ['2022-07-01', 'string'],
  ] as const) {
    const { name, seen } = collecting([telemetry({ schemaVersion, types: ['function'] })], { code, spec })
    await harness.call(name)
    const line = await until(() => withType(seen(), 'function'))
    assert.equal(typeof line.record, kind)
    const said = kind === 'object' ? line.record : (JSON.parse(line.record as unknown as string) as Seen['record'])
    assert.equal(said['message'], 'hello')
  }
})

test('TCP has one event a line; a second subscription takes the place of the first', async () => {
  const tcp = { protocol: 'TCP', port: 1 }
  const second = JSON.parse(JSON.stringify(telemetry({ types: ['platform'] }))) as [string, { destination: object }]
  second[1].destination = tcp
  const text = JSON.stringify([telemetry({ types: ['function'] }), second]).replace('"port":1', '"port":PORT')
  const { name, seen } = collecting([], { env: { TCP: '1', SUBSCRIBE: text } })
  await harness.call(name)
  const events = await until(() => withType(seen(), 'platform.report') && seen())
  assert.ok(events.every((event) => event._request === undefined && event.type !== 'function'))
})

test('the old Logs API has its own subscription line, end, and less in each event', async () => {
  const body = { schemaVersion: '2021-03-18', types: ['platform', 'function'], buffering: SOON, destination: HTTP }
  const { name, seen } = collecting([
    ['/2020-08-15/logs', body],
    ['/2022-07-01/telemetry', { types: ALL, destination: HTTP }],
  ])
  const answer = await harness.call(name)
  const events = await until(() => withType(seen(), 'platform.report') && seen().filter(({ type }) => type))
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      'platform.logsSubscription',
      'platform.extension',
      'platform.start',
      'function',
      'platform.runtimeDone',
      'platform.end',
      'platform.report',
    ],
  )
  const { requestId } = answer
  assert.deepEqual(withType(events, 'platform.start')!.record, { requestId, version: '$LATEST' })
  assert.deepEqual(withType(events, 'platform.runtimeDone')!.record, { requestId, status: 'success' })
  assert.deepEqual(withType(events, 'platform.end')!.record, { requestId })
  const lines = bodies(answer)
  assert.ok(lines.includes('LOGS\tName: collector\tState: Subscribed\tTypes: [Platform, Function]'))
  assert.ok(lines.some((line) => line.startsWith('subscribed [400,') && line.includes('not to both')))
})

test('what is wrong with a subscription is a 400 that says so', async () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ types: [] }, /types/],
    [{ types: ['nothing'] }, /types/],
    [{ schemaVersion: '1999-01-01' }, /schemaVersion/],
    [{ buffering: { maxItems: 999 } }, /maxItems .* 1000 to 10000/],
    [{ buffering: { maxBytes: 1 } }, /maxBytes/],
    [{ buffering: { timeoutMs: 24 } }, /timeoutMs .* 25 to 30000/],
    [{ destination: { protocol: 'HTTP', URI: 'http://example.com:1/' } }, /sandbox\.localdomain/],
    [{ destination: { protocol: 'UDP' } }, /protocol/],
    [{ destination: undefined }, /destination/],
  ]
  const { name } = collecting(wrong.map(([more]) => telemetry(more)))
  const lines = bodies(await harness.call(name)).filter((line) => line.startsWith('subscribed'))
  for (const [i, [, message]] of wrong.entries()) {
    const [status, answer] = JSON.parse(lines[i]!.slice(11)) as [number, Record<string, string>]
    assert.deepEqual([status, answer['errorType']], [400, 'ValidationError'])
    assert.match(answer['errorMessage']!, message)
  }
})

test('what nobody takes is dropped, and the log says how much', async () => {
  const { name } = collecting([telemetry({ types: ['function'] })], { env: { REFUSE: '1' } })
  await harness.call(name)
  const line = await until(async () => {
    const answer = await harness.call(name)
    return bodies(answer).find((text) => text.includes('Dropped'))
  })
  assert.match(line, /Reason: The destination answered 500$/)
})
