// The caller has its answer when the function has posted it; the environment is at work for a moment longer. What comes
// next finds it again, whatever it does in that moment.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import { ThrottledError } from '../../packages/fnscope/src/functions/throttled-error.ts'
import { extensionLayer } from './extension-layer.ts'
import { json, spansOf, startHarness, until, type Harness } from './harness.ts'
import { openMailbox, type Mailbox } from './mailbox.ts'

let harness: Harness
let mailbox: Mailbox
before(async () => {
  mailbox = await openMailbox()
  // On a machine that stands still for a second, too.
  harness = startHarness({ segmentStyle: 'new', settleMs: 60_000 })
})
after(async () => {
  await harness.stop()
  await mailbox[Symbol.asyncDispose]()
})

const ECHO = { 'app.py': 'def handler(event, context):\n    return event\n' }

/** As a client without LogType=Tail. */
function call(name: string, event: unknown = {}, on = harness): Promise<InvokeAnswer> {
  const payload = Buffer.from(JSON.stringify(event))
  return on.platform.invoke({ functionName: name, payload, invocationType: 'RequestResponse', withoutLog: true })
}

const logsOf = (name: string): string[] =>
  harness.ingest.batches.flatMap(({ logs }) => logs.filter(({ service }) => service === name).map(({ body }) => body))

const count = (lines: readonly string[], start: string): number => lines.filter((line) => line.startsWith(start)).length

for (const [clients, each] of [
  [1, 200],
  [2, 100],
] as const) {
  test(`${clients} clients that call back to back find as many environments and no second cold start`, async () => {
    const spec = harness.add(ECHO)
    const client = async (of: number): Promise<void> => {
      for (let n = 0; n < each; n++) assert.deepEqual(json(await call(spec.name, [of, n])), [of, n])
    }
    await Promise.all(Array.from({ length: clients }, (_, of) => client(of)))
    await harness.platform.flushed()
    const lines = logsOf(spec.name)
    assert.deepEqual([count(lines, 'REPORT'), count(lines, 'END')], [clients * each, clients * each])
    assert.ok(count(lines, 'INIT_START') <= clients, `${count(lines, 'INIT_START')} environments`)
  })
}

test('one call after the other is never over a reserved concurrency of one', async () => {
  const spec = harness.add(ECHO, { reservedConcurrency: 1 })
  for (let n = 0; n < 50; n++) assert.equal(json(await call(spec.name, n)), n)
  await harness.platform.flushed()
  const points = harness.ingest.batches
    .flatMap(({ metrics }) => metrics)
    .filter(({ service, name }) => service === spec.name && name === 'ConcurrentExecutions')
  assert.equal(points.length, 50)
  assert.ok(points.every(({ value }) => value === 1))
})

// Posts its answer, does what it is told with its process, and then asks for work again, if it still can.
const RUNTIME = `#!/usr/bin/env python3
import http.client, json, os, sys
API = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None):
    API.request(method, '/2018-06-01/runtime/invocation/' + path, body)
    answer = API.getresponse()
    return answer.headers, answer.read()
while True:
    headers, event = call('GET', 'next')
    told = json.loads(event)
    call('POST', headers['Lambda-Runtime-Aws-Request-Id'] + '/response', json.dumps([os.getpid(), told]))
    if told == 'exit': sys.exit(3)
`

test('a runtime that ends right after its answer has answered; the next call begins with its init, in the same log', async () => {
  const codeDir = join(harness.dir, 'ends')
  mkdirSync(codeDir)
  writeFileSync(join(codeDir, 'bootstrap'), RUNTIME)
  chmodSync(join(codeDir, 'bootstrap'), 0o755)
  const spec = harness.add({}, { runtime: 'provided.al2023', handler: 'any', codeDir })
  for (let n = 0; n < 5; n++) {
    const answer = await call(spec.name, 'exit')
    assert.equal(answer.functionError, undefined)
    assert.equal((json(answer) as unknown[])[1], 'exit')
  }
  await harness.platform.flushed()
  const logs = harness.ingest.batches.flatMap((batch) => batch.logs.filter(({ service }) => service === spec.name))
  const lines = logs.map(({ body }) => body)
  assert.deepEqual([count(lines, 'START'), count(lines, 'END'), count(lines, 'REPORT')], [5, 5, 5])
  assert.equal(new Set(logs.map(({ logStream }) => logStream)).size, 1)
})

/** Works on an invocation until the mailbox lets it. */
const worker = (name: string): string => `
import urllib.request
register(['INVOKE'])
while True:
    next_event()
    urllib.request.urlopen('${mailbox.url}/${name}').close()
`

test('an extension that works on after an answer holds the next call and not the caller, and is in the report', async () => {
  const WORK_MS = 300
  const layerDirs = [extensionLayer(join(harness.dir, 'works'), { works: worker('works') })]
  const files = { 'app.py': 'import os\ndef handler(e, c):\n    return os.getpid()\n' }
  const spec = harness.add(files, { layerDirs, timeoutSeconds: 30 })
  const first = json(await call(spec.name))
  await until(() => mailbox.waits('works'), 20_000)
  await new Promise((resolve) => setTimeout(resolve, WORK_MS))
  const next = call(spec.name)
  mailbox.release('works')
  assert.equal(json(await next), first)
  await harness.platform.flushed()
  const report = logsOf(spec.name).find((line) => line.startsWith('REPORT'))!
  assert.ok(Number(/\tDuration: ([\d.]+) ms/.exec(report)![1]) >= WORK_MS, report)
  const service = spansOf(harness.ingest.batches).filter(
    ({ name, origin }) => name === spec.name && origin === 'AWS::Lambda',
  )
  assert.equal(service.length, 2)
})

test('one that works on for longer is not waited for: another environment answers, or nobody where one is reserved', async () => {
  const short = startHarness({ settleMs: 50 })
  try {
    const layerDirs = [extensionLayer(join(short.dir, 'long'), { long: worker('long') })]
    const free = short.add(ECHO, { layerDirs, timeoutSeconds: 60 })
    const reserved = short.add(ECHO, { layerDirs, timeoutSeconds: 60, reservedConcurrency: 1 })
    for (const { name } of [free, reserved]) assert.equal(json(await call(name, 1, short)), 1)
    assert.equal(json(await call(free.name, 2, short)), 2)
    assert.equal(short.platform.environmentCount(free.name), 2)
    await assert.rejects(call(reserved.name, 2, short), ThrottledError)
    assert.equal(short.platform.environmentCount(reserved.name), 1)
    mailbox.release('long')
    await short.platform.flushed()
  } finally {
    await short.stop()
  }
})
