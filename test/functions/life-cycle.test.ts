// The life of environments: freeze and thaw, provisioned ones, changed code, and where asynchronous events end.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { OutgoingMessage } from '../../packages/fnscope/src/functions/event-destination.ts'
import { openMailbox, type Mailbox } from './mailbox.ts'
import { bodies, ISOLATION, json, spansOf, startHarness, TEST_CACHE, until, type Harness } from './harness.ts'

const sent: { readonly arn: string; readonly message: OutgoingMessage }[] = []
let harness: Harness
let mailbox: Mailbox
before(async () => {
  mailbox = await openMailbox()
  harness = startHarness({
    watchCode: true,
    segmentStyle: 'new',
    retryDelaysMs: [10, 20],
    deliver: async (arn, message) => {
      sent.push({ arn, message })
    },
  })
})
after(async () => {
  await harness.stop()
  await mailbox[Symbol.asyncDispose]()
})

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:dead'

const FROZEN_MS = 2000

/** `/proc/<pid>/stat`'s third field: T is stopped. */
const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0]!

test(
  'a frozen environment has no CPU between invocations, and time that it was frozen is in no duration',
  { skip: process.platform === 'linux' ? false : 'reads /proc' },
  async () => {
    const cold = startHarness({ freeze: true })
    try {
      const source = `
import os, threading, time
longest = 0
def tick():
    global longest
    last = time.monotonic()
    while True:
        time.sleep(0.002)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
threading.Thread(target=tick, daemon=True).start()
def handler(e, c):
    global longest
    time.sleep(0.02)
    pause, longest = longest, 0
    return [os.getpid(), pause]
`
      const spec = cold.add({ 'app.py': source })
      const [pid] = json(await cold.call(spec.name)) as [number, number]
      // In a namespace of its own the process knows itself by another number.
      const plain = process.env['FNSCOPE_ISOLATION'] !== 'namespace'
      if (plain) await until(() => stateOf(pid) === 'T')
      await new Promise((resolve) => setTimeout(resolve, FROZEN_MS))
      const answer = await cold.call(spec.name)
      const [same, pause] = json(answer) as [number, number]
      assert.equal(same, pid)
      assert.ok(pause * 1000 >= FROZEN_MS - 10, `its thread paused for ${pause} s`)
      assert.ok(Number(/\tDuration: ([\d.]+) ms/.exec(answer.logTail)![1]) < FROZEN_MS, answer.logTail)
      if (plain) await until(() => stateOf(pid) === 'T')
    } finally {
      await cold.stop()
    }
  },
)

test('an environment that is not frozen goes on between invocations', async () => {
  const source = `import threading, urllib.request\ndef later():\n    urllib.request.urlopen('${mailbox.url}/later', b'"flushed"')\ndef handler(e, c):\n    threading.Timer(0.05, later).start()\n`
  await harness.call(harness.add({ 'app.py': source }).name)
  await until(() => mailbox.received('later').length === 1)
})

test('provisioned environments are there before the first call, which is no cold start and not billed for the init', async () => {
  const spec = harness.add(
    {
      'app.py':
        'import os, time\nprint("loading")\ntime.sleep(0.3)\ndef handler(e, c):\n    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]\n',
    },
    { provisionedConcurrency: 2 },
  )
  await until(() => harness.platform.environmentCount(spec.name) === 2)
  await harness.deployed()
  const answer = await harness.call(spec.name)
  assert.equal(json(answer), 'provisioned-concurrency')
  const lines = bodies(answer)
  assert.match(lines[0]!, /^INIT_START/)
  assert.equal(lines[1], 'loading')
  const [, duration, billed, init] =
    /\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms.*Init Duration: ([\d.]+) ms/.exec(answer.logTail)!
  assert.ok(Number(init) >= 300)
  assert.equal(Number(billed), Math.max(1, Math.ceil(Number(duration))))
  const span = spansOf(harness.ingest.batches.slice(-1)).find(({ origin }) => origin === 'AWS::Lambda::Function')!
  assert.equal(span.cold, false)
})

test('code that is changed is run by the next invocation; one that runs ends with the old', async () => {
  const source = (n: number): string =>
    `import urllib.request\ndef handler(e, c):\n    if e: urllib.request.urlopen('${mailbox.url}/go').close()\n    return ${n}\n`
  const spec = harness.add({ 'app.py': source(1) }, { logicalId: 'Watched' })
  const running = harness.call(spec.name, { wait: true })
  await until(() => mailbox.waits('go'))
  const said = 'Code of Watched has changed: the next invocation runs it.'
  writeFileSync(join(spec.codeDir, 'app.py'), `${source(2)}# changed\n`)
  await until(() => harness.notes.includes(said))
  assert.equal(json(await harness.call(spec.name)), 2)
  mailbox.release('go')
  assert.equal(json(await running), 1)
})

