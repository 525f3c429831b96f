import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../log.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { completeSpan, type Span } from '../span/span.ts'
import { NANOS_PER_MINUTE, secondsToNanos } from '../span/time.ts'
import { GraphSum } from './graph-statistics.ts'
import { MemoryStore } from './memory-store.ts'
import { GraphJob } from './graph-job.ts'
import { segmentAt } from './sample-traces.ts'
import { readServiceGraph } from './service-graph.ts'

/** How many times as many random graphs are tried: FNSCOPE_TEST_ROUNDS=10. */
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

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

function jobOver(store: MemoryStore, now: bigint): GraphJob {
  return new GraphJob({ reader: store, writer: store, now: () => now, log: silentLogger })
}

/** Of the stored minute: node name → root, ok. */
function nodesOf(store: MemoryStore, at: bigint): Record<string, string> {
  const sum = new GraphSum(at)
  sum.addRows(store.periods.get(`60 ${at}`)!.graph)
  return Object.fromEntries(sum.nodes().map((node) => [node.node.name, `${node.root ? 'root ' : ''}${node.ok}`]))
}

test('the graph is the same whether it is computed live, by the job, or partly by each', async () => {
  for (let seed = 1; seed <= 12 * ROUNDS; seed++) {
    const random = randomFrom(seed)
    const spans = randomSpans(random)
    const live = new MemoryStore(spans)
    // What is in progress is no reason to compute again: it is when it completes.
    const store = new MemoryStore(spans.filter((span) => span.inProgress))
    const job = jobOver(store, minute(seed % 2 === 0 ? 3 : 200))
    // Spans come in any order, and the job runs in between.
    for (const span of spans.filter((one) => !one.inProgress).toSorted(() => random() - 0.5)) {
      store.spans.push(span)
      if (random() < 0.1) await job.run()
    }
    for (const range of [
      { startNanos: minute(0), endNanos: minute(7) },
      { startNanos: minute(-70), endNanos: minute(90) },
      { startNanos: minute(1) + 7_000_000_000n, endNanos: minute(4) + 13_000_000_000n },
      { startNanos: minute(2) + 1n, endNanos: minute(2) + 40_000_000_000n },
    ]) {
      const expected = await readServiceGraph(live, range)
      assert.deepEqual(await readServiceGraph(store, range), expected, `seed ${seed}, before`)
      await job.run()
      assert.deepEqual(await readServiceGraph(store, range), expected, `seed ${seed}, after`)
    }
  }
})

test('a caller that comes late corrects the minute in which its callee was a root', async () => {
  const store = new MemoryStore([
    segmentAt({ id: '2', parentId: '1', name: 'api', start: START + 70, end: START + 71 }),
  ])
  const job = jobOver(store, minute(9))
  await job.run()
  assert.deepEqual(nodesOf(store, minute(1)), { api: 'root 1' })
  store.spans.push(segmentAt({ id: '1', name: 'web', start: START + 50, end: START + 80 }))
  await job.run()
  assert.deepEqual(nodesOf(store, minute(1)), { api: '1' })
})

test('the current minute is not computed while it has few spans', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  await jobOver(store, minute(0) + 30_000_000_000n).run()
  assert.equal(store.periods.size, 0)
})

test('spans that come while their minute is computed are taken up next', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })])
  const job = jobOver(store, minute(5))
  const replace = store.replacePeriods.bind(store)
  store.replacePeriods = async (periods) => {
    store.replacePeriods = replace
    store.spans.push(segmentAt({ id: '2', name: 'web', start: START + 2, end: START + 3 }))
    await replace(periods)
  }
  await job.run()
  assert.deepEqual(nodesOf(store, minute(0)), { web: 'root 2' })
})

test('what a failed run left is done by the next', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })])
  const job = jobOver(store, minute(5))
  const replace = store.replacePeriods.bind(store)
  store.replacePeriods = () => Promise.reject(new Error('engine down'))
  await assert.rejects(job.run(), /engine down/)
  store.replacePeriods = replace
  await job.run()
  assert.deepEqual(nodesOf(store, minute(0)), { web: 'root 1' })
})

test('rows that are told of and cannot be read are not looked for for ever', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })])
  const minutes = store.graphMinutes.bind(store)
  let asked = 0
  store.graphMinutes = async (range) => {
    asked += 1
    const found = await minutes(range)
    const held = { startNanos: minute(0), spans: 7, marks: 0 }
    const stored = store.periods.get(`60 ${minute(0)}`)
    return stored && stored.spans >= 7 ? found : [{ ...held, slices: [held], ...(stored && { stored }) }]
  }
  const job = jobOver(store, minute(5))
  await job.run()
  const before = asked
  assert.equal(store.periods.get(`60 ${minute(0)}`)!.spans, 7)
  await job.run()
  assert.ok(asked - before <= 2)
})

test('complete minutes are summed into ten minutes and hours, and again when one changes', async () => {
  const store = new MemoryStore()
  for (let n = 0; n < 130; n++)
    store.spans.push(
      segmentAt({
        traceId: n.toString(16).padStart(32, '0'),
        id: '1',
        name: 'web',
        start: START + n * 60,
        end: START + n * 60 + 1,
      }),
    )
  const job = jobOver(store, minute(200))
  await job.run()
  const stored = (seconds: number): number => [...store.periods.values()].filter((p) => p.seconds === seconds).length
  assert.deepEqual([stored(60), stored(600) >= 12, stored(3600) >= 1], [130, true, true])
  const hour = [...store.periods.values()].find((period) => period.seconds === 3600)!
  const okOf = (): number => {
    const sum = new GraphSum(0n)
    sum.addRows(store.periods.get(`3600 ${hour.startNanos}`)!.graph)
    return sum.nodes().find((node) => node.node.name === 'web')!.ok
  }
  const before = okOf()
  store.spans.push(
    segmentAt({
      traceId: 'f'.repeat(32),
      id: '1',
      name: 'web',
      start: Number(hour.startNanos / 1_000_000_000n) + 90,
      end: 0,
    }),
  )
  await job.run()
  assert.equal(okOf(), before + 1)
})

