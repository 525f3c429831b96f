// Python functions in real processes: results, errors, log lines, reuse.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { ISOLATION, bodies, json, startHarness, until, type Harness } from './harness.ts'
import type { FnscopeError } from '../../packages/fnscope/src/errors.ts'

let harness: Harness
before(() => {
  harness = startHarness()
})
after(() => harness.stop())

const REPORT =
  /^REPORT RequestId: ([0-9a-f-]{36})\tDuration: (\d+\.\d\d) ms\tBilled Duration: (\d+) ms\tMemory Size: 256 MB\tMax Memory Used: (\d+) MB\t(?:Init Duration: (\d+\.\d\d) ms\t)?(Status: [^\n]*\t)?\nXRAY TraceId: (1-[0-9a-f]{8}-[0-9a-f]{24})\tSegmentId: ([0-9a-f]{16})\tSampled: true\t$/

test('a first call answers the result, and its log is INIT_START, START, lines, END, REPORT with XRAY', async () => {
  const spec = harness.add({
    'app.py':
      'import logging\nprint("loaded")\ndef handler(event, context):\n    print("hi", event["name"])\n    logging.warning("two\\nlines")\n    print("last")\n    return {"hello": event["name"], "id": context.aws_request_id, "arn": context.invoked_function_arn, "ms": context.get_remaining_time_in_millis()}\n',
  })
  const answer = await harness.call(spec.name, { name: 'wörld ✓' })
  const result = json(answer) as {
    readonly hello: string
    readonly id: string
    readonly arn: string
    readonly ms: number
  }
  assert.equal(answer.functionError, undefined)
  assert.equal(result.hello, 'wörld ✓')
  assert.equal(result.id, answer.requestId)
  assert.equal(result.arn, `arn:aws:lambda:us-east-1:000000000000:function:${spec.name}`)
  assert.ok(result.ms > 0 && result.ms <= 5000)

  const lines = bodies(answer)
  assert.match(
    lines[0]!,
    /^INIT_START Runtime Version: python:3\.11\.\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/,
  )
  assert.deepEqual(lines.slice(1, 4), ['loaded', `START RequestId: ${answer.requestId} Version: $LATEST`, 'hi wörld ✓'])
  assert.match(lines[4]!, /^\[WARNING\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\t[0-9a-f-]{36}\ttwo\nlines$/)
  assert.deepEqual(lines.slice(5, 7), ['last', `END RequestId: ${answer.requestId}`])
  const report = REPORT.exec(lines[7]!)
  assert.ok(report, lines[7] ?? 'no REPORT line')
  assert.equal(report[1], answer.requestId)
  // Billed is of the exact times, the two that are shown are rounded to 0.01 ms each.
  const shown = Number(report[2]) + Number(report[5])
  assert.ok([Math.ceil(shown - 0.01), Math.ceil(shown + 0.01)].includes(Number(report[3])), lines[7] ?? '')
  assert.ok(Number(report[4]) >= 5)
  assert.equal(lines.length, 8)

  assert.equal(answer.logLines[4]!.severity, 'WARNING')
  assert.equal(answer.logLines[4]!.severityNumber, 13)
  assert.ok(answer.logLines.every((line) => line.requestId === answer.requestId && line.traceId === answer.traceId))
  assert.ok(answer.logLines.every((line) => /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/.test(line.logStream)))
  assert.ok(answer.logTail.startsWith('START RequestId: '))
  assert.ok(answer.logTail.endsWith('\tSampled: true\t\n'))
})

test('a second call reuses the process, and has no init', async () => {
  const spec = harness.add({
    'app.py': 'import os\nn = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return [n, os.getpid()]\n',
  })
  const first = json(await harness.call(spec.name)) as number[]
  const answer = await harness.call(spec.name)
  assert.deepEqual(json(answer), [2, first[1]])
  assert.ok(!bodies(answer).some((line) => line.startsWith('INIT_START')))
  assert.ok(!answer.logTail.includes('Init Duration'))
})

test('calls at the same time run in environments of their own', async () => {
  const spec = harness.add(
    {
      'app.py':
        'import os, time\ndef handler(e, c):\n    open(e["mine"], "w").close()\n    while not os.path.exists(e["other"]): time.sleep(0.005)\n    return os.getpid()\n',
    },
    { timeoutSeconds: 60 },
  )
  const a = `${harness.dir}/a`
  const b = `${harness.dir}/b`
  const pids = await Promise.all([
    harness.call(spec.name, { mine: a, other: b }),
    harness.call(spec.name, { mine: b, other: a }),
  ])
  assert.notEqual(json(pids[0]), json(pids[1]))
  assert.equal(harness.platform.environmentCount(spec.name), 2)
})

test('an exception is answered with type, message and stack, logged, and the process lives on', async () => {
  const spec = harness.add({
    'app.py': 'import os\ndef handler(e, c):\n    if e: raise ValueError("bad é")\n    return os.getpid()\n',
  })
  const pid = json(await harness.call(spec.name))
  const answer = await harness.call(spec.name, { x: 1 })
  const error = json(answer) as {
    readonly errorType: string
    readonly errorMessage: string
    readonly stackTrace: string[]
  }
  assert.equal(answer.functionError, 'Unhandled')
  assert.deepEqual([error.errorType, error.errorMessage], ['ValueError', 'bad é'])
  assert.match(error.stackTrace[0]!, /app\.py", line 3, in handler/)
  const logged = answer.logLines.find((line) => line.body.startsWith('[ERROR] ValueError: bad é\nTraceback'))
  assert.equal(logged?.severityNumber, 17)
  assert.ok(!answer.logTail.includes('Status:'))
  assert.equal(json(await harness.call(spec.name)), pid)
})

test('a function that takes too long is killed, and the next call starts again in the same log stream', async () => {
  const spec = harness.add(
    {
      'app.py':
        'import os\nme = os.urandom(8).hex()\ndef handler(e, c):\n    print("working", flush=True)\n    while e: pass\n    return me\n',
    },
    { timeoutSeconds: 3 },
  )
  const pid = json(await harness.call(spec.name))
  const answer = await harness.call(spec.name, { x: 1 })
  const id = answer.requestId
  assert.deepEqual(json(answer), {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${id} Error: Task timed out after 3.00 seconds`,
  })
  assert.match(
    answer.logTail,
    new RegExp(`working\\n\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${id} Task timed out after 3\\.00 seconds\\n\\nEND RequestId`),
  )
  assert.match(answer.logTail, /\tDuration: 3000\.00 ms\tBilled Duration: 3000 ms\t.*\tStatus: timeout\t\n/)
  const next = await harness.call(spec.name)
  assert.notEqual(json(next), pid)
  assert.equal(next.logLines[0]!.logStream, answer.logLines[0]!.logStream)
  assert.match(bodies(next)[1]!, /^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: success$/)
})

test('a process that ends is a Runtime.ExitError with its status', async () => {
  const spec = harness.add({
    'app.py':
      'import os, sys, signal\ndef handler(e, c):\n    print("before")\n    if e == "exit": os._exit(3)\n    if e == "clean": sys.exit(0)\n    os.kill(os.getpid(), signal.SIGKILL)\n',
  })
  const exited = await harness.call(spec.name, 'exit')
  const message = (answer: typeof exited): string => (json(answer) as { errorMessage: string }).errorMessage
  assert.equal((json(exited) as { errorType: string }).errorType, 'Runtime.ExitError')
  assert.equal(message(exited), `RequestId: ${exited.requestId} Error: Runtime exited with error: exit status 3`)
  assert.ok(
    exited.logTail.includes(
      `before\nRequestId: ${exited.requestId} Error: Runtime exited with error: exit status 3\nRuntime.ExitError\nEND RequestId`,
    ),
  )
  assert.match(exited.logTail, /\tStatus: error\tError Type: Runtime\.ExitError\t\n/)
  const clean = await harness.call(spec.name, 'clean')
  assert.equal(message(clean), `RequestId: ${clean.requestId} Error: Runtime exited without providing a reason`)
  const killed = await harness.call(spec.name, 'kill')
  assert.equal(message(killed), `RequestId: ${killed.requestId} Error: Runtime exited with error: signal: killed`)
})

for (const [name, files, handler, type, text] of [
  [
    'a module that is not there',
    { 'other.py': '' },
    'app.handler',
    'Runtime.ImportModuleError',
    "Unable to import module 'app': No module named 'app'",
  ],
  [
    'a handler that is not there',
    { 'app.py': '' },
    'app.handler',
    'Runtime.HandlerNotFound',
    "Handler 'handler' missing on module 'app'",
  ],
  ['a handler without a module', { 'app.py': '' }, 'handler', 'Runtime.MalformedHandlerName', "Bad handler 'handler'"],
  [
    'a syntax error',
    { 'app.py': 'def handler(:\n' },
    'app.handler',
    'Runtime.UserCodeSyntaxError',
    "Syntax error in module 'app'",
  ],
  ['an exception at import', { 'app.py': 'raise KeyError("k")\n' }, 'app.handler', 'KeyError', "'k'"],
] as const) {
  test(`${name} fails the init twice and is answered with ${type}`, async () => {
    const spec = harness.add(files, { handler })
    const answer = await harness.call(spec.name)
    const error = json(answer) as { readonly errorType: string; readonly errorMessage: string }
    assert.equal(answer.functionError, 'Unhandled')
    assert.equal(error.errorType, type)
    assert.ok(error.errorMessage.startsWith(text), error.errorMessage)
    const reports = bodies(answer).filter((line) => line.startsWith('INIT_REPORT'))
    const shown = type === 'KeyError' ? 'Runtime.Unknown' : type
    assert.equal(reports.length, 2)
    assert.match(
      reports[0]!,
      new RegExp(`^INIT_REPORT Init Duration: [\\d.]+ ms\\tPhase: init\\tStatus: error\\tError Type: ${shown}$`),
    )
    assert.match(reports[1]!, /\tPhase: invoke\tStatus: error/)
    assert.ok(answer.logTail.includes(type))
  })
}

test('an init that ends the process is a Runtime.ExitError', async () => {
  const spec = harness.add({ 'app.py': 'import os\nos._exit(7)\n' })
  const answer = await harness.call(spec.name)
  assert.match(Buffer.from(answer.payload).toString(), /Runtime exited with error: exit status 7/)
})

test('an init inside the invocation is bounded by the function timeout', async () => {
  const spec = harness.add(
    {
      'app.py':
        'import os, tempfile, time\nonce = os.path.join(tempfile.gettempdir(), "once")\nif not os.path.exists(once):\n    open(once, "w").close()\n    os._exit(1)\ntime.sleep(60)\n',
    },
    { timeoutSeconds: 0.6 },
  )
  const answer = await harness.call(spec.name)
  assert.equal((json(answer) as { errorType: string }).errorType, 'Sandbox.Timedout')
  assert.ok(bodies(answer).some((line) => /^INIT_REPORT .*\tPhase: invoke\tStatus: timeout$/.test(line)))
})

test('an init over ten seconds is stopped and run again inside the invocation', async () => {
  const spec = harness.add({
    'app.py':
      'import os, tempfile, time\nonce = os.path.join(tempfile.gettempdir(), "once")\nif not os.path.exists(once):\n    open(once, "w").close()\n    time.sleep(60)\ndef handler(e, c):\n    return "ok"\n',
  })
  const answer = await harness.call(spec.name)
  assert.equal(json(answer), 'ok')
  const reports = bodies(answer).filter((line) => line.startsWith('INIT_REPORT'))
  assert.equal(reports[0], 'INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout')
  assert.match(reports[1]!, /\tPhase: invoke\tStatus: success$/)
  assert.ok(!answer.logTail.includes('\tInit Duration'))
})

test('a result over 6 MB is refused, one just below passes', async () => {
  const spec = harness.add({ 'app.py': 'def handler(n, c):\n    return "x" * n\n' })
  const most = 6 * 1024 * 1024
  const passed = await harness.call(spec.name, most)
  assert.equal(passed.payload.byteLength, most + 2)
  const refused = await harness.call(spec.name, most + 100)
  assert.equal(refused.functionError, 'Unhandled')
  assert.equal((json(refused) as { errorType: string }).errorType, 'Function.ResponseSizeTooLarge')
  assert.equal((await harness.call(spec.name, 1)).functionError, undefined)
})

test('ten thousand lines by print, logging and stderr all come, in their order, before END', async () => {
  const spec = harness.add(
    {
      'app.py':
        'import logging, sys\nlogging.getLogger().setLevel("INFO")\ndef handler(e, c):\n    for i in range(10000):\n        if i % 3 == 0: print("n", i)\n        elif i % 3 == 1: logging.info("n %d", i)\n        else: sys.stderr.write(f"n {i}\\n")\n',
    },
    { timeoutSeconds: 20 },
  )
  const answer = await harness.call(spec.name)
  const numbers = answer.logLines
    .filter((line) => line.kind === 'function')
    .map((line) => Number(/n (\d+)$/.exec(line.body)?.[1]))
  assert.equal(numbers.length, 10_000)
  assert.ok(numbers.every((number, i) => number === i))
  const times = answer.logLines.map((line) => line.timeNanos)
  assert.ok(times.every((time, i) => i === 0 || time > times[i - 1]!))
  assert.ok(Buffer.byteLength(answer.logTail) <= 4096)
})

test('binary output and subprocesses are logged, replacement characters for what is no text', async () => {
  const spec = harness.add({
    'app.py':
      'import subprocess, sys\ndef handler(e, c):\n    sys.stdout.buffer.write(b"\\xff\\xfe\\xa5\\x5a\\x00\\x03 raw\\n"); sys.stdout.buffer.flush()\n    subprocess.run(["/bin/echo", "from a child"])\n    sys.stdout.write("no newline")\n',
  })
  const lines = (await harness.call(spec.name)).logLines
    .filter((line) => line.kind === 'function')
    .map((line) => line.body)
  assert.deepEqual(lines.slice(1), ['from a child', 'no newline'])
  assert.ok(lines[0]!.endsWith(' raw') && lines[0]!.includes('\ufffd'))
})

test('the environment is the cloud’s, reserved names win, the function’s own win over presets', async () => {
  const spec = harness.add(
    {
      'app.py': 'import os, sys\ndef handler(e, c):\n    return {**os.environ, "cwd": os.getcwd(), "path": sys.path}\n',
    },
    { environment: { AWS_REGION: 'nope', AWS_ENDPOINT_URL: 'http://mine', MINE: 'ü', PYTHONPATH: '/own' } },
  )
  const answer = await harness.call(spec.name)
  const env = json(answer) as Record<string, string> & { readonly path: readonly string[] }
  assert.equal(env['AWS_REGION'], 'us-east-1')
  assert.equal(env['AWS_ENDPOINT_URL'], 'http://mine')
  assert.equal(env['MINE'], 'ü')
  assert.equal(env['AWS_LAMBDA_FUNCTION_NAME'], spec.name)
  assert.equal(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'], '256')
  assert.equal(env['AWS_EXECUTION_ENV'], 'AWS_Lambda_python3.11')
  assert.equal(env['AWS_XRAY_DAEMON_ADDRESS'], '127.0.0.1:2000')
  const task = ISOLATION.kind === 'namespace' ? '/var/task' : spec.codeDir
  assert.deepEqual([env['LAMBDA_TASK_ROOT'], env['cwd']], [task, task])
  assert.equal(env['AWS_LAMBDA_LOG_STREAM_NAME'], answer.logLines[0]!.logStream)
  assert.ok(env['_X_AMZN_TRACE_ID']!.includes(`Root=1-${answer.traceId.slice(0, 8)}-`))
  assert.equal(env['HOME'], undefined)
  assert.equal(env['_LAMBDA_TELEMETRY_LOG_FD'], undefined)
  assert.deepEqual(
    Object.keys(env).filter((name) => name.includes('FNSCOPE')),
    [],
  )
  assert.ok(env.path.indexOf(task) < env.path.indexOf('/own'))
})

test('layers are searched after the code, a later one first', async () => {
  const one = harness.add(
    { 'python/shared.py': 'who = "one"\n', 'python/only.py': 'x = 1\n' },
    { name: 'layer-one' },
  ).codeDir
  const two = harness.add({ 'python/shared.py': 'who = "two"\n' }, { name: 'layer-two' }).codeDir
  const spec = harness.add(
    { 'app.py': 'import shared, only\ndef handler(e, c):\n    return shared.who\n' },
    { layerDirs: [one, two] },
  )
  assert.equal(json(await harness.call(spec.name)), 'two')
})

test('the JSON log format has platform events and leveled lines', async () => {
  const spec = harness.add(
    { 'app.py': 'import logging\ndef handler(e, c):\n    logging.info("greeting")\n    logging.debug("hidden")\n' },
    { logFormat: 'JSON', systemLogLevel: 'DEBUG' },
  )
  const answer = await harness.call(spec.name)
  const events = answer.logLines.map(
    (line) => JSON.parse(line.body) as { type?: string; message?: string; record?: { metrics?: object } },
  )
  assert.deepEqual(
    events.map((event) => event.type ?? event.message),
    [
      'platform.initStart',
      'platform.initRuntimeDone',
      'platform.initReport',
      'platform.start',
      'greeting',
      'platform.runtimeDone',
      'platform.report',
    ],
  )
  assert.equal(answer.logLines[4]!.severity, 'INFO')
  assert.deepEqual(Object.keys(events[6]!.record!.metrics!), [
    'durationMs',
    'billedDurationMs',
    'memorySizeMB',
    'maxMemoryUsedMB',
    'initDurationMs',
  ])
})

test('client context and identity reach the handler', async () => {
  const spec = harness.add({
    'app.py': 'def handler(e, c):\n    return [c.client_context.custom, c.identity.cognito_identity_id]\n',
  })
  const answer = await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from('{}'),
    invocationType: 'RequestResponse',
    clientContext: JSON.stringify({ custom: { k: 'ü\n' } }),
    cognitoIdentity: '{"cognitoIdentityId":"id-1","cognitoIdentityPoolId":"p"}',
  })
  assert.deepEqual(json(answer), [{ k: 'ü\n' }, 'id-1'])
})

test('functions are found by name, ARN, partial ARN, qualified name and logical id', () => {
  const spec = harness.add({ 'app.py': '' }, { name: 'named', logicalId: 'Logical' })
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:named'
  for (const text of [
    'named',
    'Logical',
    arn,
    `${arn}:$LATEST`,
    '000000000000:function:named',
    'function:named',
    'named:1',
  ])
    assert.equal(harness.platform.find(text)?.name, spec.name, text)
  assert.equal(harness.platform.find('nobody'), undefined)
})

test('what cannot be run is refused with its code, and the rest goes on', async () => {
  const java = harness.add({ 'app.jar': '' }, { runtime: 'java21' })
  const gone = harness.add({}, { codeDir: `${harness.dir}/gone` })
  const code =
    (expected: string) =>
    (error: unknown): boolean =>
      (error as FnscopeError).code === expected
  await assert.rejects(harness.call(java.name), code('FNS_RUNTIME_UNSUPPORTED'))
  await assert.rejects(harness.call(gone.name), code('FNS_CODE_NOT_FOUND'))
  await assert.rejects(harness.call('nobody'), code('FNS_FUNCTION_NOT_FOUND'))
})

test('a changed file gives a new environment at the next deploy, an unchanged one keeps it', async () => {
  const files = { 'app.py': 'def handler(e, c):\n    return 1\n' }
  const spec = harness.add(files, { name: 'changing', logicalId: 'Changing' })
  await harness.call(spec.name)
  harness.add(files, spec)
  assert.equal(json(await harness.call(spec.name)), 1)
  harness.add({ 'app.py': 'def handler(e, c):\n    return 22\n' }, spec)
  assert.equal(json(await harness.call(spec.name)), 22)
  harness.platform.remove(spec.stack)
  assert.equal(harness.platform.find(spec.name), undefined)
  await until(() => harness.platform.environmentCount(spec.name) === 0)
})

test('the platform’s figures and the lines’ own metrics come with the batch', async () => {
  const spec = harness.add({ 'app.py': 'def handler(e, c):\n    raise OSError(1)\n' })
  await harness.call(spec.name)
  const points = harness.ingest.batches.at(-1)!.metrics
  assert.deepEqual(
    points.map((point) => [point.namespace, point.name]),
    [
      'Invocations',
      'Errors',
      'Throttles',
      'Duration',
      'BilledDuration',
      'ConcurrentExecutions',
      'MaxMemoryUsed',
      'InitDuration',
    ].map((name) => ['AWS/Lambda', name]),
  )
  assert.equal(points[1]!.value, 1)
})

test('a full log does not stop functions: what is lost is counted', async () => {
  const spec = harness.add({ 'app.py': 'def handler(e, c):\n    return 1\n' })
  harness.ingest.failure = new IngestFullError('full')
  try {
    assert.equal(json(await harness.call(spec.name)), 1)
  } finally {
    harness.ingest.failure = undefined
  }
  const [dropped] = (await harness.counters.dropped.get()).values
  assert.ok(dropped!.value > 5)
  assert.deepEqual(dropped!.labels, { door: 'functions', reason: 'queue_full' })
})
