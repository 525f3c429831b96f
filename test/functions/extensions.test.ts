// External and internal extensions in real processes: order, events, errors, shutdown, and what the log tells of them.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { extensionLayer, LISTENER } from './extension-layer.ts'
import { bodies, json, spansOf, startHarness, until, type Harness } from './harness.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'

let harness: Harness
before(() => {
  harness = startHarness({ segmentStyle: 'new' })
})
after(() => harness.stop())

let layers = 0
const layer = (extensions: Readonly<Record<string, string>>): string => {
  layers += 1
  return extensionLayer(join(harness.dir, `layer-${layers}`), extensions)
}
const HELLO = { 'app.py': 'print("loaded")\ndef handler(e, c):\n    print("hi")\n    return 1\n' }
const errorOf = (answer: InvokeAnswer): unknown[] => {
  const { errorType, errorMessage } = json(answer) as Record<string, string>
  return [errorType, errorMessage!.replace(answer.requestId, 'ID')]
}

test('an extension registers before the runtime starts, hears of each invocation, and its lines are in the same stream', async () => {
  const spec = harness.add(HELLO, { layerDirs: [layer({ listener: LISTENER })] })
  const askedMs = Date.now()
  const answer = await harness.call(spec.name)
  assert.equal(json(answer), 1)
  const lines = bodies(answer)
  const at = (start: string): number => lines.findIndex((line) => line.startsWith(start))
  assert.ok(at('registered (200,') > 0 && at('registered') < at('loaded'), lines.join('\n'))
  assert.ok(lines.includes('EXTENSION\tName: listener\tState: Ready\tEvents: [INVOKE, SHUTDOWN]'))
  assert.ok(at('EXTENSION') < at('START'))
  const record = answer.logLines.find(({ body }) => body.startsWith('registered'))!
  assert.equal(record.kind, 'extension')
  assert.ok(
    record.body.includes(`'functionName': '${spec.name}', 'functionVersion': '$LATEST', 'handler': 'app.handler'`),
  )
  const event = JSON.parse(lines[at('event ')]!.slice(6)) as Record<string, unknown>
  const { deadlineMs, tracing, ...rest } = event as { deadlineMs: number; tracing: { type: string; value: string } }
  assert.deepEqual(rest, {
    eventType: 'INVOKE',
    requestId: answer.requestId,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${spec.name}`,
  })
  assert.ok(deadlineMs > askedMs && deadlineMs < Date.now() + 5000)
  assert.equal(tracing.type, 'X-Amzn-Trace-Id')
  assert.match(tracing.value, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/)
})

test('of equal names the later layer’s is run, in the order of names; files that are no programs are not', async () => {
  const say = (what: string): string => `say('${what}')\nregister([])\nnext_event()\n`
  const first = layer({ b: say('wrong b'), c: say('c') })
  const second = layer({ b: say('right b'), a: say('a') })
  writeFileSync(join(second, 'extensions', 'marker'), 'not a program')
  const answer = await harness.call(harness.add(HELLO, { layerDirs: [first, second] }).name)
  assert.deepEqual(
    bodies(answer)
      .filter((line) => /^(?:a|c|right b|wrong b)$/.test(line))
      .sort(),
    ['a', 'c', 'right b'],
  )
  assert.equal(json(answer), 1)
})

test('an extension sees the function’s variables but not the runtime’s, and works in /', async () => {
  const spec = harness.add(HELLO, {
    environment: { MINE: 'x' },
    layerDirs: [
      layer({
        env: `say('env', json.dumps([dict(os.environ), os.getcwd()]))\n${LISTENER}`,
      }),
    ],
  })
  const lines = bodies(await harness.call(spec.name))
  const [variables, cwd] = JSON.parse(lines.find((line) => line.startsWith('env'))!.slice(4)) as [
    Record<string, string>,
    string,
  ]
  assert.equal(cwd, '/')
  assert.deepEqual([variables['MINE'], variables['AWS_LAMBDA_FUNCTION_NAME']], ['x', spec.name])
  for (const name of [
    '_HANDLER',
    '_LAMBDA_TELEMETRY_LOG_FD',
    'LAMBDA_TASK_ROOT',
    'AWS_EXECUTION_ENV',
    'AWS_LAMBDA_LOG_STREAM_NAME',
    'AWS_XRAY_CONTEXT_MISSING',
  ])
    assert.equal(variables[name], undefined, name)
})

test('the caller has its answer at once; what the extension does after it counts into Duration, Billed and a metric', async () => {
  const slow = LISTENER.replace("say('event', json.dumps(event))", 'time.sleep(4)')
  const spec = harness.add(HELLO, { layerDirs: [layer({ slow })] })
  await harness.call(spec.name)
  const asked = performance.now()
  await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from('{}'),
    invocationType: 'RequestResponse',
    withoutLog: true,
  })
  assert.ok(performance.now() - asked < 3500)
  await harness.platform.flushed()
  const batch = harness.ingest.batches.at(-1)!
  const report = batch.logs.find(({ body }) => body.startsWith('REPORT'))!.body
  assert.ok(Number(/\tDuration: ([\d.]+) ms/.exec(report)![1]) >= 4000, report)
  const metric = batch.metrics.find(({ name }) => name === 'PostRuntimeExtensionsDuration')!
  assert.ok(metric.value > 2000 && metric.value < 60_000)
  const spans = spansOf([batch])
  const span = spans.find(({ name }) => name === 'Extension - slow')!
  assert.ok(span.end - span.start > 2_000_000_000n)
  const service = spans.find(({ origin }) => origin === 'AWS::Lambda')!
  assert.ok(service.end < span.end - 1_000_000_000n)
})

test('an idle end is told with reason spindown, and what the extension says then is kept', async () => {
  const mine = startHarness({ idleTimeoutMs: 10 })
  try {
    const spec = mine.add(HELLO, { layerDirs: [layer({ listener: LISTENER })] })
    await mine.call(spec.name)
    const last = await until(() =>
      mine.ingest.batches.flatMap(({ logs }) => logs).find(({ body }) => body.includes('"SHUTDOWN"')),
    )
    assert.deepEqual([last.kind, last.requestId], ['extension', undefined])
    assert.equal((JSON.parse(last.body.slice(6)) as { shutdownReason: string }).shutdownReason, 'spindown')
    await until(() => mine.platform.environmentCount() === 0)
  } finally {
    await mine.stop()
  }
})

test('after a timeout the extension is told so, and the next invocation begins with new processes', async () => {
  const spec = harness.add(
    { 'app.py': 'def handler(e, c):\n    while e: pass\n    return 1\n' },
    { timeoutSeconds: 4, layerDirs: [layer({ listener: LISTENER })] },
  )
  await harness.call(spec.name)
  const answer = await harness.call(spec.name, { x: 1 })
  assert.equal((json(answer) as { errorType: string }).errorType, 'Sandbox.Timedout')
  const told = answer.logLines.find(({ body }) => body.includes('"SHUTDOWN"'))!
  assert.equal((JSON.parse(told.body.slice(6)) as { shutdownReason: string }).shutdownReason, 'timeout')
  const next = await harness.call(spec.name)
  assert.equal(json(next), 1)
  assert.ok(bodies(next).some((line) => line.startsWith('registered')))
})

for (const [name, body, type, message, line] of [
  [
    'crash',
    'register(["INVOKE"])\nsys.exit(3)\n',
    'Extension.Crash',
    'exit status 3',
    'State: Exited\tEvents: [INVOKE]\tError Type: Extension.Crash',
  ],
  [
    'no-register',
    'sys.exit(0)\n',
    'Extension.Crash',
    'exit code 0',
    'State: Exited\tEvents: []\tError Type: Extension.Crash',
  ],
  [
    'init-error',
    'register(["SHUTDOWN"])\ncall("POST", "/2020-01-01/extension/init/error", {"errorMessage": "no key", "errorType": "Extension.NoKey"}, {**ID, "Lambda-Extension-Function-Error-Type": "Extension.NoKey"})\ntime.sleep(9)\n',
    'Extension.InitError',
    'no key',
    'State: InitError\tEvents: [SHUTDOWN]\tError Type: Extension.NoKey',
  ],
] as const) {
  test(`an extension with ${name} at init fails the invocation with ${type}`, async () => {
    const answer = await harness.call(harness.add(HELLO, { layerDirs: [layer({ [name]: body })] }).name)
    assert.deepEqual(errorOf(answer), [type, `RequestId: ID Error: ${message}`])
    assert.ok(bodies(answer).includes(`EXTENSION\tName: ${name}\t${line}`), bodies(answer).join('\n'))
    assert.ok(answer.logTail.includes(`RequestId: ${answer.requestId} Error: ${message}\n${type}\n`))
    assert.match(answer.logTail, new RegExp(`\\tStatus: error\\tError Type: ${type}\\t\\n`))
  })
}

test('an extension that cannot be run is a LaunchError', async () => {
  const dir = layer({ broken: '' })
  writeFileSync(join(dir, 'extensions', 'broken'), '\x7fELF broken')
  const answer = await harness.call(harness.add(HELLO, { layerDirs: [dir] }).name)
  assert.equal((json(answer) as { errorType: string }).errorType, 'Extension.LaunchError')
  assert.ok(
    bodies(answer).some((line) =>
      line.startsWith('EXTENSION\tName: broken\tState: LaunchError\tEvents: []\tError Type: '),
    ),
  )
})

test('ten extensions run, of eleven none', async () => {
  const many = (count: number): string =>
    layer(Object.fromEntries(Array.from({ length: count }, (_, at) => [`e${10 + at}`, LISTENER])))
  assert.equal(
    json(await harness.call(harness.add(HELLO, { layerDirs: [many(10)], memoryMb: 1024, timeoutSeconds: 60 }).name)),
    1,
  )
  const answer = await harness.call(harness.add(HELLO, { layerDirs: [many(11)] }).name)
  assert.deepEqual(errorOf(answer), ['Extension.LaunchError', 'RequestId: ID Error: Extension limit (10) reached'])
  const line = 'EXTENSION\tName: e20\tState: LaunchError\tEvents: []\tError Type: Extension.TooManyExtensions'
  assert.ok(bodies(answer).includes(line))
  assert.ok(!bodies(answer).some((text) => text.startsWith('registered')))
})

test('an extension that the platform itself ends has not crashed', async () => {
  const stuck = "register(['INVOKE'])\nnext_event()\ntime.sleep(100)\n"
  const answer = await harness.call(harness.add(HELLO, { timeoutSeconds: 2, layerDirs: [layer({ stuck })] }).name)
  assert.ok(bodies(answer).some((line) => line.includes('Task timed out after 2.00 seconds')))
  assert.ok(!bodies(answer).some((line) => line.includes('Extension.Crash')))
})

test('an extension that ends in an invocation fails it, and the next one begins anew', async () => {
  const once = `register(['INVOKE'])\nif next_event()['requestId'] == 'first': pass\ncall("POST", "/2020-01-01/extension/exit/error", {"errorMessage": "full", "errorType": "Extension.Full"}, {**ID, "Lambda-Extension-Function-Error-Type": "Extension.Full"})\n`
  const spec = harness.add(
    { 'app.py': 'import time\ndef handler(e, c):\n    time.sleep(20)\n' },
    { layerDirs: [layer({ once })], timeoutSeconds: 30 },
  )
  const answer = await harness.call(spec.name)
  assert.deepEqual(errorOf(answer), ['Extension.ExitError', 'RequestId: ID Error: full'])
  assert.ok(
    bodies(answer).includes('EXTENSION\tName: once\tState: ExitError\tEvents: [INVOKE]\tError Type: Extension.Full'),
  )
  const again = await harness.call(spec.name)
  assert.equal((json(again) as { errorType: string }).errorType, 'Extension.ExitError')
  assert.ok(
    bodies(again).some((line) => line.startsWith('INIT_REPORT') && line.includes('Phase: invoke\tStatus: success')),
  )
})

test('internal extensions register from inside the runtime, may not take SHUTDOWN, and are waited for', async () => {
  const source = `
import http.client, json, os, threading, time
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    c.request(method, path, body, headers)
    r = c.getresponse(); return r.status, r.headers, json.loads(r.read())
REG = '/2020-01-01/extension/register'
refused = call('POST', REG, '{"events":["SHUTDOWN"]}', {'Lambda-Extension-Name': 'inside'})
status, headers, body = call('POST', REG, '{"events":["INVOKE"]}', {'Lambda-Extension-Name': 'inside', 'Lambda-Extension-Accept-Feature': 'accountId'})
ID = {'Lambda-Extension-Identifier': headers['Lambda-Extension-Identifier']}
seen = []
def loop():
    while True: seen.append(call('GET', '/2020-01-01/extension/event/next', None, ID)[2]['eventType'])
threading.Thread(target=loop, daemon=True).start()
def handler(e, c):
    while not seen: time.sleep(0.001)
    late = call('POST', REG, '{"events":[]}', {'Lambda-Extension-Name': 'late'})
    return [refused[0], refused[2]['errorType'], body['accountId'], seen[0], late[0], late[2]['errorType']]
`
  const answer = await harness.call(harness.add({ 'app.py': source }).name)
  assert.deepEqual(json(answer), [
    403,
    'Extension.InvalidEventType',
    '000000000000',
    'INVOKE',
    403,
    'Extension.RegistrationClosed',
  ])
})
