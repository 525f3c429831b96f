// Many invocations at the same time against a small reserved concurrency, as calls that are throttled and as events that
// wait: nothing lost, nothing done twice, each trace whole. The full figures are bench/load.bench.ts's.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ThrottledError } from '../../packages/fnscope/src/functions/throttled-error.ts'
import { json, spansOf, startHarness, type Harness } from './harness.ts'

const RESERVED = 4
const CALLS = 60
const HANDLER = { 'app.py': 'import time\ndef handler(event, context):\n    time.sleep(0.02)\n    return event["n"]\n' }

let harness: Harness
before(() => {
  harness = startHarness({ segmentStyle: 'new' })
})
after(() => harness.stop())

/** Traces since `from`: how many, and those that lack one of the two segments or have one twice. */
function traces(from: number): { readonly count: number; readonly broken: string[] } {
  const byTrace = new Map<string, string[]>()
  for (const { traceId, origin, status } of spansOf(harness.ingest.batches.slice(from))) {
    if (status === 429 || origin === '') continue
    byTrace.set(traceId, [...(byTrace.get(traceId) ?? []), origin])
  }
  const broken = [...byTrace].filter(([, origins]) => origins.toSorted().join() !== 'AWS::Lambda,AWS::Lambda::Function')
  return { count: byTrace.size, broken: broken.map(([id, origins]) => `${id}: ${origins.join()}`) }
}

test('calls over the limit are 429 at once, and every one that is tried again is answered once', async () => {
  const spec = harness.add(HANDLER, { reservedConcurrency: RESERVED })
  await harness.call(spec.name, { n: -1 })
  const from = harness.ingest.batches.length
  let throttled = 0
  let running = 0
  let most = 0
  const call = async (n: number): Promise<unknown> => {
    for (;;) {
      try {
        const answer = await harness.platform.invoke({
          functionName: spec.name,
          payload: Buffer.from(JSON.stringify({ n })),
          invocationType: 'RequestResponse',
          withoutLog: n % 2 === 0,
        })
        return json(answer)
      } catch (error) {
        assert.ok(error instanceof ThrottledError)
        assert.equal(error.reason, 'ReservedFunctionConcurrentInvocationLimitExceeded')
        throttled += 1
        most = Math.max(most, harness.platform.environmentCount(spec.name))
        await new Promise((resolve) => setTimeout(resolve, 5 + (running++ % 20)))
      }
    }
  }
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, n) => call(n)))
  await harness.platform.flushed()
  assert.deepEqual(
    answers,
    Array.from({ length: CALLS }, (_, n) => n),
  )
  assert.ok(throttled >= CALLS - RESERVED)
  assert.ok(most <= RESERVED)
  assert.deepEqual(traces(from), { count: CALLS, broken: [] })
  const points = harness.ingest.batches.slice(from).flatMap(({ metrics }) => metrics)
  const sum = (name: string): number =>
    points.filter((point) => point.name === name).reduce((total, { value }) => total + value, 0)
  assert.deepEqual([sum('Invocations'), sum('Throttles')], [CALLS, throttled])
})

test('events wait for their turn, and each is done once', async () => {
  const spec = harness.add(HANDLER, { reservedConcurrency: RESERVED })
  const from = harness.ingest.batches.length
  const ids = new Set<string>()
  for (let n = 0; n < CALLS; n++) {
    const payload = Buffer.from(JSON.stringify({ n }))
    ids.add((await harness.platform.invoke({ functionName: spec.name, payload, invocationType: 'Event' })).requestId)
  }
  await harness.platform.eventsIdle()
  await harness.platform.flushed()
  const starts = harness.ingest.batches
    .slice(from)
    .flatMap(({ logs }) => logs)
    .filter(({ body }) => body.startsWith('START'))
    .map(({ requestId }) => requestId!)
  assert.equal(starts.length, CALLS)
  assert.deepEqual(new Set(starts), ids)
  assert.deepEqual(traces(from), { count: CALLS, broken: [] })
})
