import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../log.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { completeSpan, type Span } from '../span/span.ts'
import { NANOS_PER_MINUTE, secondsToNanos } from '../span/time.ts'
import { MemoryStore } from './memory-store.ts'
import { MinuteJob } from './minute-job.ts'
import { segmentAt } from './sample-traces.ts'
import { readServiceGraph } from './service-graph.ts'

const START = 1_700_000_040
const minute = (n: number): bigint => secondsToNanos(START) + BigInt(n) * NANOS_PER_MINUTE

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Traces of some segments and calls over about six minutes; parents may be missing, later, or in a ring. */
function randomSpans(random: () => number): Span[] {
  const spans: Span[] = []
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  for (let t = 0; t < 12; t++) {
    const traceId = t.toString(16).padStart(32, '0')
    const size = 1 + Math.floor(random() * 12)
    for (let i = 1; i <= size; i++) {
      const start = START + random() * 360
      const segment = random() < 0.5
      const parent = Math.floor(random() * (size + 3))
      spans.push(
        completeSpan({
          traceId,
          spanId: i.toString(16).padStart(16, '0'),
          ...(parent > 0 ? { parentId: parent.toString(16).padStart(16, '0') } : {}),
          startNanos: secondsToNanos(start),
          ...(random() < 0.9 ? { endNanos: secondsToNanos(start + random() * 100) } : {}),
          name: pick(['a', 'b', 'c']),
          source: 'xray',
          service: segment ? pick(['web', 'api', 'db']) : '',
          segment,
          rootRank: segment ? ROOT_RANK.entry : ROOT_RANK.inner,
          ...(!segment && random() < 0.6 ? { peer: { name: pick(['table', 'queue']), type: 'remote' } } : {}),
          error: random() < 0.2,
          fault: random() < 0.2,
          throttle: random() < 0.2,
          receivedNanos: secondsToNanos(start + 200),
        }),
      )
    }
  }
  return spans
}

function jobOver(store: MemoryStore, now: bigint): MinuteJob {
  return new MinuteJob({ reader: store, writer: store, now: () => now, log: silentLogger })
}

test('the graph is the same whether minutes are computed live, by the job, or partly by each', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomFrom(seed)
    const spans = randomSpans(random)
    const live = new MemoryStore(spans)
    const all = spans.map((span) => span.startNanos)
    const store = new MemoryStore()
    const job = jobOver(store, minute(3))
    // Spans come in any order, and the job runs in between.
    for (const span of spans.toSorted(() => random() - 0.5)) {
      store.spans.push(span)
      job.touch(span.startNanos)
      if (random() < 0.1) await job.run()
    }
    for (const range of [
      { startNanos: minute(0), endNanos: minute(7) },
      { startNanos: minute(1) + 7_000_000_000n, endNanos: minute(4) + 13_000_000_000n },
      { startNanos: minute(2) + 1n, endNanos: minute(2) + 40_000_000_000n },
    ]) {
      const expected = await readServiceGraph(live, range, () => all.map((nanos) => nanos - (nanos % NANOS_PER_MINUTE)))
      assert.deepEqual(await readServiceGraph(store, range, () => job.dirtyMinutes()), expected, `seed ${seed}, before`)
      await job.run()
      assert.deepEqual(await readServiceGraph(store, range, () => job.dirtyMinutes()), expected, `seed ${seed}, after`)
    }
  }
})

test('a caller that comes late corrects the minute in which its callee was a root', async () => {
  const store = new MemoryStore([
    segmentAt({ id: '2', parentId: '1', name: 'api', start: START + 70, end: START + 71 }),
  ])
  const job = jobOver(store, minute(9))
  job.touch(minute(1))
  await job.run()
  assert.equal(store.minutes.get(minute(1))!.nodes[0]!.root, true)
  store.spans.push(segmentAt({ id: '1', name: 'web', start: START + 50, end: START + 80 }))
  job.touch(minute(0))
  await job.run()
  assert.equal(store.minutes.get(minute(1))!.nodes[0]!.root, false)
})

