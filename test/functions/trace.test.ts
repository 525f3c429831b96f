// The spans that the platform records, the decision to record them, events, and limits.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ThrottledError } from '../../packages/fnscope/src/functions/throttled-error.ts'
import { bodies, json, spansOf, startHarness, until, processesWith, type Harness } from './harness.ts'

const ECHO = {
  'app.py':
    'import os\ndef handler(e, c):\n    if e.get("boom"): raise ValueError("bad")\n    if e.get("die"): os._exit(1)\n    return os.environ["_X_AMZN_TRACE_ID"]\n',
}
const UPSTREAM = 'Root=1-63dd2166-434a12c22e1307ff2114f299;Parent=0a1b2c3d4e5f6071;Sampled=1;Lineage=1:abc:0'

let harness: Harness
before(() => {
  harness = startHarness({ retryDelaysMs: [10, 20] })
})
after(() => harness.stop())

async function traced(name: string, event: unknown = {}, traceHeader?: string) {
  const before = harness.ingest.batches.length
  const answer = await harness.call(name, event, traceHeader === undefined ? {} : { traceHeader })
  const spans = spansOf(harness.ingest.batches.slice(before))
  const named = (wanted: string) => spans.find((span) => span.name === wanted)
  return {
    answer,
    spans,
    named,
    service: spans.find((span) => span.origin === 'AWS::Lambda'),
    func: spans.find((span) => span.origin === 'AWS::Lambda::Function'),
  }
}

test('old style: two segments, Initialization, Invocation and Overhead; the runtime’s parent is the Invocation', async () => {
  const spec = harness.add(ECHO)
  const { answer, spans, named, service, func } = await traced(spec.name, {}, UPSTREAM)
  assert.deepEqual(
    spans.map((span) => span.name).sort(),
    [spec.name, spec.name, 'Initialization', 'Invocation', 'Overhead'].sort(),
  )
  assert.ok(spans.every((span) => span.traceId === '63dd2166434a12c22e1307ff2114f299'))
  assert.equal(service!.parent, '0a1b2c3d4e5f6071')
  assert.equal(service!.rank, 1)
  assert.equal(service!.status, 200)
  assert.equal(func!.parent, service!.id)
  assert.equal(func!.cold, true)
  for (const name of ['Initialization', 'Invocation', 'Overhead']) assert.equal(named(name)!.parent, func!.id)
  assert.equal(
    json(answer),
    `Root=1-63dd2166-434a12c22e1307ff2114f299;Parent=${named('Invocation')!.id};Sampled=1;Lineage=1:abc:0`,
  )
  assert.ok(answer.logTail.includes(`SegmentId: ${func!.id}\tSampled: true`))
  assert.ok(named('Initialization')!.end <= func!.start)
  assert.equal(named('Invocation')!.start, func!.start)
  assert.equal(named('Invocation')!.end, named('Overhead')!.start)
  assert.equal(named('Overhead')!.end, func!.end)
  assert.ok(service!.start <= named('Initialization')!.start && service!.end >= func!.end)
  const duration = Number((func!.end - func!.start) / 1000n) / 1000
  assert.ok(answer.logTail.includes(`\tDuration: ${duration.toFixed(2)} ms`))

  const warm = await traced(spec.name)
  assert.equal(warm.named('Initialization'), undefined)
  assert.equal(warm.service!.rank, 0)
  assert.equal(warm.func!.cold, false)
})

test('new style: Init and Overhead, no Invocation; the runtime’s parent is the function segment', async () => {
  const spec = harness.add(ECHO, { segmentStyle: 'new' })
  const { answer, spans, func } = await traced(spec.name)
  assert.deepEqual(spans.map((span) => span.name).sort(), [spec.name, spec.name, 'Init', 'Overhead'].sort())
  assert.ok(String(json(answer)).includes(`;Parent=${func!.id};Sampled=1`))
})

test('an exception is an error of the function, not of the service; an exit is a fault without Overhead', async () => {
  const spec = harness.add(ECHO)
  const raised = await traced(spec.name, { boom: 1 })
  assert.deepEqual(
    [raised.func!.error, raised.func!.fault, raised.service!.error, raised.service!.status],
    [true, false, false, 200],
  )
  assert.equal(raised.named('Invocation')!.error, true)
  const cause = new TextDecoder().decode(harness.ingest.batches.at(-1)!.spans.cause.bytes())
  assert.ok(cause.includes('"type":"ValueError"') && cause.includes('"label":"handler"'))
  const died = await traced(spec.name, { die: 1 })
  assert.deepEqual([died.func!.error, died.func!.fault, died.service!.fault], [false, true, false])
  assert.equal(died.named('Overhead'), undefined)
  assert.equal(died.named('Invocation')!.fault, true)
})

test('a function whose init failed twice has both inits, and no Invocation', async () => {
  const spec = harness.add({ 'app.py': 'import nothing_of_that_name\n' })
  const { spans, func } = await traced(spec.name)
  assert.deepEqual(
    spans.map((span) => span.name).sort(),
    [spec.name, spec.name, 'Initialization', 'Initialization'].sort(),
  )
  assert.equal(func!.fault, true)
})

test('Sampled=0 of the caller is obeyed: no segment, the decision goes on, the XRAY line says false', async () => {
  const spec = harness.add(ECHO)
  const { answer, spans } = await traced(spec.name, {}, 'Root=1-63dd2166-434a12c22e1307ff2114f299;Sampled=0')
  assert.equal(spans.length, 0)
  assert.match(String(json(answer)), /;Sampled=0$/)
  assert.match(
    answer.logTail,
    /XRAY TraceId: 1-63dd2166-434a12c22e1307ff2114f299\tSegmentId: [0-9a-f]{16}\tSampled: false\t\n$/,
  )
})