test(
  'what a function writes into a layer that fnscope made is no new code',
  { skip: ISOLATION.kind === 'namespace' && 'layers are read-only' },
  async () => {
    const made = mkdtempSync(join(TEST_CACHE, 'layer-'))
    writeFileSync(join(made, 'bundle.pem'), 'as installed')
    const code = `import os\nwith open('${made}/bundle.pem', 'a') as bundle: bundle.write('patched')\ndef handler(e, c):\n    return os.getpid()\n`
    const spec = harness.add({ 'app.py': code }, { layerDirs: [made] })
    const pid = json(await harness.call(spec.name))
    // Another function's change makes fnscope look at all code again.
    const other = harness.add({ 'app.py': 'def handler(e, c): pass\n' }, { logicalId: 'Other' })
    writeFileSync(join(other.codeDir, 'app.py'), 'def handler(e, c): return 1\n')
    await until(() => harness.notes.some((note) => note.startsWith('Code of Other has changed')))
    assert.equal(json(await harness.call(spec.name)), pid)
    rmSync(made, { recursive: true })
  },
)

test('an event that fails for good goes to its destination and its dead-letter queue, as the cloud writes them', async () => {
  const spec = harness.add(
    { 'app.py': 'def handler(e, c):\n    raise ValueError("bad " + e["k"])\n' },
    { asynchronous: { maximumRetryAttempts: 1, onFailureArn: `${QUEUE}-destination`, deadLetterArn: QUEUE } },
  )
  const { requestId } = await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from('{"k":"v"}'),
    invocationType: 'Event',
  })
  await harness.platform.eventsIdle()
  const [destination, letter] = sent.splice(0)
  assert.equal(destination!.arn, `${QUEUE}-destination`)
  const record = JSON.parse(destination!.message.body) as Record<string, Record<string, unknown>>
  assert.deepEqual(record['requestContext'], {
    requestId,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${spec.name}:$LATEST`,
    condition: 'RetriesExhausted',
    approximateInvokeCount: 2,
  })
  assert.deepEqual(record['requestPayload'], { k: 'v' })
  assert.equal(record['responsePayload']!['errorType'], 'ValueError')
  assert.deepEqual([letter!.arn, letter!.message.body], [QUEUE, '{"k":"v"}'])
  assert.deepEqual(letter!.message.attributes, { RequestID: requestId, ErrorCode: '200', ErrorMessage: 'bad v' })
})

test('a success calls the function that is its destination, in the same trace', async () => {
  const next = harness.add(
    { 'app.py': 'import json\ndef handler(e, c):\n    print(json.dumps(e))\n' },
    { name: 'after' },
  )
  const spec = harness.add(
    { 'app.py': 'def handler(e, c):\n    return {"done": e}\n' },
    { asynchronous: { onSuccessArn: `arn:aws:lambda:us-east-1:000000000000:function:${next.name}` } },
  )
  const { traceId } = await harness.platform.invoke({
    functionName: spec.name,
    payload: Buffer.from('7'),
    invocationType: 'Event',
  })
  await harness.platform.eventsIdle()
  await harness.platform.flushed()
  const line = harness.ingest.batches
    .flatMap(({ logs }) => logs)
    .find(({ service, body }) => service === 'after' && body.startsWith('{'))!
  assert.equal(line.traceId, traceId)
  const { requestContext, responseContext, responsePayload } = JSON.parse(line.body) as Record<
    string,
    Record<string, unknown>
  >
  assert.equal(requestContext!['condition'], 'Success')
  assert.deepEqual(responseContext, { statusCode: 200, executedVersion: '$LATEST' })
  assert.deepEqual(responsePayload, { done: 7 })
  assert.deepEqual(sent, [])
})

test('an event that is throttled until it is too old is given up without an answer', async () => {
  const spec = harness.add(
    { 'app.py': 'def handler(e, c):\n    return 1\n' },
    { reservedConcurrency: 0, asynchronous: { maximumEventAgeSeconds: 0.3, onFailureArn: QUEUE } },
  )
  await harness.platform.invoke({ functionName: spec.name, payload: Buffer.from('1'), invocationType: 'Event' })
  await harness.platform.eventsIdle()
  const record = JSON.parse(sent.splice(0)[0]!.message.body) as Record<string, Record<string, unknown>>
  assert.equal(record['requestContext']!['condition'], 'EventAgeExceeded')
  assert.equal(record['requestContext']!['approximateInvokeCount'], 0)
  assert.ok(!('responsePayload' in record))
})
