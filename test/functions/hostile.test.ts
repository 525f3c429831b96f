// Functions that do their worst hurt nobody else: after each of them fnscope still runs, answers, and has not grown.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bodies, ISOLATION, json, processesWith, startHarness, until, type Harness } from './harness.ts'
import type { InvokeAnswer } from '../../packages/fnscope/src/functions/invoke-request.ts'
import type { FunctionSpec } from '../../packages/fnscope/src/functions/function-spec.ts'

const MB = 1024 * 1024
/**
 * What a function's worst may add to this process, which holds the platform and, for the test, every line that was kept
 * (10 MB an invocation). The allocator keeps about 180 MB after the first gigabyte, and 10 to 15 MB more after each other.
 */
const MOST_GROWTH = 320 * MB

const NO_PROC = process.platform === 'linux' ? false : 'needs /proc, as on Linux'

let harness: Harness
let healthy: FunctionSpec
let rssBefore = 0
before(async () => {
  harness = startHarness()
  healthy = harness.add({ 'app.py': 'def handler(e, c):\n    return "fine"\n' })
  await harness.call(healthy.name)
  rssBefore = process.memoryUsage().rss
})
after(() => harness.stop())

async function worst(code: string, more: Partial<FunctionSpec> = {}, event: unknown = {}): Promise<InvokeAnswer> {
  const spec = harness.add({ 'app.py': code }, { timeoutSeconds: 20, ...more })
  const answer = await harness.call(spec.name, event)
  assert.equal(json(await harness.call(healthy.name)), 'fine')
  const grown = process.memoryUsage().rss - rssBefore
  assert.ok(grown < MOST_GROWTH, `${Math.round(grown / MB)} MB more`)
  return answer
}

const typeOf = (answer: InvokeAnswer): string => (json(answer) as { readonly errorType: string }).errorType
const messageOf = (answer: InvokeAnswer): string => (json(answer) as { readonly errorMessage: string }).errorMessage

test('one that takes more memory than its size is killed, and its report says so', async () => {
  const answer = await worst(
    'import time\ndef handler(e, c):\n    held = []\n    while True:\n        held.append(bytearray(b"x" * (8 * 1024 * 1024)))\n        time.sleep(0.01)\n',
    { memoryMb: 192 },
  )
  assert.equal(typeOf(answer), 'Runtime.OutOfMemory')
  assert.match(messageOf(answer), /Runtime exited with error: signal: killed$/)
  assert.match(
    answer.logTail,
    /Memory Size: 192 MB\tMax Memory Used: 192 MB\t.*Status: error\tError Type: Runtime\.OutOfMemory/,
  )
})

test('a fork bomb is ended with all that it made', async () => {
  const mark = `bomb${process.pid}`
  const answer = await worst(
    'import os, time\ndef handler(e, c):\n    while True:\n        try:\n            os.fork()\n        except OSError:\n            time.sleep(0.05)\n',
    { handler: `${mark}.handler`, name: mark, memoryMb: 512, timeoutSeconds: 10 },
  ).catch((error: unknown) => error)
  assert.ok(answer !== undefined)
  await until(() => processesWith(`${mark}.handler`).length === 0)
})