test('cloud sampling: one a second and 5 % for Active, silence for PassThrough', async () => {
  const cloud = startHarness({ sampling: 'cloud', clock: () => 1_795_000_000_500_000_000n })
  try {
    const active = cloud.add(ECHO)
    const silent = cloud.add(ECHO, { tracing: 'PassThrough' })
    let sampled = 0
    for (let i = 0; i < 200; i++) if ((await cloud.call(active.name)).sampled) sampled += 1
    // The clock stands still: one from the reservoir, then 5 % of 199. Outside 1..35 is less likely than one in a million.
    assert.ok(sampled >= 1 && sampled <= 35, String(sampled))
    assert.equal(spansOf(cloud.ingest.batches).filter((span) => span.origin === 'AWS::Lambda').length, sampled)
    const answer = await cloud.call(silent.name)
    assert.match(String(json(answer)), /^Root=1-.*;Sampled=0$/)
    assert.ok(!answer.logTail.includes('XRAY'))
    const followed = await cloud.call(silent.name, {}, { traceHeader: UPSTREAM })
    assert.ok(followed.logTail.includes('Sampled: true'))
  } finally {
    await cloud.stop()
  }
})

test('an event is answered at once, tried three times under one id, and traced as one service segment', async () => {
  const spec = harness.add(ECHO)
  const before = harness.ingest.batches.length
  const answer = await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from('{"boom":1}'),
    invocationType: 'Event',
  })
  assert.deepEqual([answer.status, answer.payload.byteLength], [202, 0])
  await harness.platform.eventsIdle()
  await harness.platform.flushed()
  const batches = harness.ingest.batches.slice(before)
  const starts = batches.flatMap((batch) => batch.logs).filter((line) => line.body.startsWith('START'))
  assert.equal(starts.length, 3)
  assert.ok(starts.every((line) => line.requestId === answer.requestId))
  const spans = spansOf(batches)
  const service = spans.filter((span) => span.origin === 'AWS::Lambda')
  assert.deepEqual(
    service.map((span) => span.status),
    [202],
  )
  const attempts = spans.filter((span) => span.name.startsWith('Attempt #'))
  assert.deepEqual(
    attempts.map((span) => [span.name, span.parent]),
    [1, 2, 3].map((n) => [`Attempt #${n}`, service[0]!.id]),
  )
  assert.equal(spans.filter((span) => span.name === 'Dwell Time').length, 1)
  const runs = spans.filter((span) => span.origin === 'AWS::Lambda::Function')
  assert.deepEqual(
    runs.map((span) => span.parent),
    attempts.map((span) => span.id),
  )
})

test('over its reserved concurrency a function is throttled, with the reason, a metric and a segment', async () => {
  const spec = harness.add(ECHO, { reservedConcurrency: 0 })
  await assert.rejects(harness.call(spec.name), (error) => {
    return error instanceof ThrottledError && error.body.Reason === 'ReservedFunctionConcurrentInvocationLimitExceeded'
  })
  await harness.platform.flushed()
  const batch = harness.ingest.batches.at(-1)!
  assert.deepEqual(
    batch.metrics.map((point) => [point.name, point.value]),
    [['Throttles', 1]],
  )
  assert.deepEqual(
    spansOf([batch]).map((span) => [span.status, span.error]),
    [[429, true]],
  )
})

test('over the account’s concurrency the reason is the account’s', async () => {
  const small = startHarness({ maxConcurrency: 0 })
  try {
    const spec = small.add(ECHO)
    await assert.rejects(small.call(spec.name), { reason: 'ConcurrentInvocationLimitExceeded' })
  } finally {
    await small.stop()
  }
})

test('an idle environment is ended after a while, its last lines kept', async () => {
  const quick = startHarness({ idleTimeoutMs: 3000 })
  const handler = `idle${process.pid}.handler`
  try {
    const spec = quick.add(
      {
        [`idle${process.pid}.py`]:
          'import threading\ndef late():\n    print("late", flush=True)\ndef handler(e, c):\n    threading.Timer(1, late).start()\n',
      },
      { handler },
    )
    await quick.call(spec.name)
    assert.ok(processesWith(handler).length > 0)
    const late = await until(() =>
      quick.ingest.batches.flatMap((batch) => batch.logs).find((line) => line.body === 'late'),
    )
    assert.equal(late.requestId, undefined)
    await until(() => processesWith(handler).length === 0)
    assert.ok(!bodies(await quick.call(spec.name)).includes('late'))
  } finally {
    await quick.stop()
  }
})

test('stop kills a handler that never ends, and what it started', async () => {
  const busy = startHarness()
  const [mark, handler] = [`60.10${process.pid}`, `endless${process.pid}.handler`]
  const spec = busy.add(
    {
      [`endless${process.pid}.py`]: `import subprocess\ndef handler(e, c):\n    subprocess.Popen(["sleep", "${mark}"])\n    while True: pass\n`,
    },
    { timeoutSeconds: 60, handler },
  )
  const call = busy.call(spec.name)
  try {
    await until(() => processesWith(mark).length > 0)
  } finally {
    await busy.stop()
  }
  assert.equal((json(await call) as { errorType: string }).errorType, 'Runtime.ExitError')
  await until(() => processesWith(mark).length === 0 && processesWith(handler).length === 0)
})
