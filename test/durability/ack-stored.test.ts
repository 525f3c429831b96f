// --ack stored: what is acknowledged can be read at once; while the store does not take it, the sender is told so, and
// what was told to be in the log comes out of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, startFnscope } from '../started-fnscope.ts'
import { enginePidOf, NO_PROC } from './processes.ts'
import { readShapes } from './xray-answers.ts'
import { putSegments } from './xray-client.ts'
import { TraceMaker, type MadeTrace } from './xray-documents.ts'

function newTrace(): MadeTrace {
  const startSeconds = Date.now() / 1000 - 1
  return new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
}

test('with --ack stored a document is there when its sender has the answer', async (t) => {
  const fnscope = await startFnscope({ args: ['--ack', 'stored'] })
  t.after(() => fnscope[Symbol.asyncDispose]())
  for (let round = 0; round < 5; round++) {
    const trace = newTrace()
    assert.equal((await putSegments(fnscope.url, trace.sendings.flat()))?.status, 200)
    assert.notEqual((await readShapes(fnscope.url, [trace.id])).get(trace.id) ?? '', '')
  }
  const traces = Array.from({ length: 20 }, newTrace)
  await Promise.all(
    traces.map(async (trace) => {
      assert.equal((await putSegments(fnscope.url, trace.sendings.flat()))?.status, 200)
      assert.notEqual((await readShapes(fnscope.url, [trace.id])).get(trace.id) ?? '', '')
    }),
  )
})

test(
  'with --ack stored a sender is told to try again while the store stands still, and what it sent is stored later',
  { skip: NO_PROC },
  async (t) => {
    const fnscope = await startFnscope({ args: ['--ack', 'stored'] })
    const engine = enginePidOf(fnscope.child.pid!)!
    t.after(async () => {
      process.kill(engine, 'SIGCONT')
      await fnscope[Symbol.asyncDispose]()
    })
    process.kill(engine, 'SIGSTOP')
    const trace = newTrace()
    const refused = await putSegments(fnscope.url, trace.sendings.flat())
    assert.deepEqual([refused?.status, refused?.retryAfter], [429, '5'])
    process.kill(engine, 'SIGCONT')
    const shape = await eventually(
      async () => (await readShapes(fnscope.url, [trace.id]).catch(() => undefined))?.get(trace.id) || undefined,
      60_000,
    )
    assert.match(shape, /front/)
    assert.equal((await putSegments(fnscope.url, newTrace().sendings.flat()))?.status, 200)
  },
)