test('one that makes more threads than the cloud gives is ended', async () => {
  // As an ordinary user in a namespace it cannot even make them, as on the cloud.
  const code =
    'import threading, time\ndef handler(e, c):\n    for _ in range(1500): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n    time.sleep(60)\n'
  const answer = await worst(code, { memoryMb: 1024, timeoutSeconds: 30 })
  assert.equal(answer.functionError, 'Unhandled')
  assert.match(Buffer.from(answer.payload).toString(), /signal: killed|can't start new thread/)
})

test('a gigabyte of output is cut, counted, and does not stay in memory', async () => {
  const answer = await worst(
    'import os\nblock = (b"y" * 1023 + b"\\n") * 1024\ndef handler(e, c):\n    for _ in range(1024): os.write(1, block)\n    return "written"\n',
    { timeoutSeconds: 60 },
  )
  assert.equal(json(answer), 'written')
  assert.ok(bodies(answer).some((line) => /more lines of this invocation were dropped/.test(line)))
})

test('a gigabyte without a line end is cut too', async () => {
  const answer = await worst(
    'import os\nblock = b"z" * 1048576\ndef handler(e, c):\n    for _ in range(1024): os.write(1, block)\n    return "written"\n',
    { timeoutSeconds: 60 },
  )
  assert.equal(json(answer), 'written')
})

test('bytes that are no UTF-8, NULs and pieces of frames are lines like others', async () => {
  const answer = await worst(
    'import os\ndef handler(e, c):\n    os.write(1, b"\\xff\\xfe\\x00bad\\n\\xa5\\x5a\\x00\\x03\\xff\\xff\\xff\\xff\\n\\xc3(\\n")\n    print("good", flush=True)\n',
  )
  assert.equal(answer.functionError, undefined)
  assert.ok(bodies(answer).includes('good'))
  assert.ok(bodies(answer).some((line) => line.includes('bad')))
})

test('one that closes its own output goes on, and its answer arrives', async () => {
  const answer = await worst(
    'import os\ndef handler(e, c):\n    for fd in (1, 2, 3): os.close(fd)\n    return "quiet"\n',
  )
  assert.equal(json(answer), 'quiet')
})

const SUICIDES: readonly (readonly [string, string])[] = [
  ['its parent', 'os.kill(os.getppid(), 9)'],
  ['its parent’s group', 'os.killpg(os.getpgid(os.getppid()) or os.getpgid(0), 9)'],
  ['its own group', 'os.kill(0, 9)'],
  ['itself', 'os.kill(os.getpid(), 9)'],
]

for (const [whom, how] of SUICIDES) {
  test(`one that kills ${whom} ends alone`, async () => {
    const code = `import os, time\ndef handler(e, c):\n    ${how}\n    time.sleep(1)\n    return "alive"\n`
    const answer = await worst(code)
    // The first process of a namespace is out of its reach.
    if (whom === 'its parent' && ISOLATION.kind === 'namespace') {
      assert.equal(json(answer), 'alive')
      return
    }
    assert.equal(typeOf(answer), 'Runtime.ExitError')
    assert.match(messageOf(answer), /signal: killed$/)
  })
}

for (const [which, environment] of [
  ['', {}],
  [' that has a TMPDIR of its own', { TMPDIR: '/var/tmp' }],
] as const) {
  test(
    `a process of a function${which} that leaves its group and has another parent ends with its environment`,
    { skip: NO_PROC },
    async () => {
      const mark = `61.0${which.length}${process.pid}`
      const code = `import os, subprocess\ndef handler(e, c):\n    subprocess.run(["setsid", "--fork", "sleep", "${mark}"])\n    if e == "exit": os._exit(1)\n`
      const spec = harness.add({ 'app.py': code }, { environment })
      await harness.call(spec.name, 'stay')
      assert.ok(await until(() => processesWith(mark).length > 0, 30_000))
      assert.equal(typeOf(await harness.call(spec.name, 'exit')), 'Runtime.ExitError')
      await until(() => processesWith(mark).length === 0, 30_000)
    },
  )
}

test('one that never asks for an event is stopped at its timeout, and once more inside the call', async () => {
  const answer = await worst('import time\ntime.sleep(60)\ndef handler(e, c):\n    pass\n', { timeoutSeconds: 0.5 })
  assert.equal(typeOf(answer), 'Sandbox.Timedout')
})

test('an answer of 6 MB and some is taken, one byte over the limit is refused', async () => {
  const code = 'def handler(e, c):\n    return "x" * (e - 2)\n'
  const limit = 6 * MB + 100
  assert.equal((await worst(code, {}, limit)).payload.byteLength, limit)
  const answer = await worst(code, {}, limit + 1)
  assert.equal(typeOf(answer), 'Function.ResponseSizeTooLarge')
})

test('one that opens every file it can gets 1024 of them', async () => {
  const answer = await worst(
    'def handler(e, c):\n    files = []\n    try:\n        while True: files.append(open("/dev/null"))\n    except OSError as error:\n        return [error.errno, len(files)]\n',
  )
  const [errno, count] = json(answer) as [number, number]
  assert.equal(errno, 24)
  assert.ok(count > 900 && count < 1024, String(count))
})