test('a busy minute is there by its slices before it has ended, and whole after', async () => {
  const store = new MemoryStore()
  for (let n = 0; n < 6000; n++)
    store.spans.push(
      segmentAt({
        traceId: (n + 1).toString(16).padStart(32, '0'),
        id: '1',
        name: 'web',
        start: START + (n % 500) / 20,
        end: START + 1,
      }),
    )
  let now = minute(0) + 25_000_000_000n
  const job = new GraphJob({ reader: store, writer: store, now: () => now, log: silentLogger })
  await job.run()
  assert.deepEqual([...store.periods.keys()].sort(), [`10 ${minute(0)}`, `10 ${minute(0) + 10_000_000_000n}`])
  const answer = async (): Promise<{ readonly ok: number; readonly behind: number }> => {
    const graph = await readServiceGraph(store, { startNanos: minute(0), endNanos: now })
    return { ok: graph.nodes.find((node) => node.key.name === 'web')!.statistics!.ok, behind: graph.behindSpans }
  }
  // The open slice is derived at the question, while it has few spans.
  assert.deepEqual(await answer(), { ok: 6000, behind: 0 })
  for (let n = 0; n < 5000; n++)
    store.spans.push(
      segmentAt({ traceId: 'f'.repeat(32), id: n.toString(16), name: 'web', start: START + 21, end: START + 22 }),
    )
  // With more it waits for the job, and so does the one before, which sees 2 s of it: the answer says that it lacks some.
  assert.deepEqual(await answer(), { ok: 4800, behind: 11_680 })
  now = minute(1) + 1_000_000_000n
  await job.run()
  assert.deepEqual(await answer(), { ok: 11_000, behind: 0 })
  assert.deepEqual(nodesOf(store, minute(0)), { web: 'root 11000' })
})

test('an hour that is older than its minutes is not used', async () => {
  const hour = secondsToNanos(START) - (secondsToNanos(START) % (60n * NANOS_PER_MINUTE))
  const at = (minutes: number): number => Number(hour / 1_000_000_000n) + minutes * 60
  const store = new MemoryStore(
    [1, 20, 40].map((n) =>
      segmentAt({ traceId: `${n}`[0]!.repeat(32), id: '1', name: 'web', start: at(n), end: at(n) + 1 }),
    ),
  )
  const now = hour + 70n * NANOS_PER_MINUTE
  await jobOver(store, now).run()
  assert.ok(store.periods.has(`3600 ${hour}`))
  store.spans.push(segmentAt({ traceId: '5'.repeat(32), id: '1', name: 'web', start: at(20) + 5, end: at(20) + 6 }))
  // A job that ends between the minute and its sum leaves this.
  const old = store.periods.get(`3600 ${hour}`)!
  await jobOver(store, now).run()
  assert.notEqual(store.periods.get(`3600 ${hour}`), old)
  store.periods.set(`3600 ${hour}`, { ...old, version: 2n ** 62n })
  const range = { startNanos: hour, endNanos: hour + 60n * NANOS_PER_MINUTE }
  const graph = await readServiceGraph(store, range)
  assert.equal(graph.nodes.find((node) => node.key.name === 'web')!.statistics!.ok, 4)
  await jobOver(store, now).run()
  assert.equal(store.periods.get(`3600 ${hour}`)!.spans, 4)
})

test('the lease is given back at the end, by who has it alone', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  for (const granted of [true, false]) {
    const asked: number[] = []
    const lease = async (seconds: number): Promise<boolean> => {
      asked.push(seconds)
      return granted
    }
    const job = new GraphJob({ reader: store, writer: store, now: () => minute(5), log: silentLogger, lease })
    await job.run()
    await job.stop()
    assert.equal(asked.includes(0), granted)
  }
})

test('a process without the lease computes nothing', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', start: START, end: START + 1 })])
  const job = new GraphJob({
    reader: store,
    writer: store,
    now: () => minute(5),
    log: silentLogger,
    lease: () => Promise.resolve(false),
  })
  await job.run()
  assert.equal(store.periods.size, 0)
})

test('stop may come twice', async () => {
  const store = new MemoryStore([segmentAt({ id: '1', name: 'web', start: START, end: START + 1 })])
  const job = jobOver(store, minute(9))
  job.start()
  await job.stop()
  await job.stop()
})

test('a copy sent again with times of another minute is counted there alone', async () => {
  const old = segmentAt({ id: '1', name: 'web', start: START + 50, end: START + 51 })
  const store = new MemoryStore([old])
  const job = jobOver(store, minute(9))
  await job.run()
  const newer = segmentAt({ id: '1', name: 'web', start: START + 130, end: START + 131 })
  store.spans.push({ ...newer, receivedNanos: old.receivedNanos + 1n })
  const range = { startNanos: minute(0), endNanos: minute(5) }
  const total = async (): Promise<number | undefined> => {
    const graph = await readServiceGraph(store, range)
    return graph.nodes.find((node) => node.key.name === 'web')?.statistics?.ok
  }
  assert.equal(await total(), 1)
  await job.run()
  assert.equal(await total(), 1)
  assert.deepEqual(nodesOf(store, minute(0)), {})
})