test('the current minute stays dirty and is not computed', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  const job = jobOver(store, minute(0) + 30_000_000_000n)
  job.touch(minute(0) + 5n)
  await job.run()
  assert.equal(store.minutes.size, 0)
  assert.deepEqual([...job.dirtyMinutes()], [minute(0)])
})

test('a minute touched while it is computed stays dirty', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  const job: MinuteJob = new MinuteJob({
    reader: store,
    writer: { replaceMinutes: async () => job.touch(minute(0)) },
    now: () => minute(5),
    log: silentLogger,
  })
  job.touch(minute(0))
  await job.run()
  assert.deepEqual([...job.dirtyMinutes()], [minute(0)])
})

test('a failed run keeps its minutes and rejects', async () => {
  const store = new MemoryStore()
  const failing = { replaceMinutes: () => Promise.reject(new Error('engine down')) }
  const job = new MinuteJob({ reader: store, writer: failing, now: () => minute(5), log: silentLogger })
  job.touch(minute(0))
  await assert.rejects(job.run(), /engine down/)
  assert.deepEqual([...job.dirtyMinutes()], [minute(0)])
})

test('spans are waited for until they can be read', async () => {
  const store = new MemoryStore()
  const span = segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })
  const flushed = async (): Promise<void> => void store.spans.push(span)
  const job = new MinuteJob({ reader: store, writer: store, now: () => minute(5), log: silentLogger, flushed })
  job.touch(minute(0))
  await job.run()
  assert.equal(store.minutes.get(minute(0))!.nodes.length, 1)
})

test('a start takes up what an earlier process left, and stop may come twice', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })])
  store.minuteVersion = minute(8)
  const job = jobOver(store, minute(9))
  await job.start()
  assert.deepEqual([...job.dirtyMinutes()], [minute(0)])
  await job.stop()
  await job.stop()
})

test('a copy sent again with times of another minute is counted there alone', async () => {
  const old = segmentAt({ id: '1', name: 'web', start: START + 50, end: START + 51 })
  const store = new MemoryStore([old])
  const job = jobOver(store, minute(9))
  job.touch(minute(0))
  await job.run()
  const newer = segmentAt({ id: '1', name: 'web', start: START + 130, end: START + 131 })
  store.spans.push({ ...newer, receivedNanos: old.receivedNanos + 1n })
  job.touch(minute(2))
  const range = { startNanos: minute(0), endNanos: minute(5) }
  const total = async (): Promise<number | undefined> => {
    const graph = await readServiceGraph(store, range, () => job.dirtyMinutes())
    return graph.nodes.find((node) => node.key.name === 'web')?.statistics?.ok
  }
  assert.equal(await total(), 1)
  await job.run()
  assert.equal(await total(), 1)
  assert.deepEqual(store.minutes.get(minute(0))!.nodes, [])
})

test('what the log of an earlier process brings after the start is taken up', async () => {
  const store = new MemoryStore()
  const stored = Promise.withResolvers<void>()
  const job = new MinuteJob({
    reader: store,
    writer: store,
    now: () => minute(9),
    log: silentLogger,
    flushed: () => stored.promise,
  })
  await job.start()
  assert.deepEqual([...job.dirtyMinutes()], [])
  store.spans.push(segmentAt({ id: '1', name: 'web', start: START, end: START + 1 }))
  stored.resolve()
  await job.run()
  assert.equal(store.minutes.get(minute(0))!.nodes.length, 1)
  await job.stop()
})

test('stop does not wait for a store that is away', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  const flushed = (): Promise<void> => new Promise(() => {})
  const job = new MinuteJob({ reader: store, writer: store, now: () => minute(5), log: silentLogger, flushed })
  job.touch(minute(0))
  const run = assert.rejects(job.run())
  await job.stop()
  await run
})
