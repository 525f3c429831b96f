// The service graph over a real engine: what two jobs on one store leave, what a question derives by itself, and a store
// in memory that is derived whole give the same answer, whatever the order in which spans come.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { GraphJob } from '../../packages/fnscope/src/query/graph-job.ts'
import { MemoryStore } from '../../packages/fnscope/src/query/memory-store.ts'
import { readServiceGraph, type ServiceGraph } from '../../packages/fnscope/src/query/service-graph.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import { completeSpan, type Span } from '../../packages/fnscope/src/span/span.ts'
import { NANOS_PER_MINUTE } from '../../packages/fnscope/src/span/time.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import type { Store } from '../../packages/fnscope/src/store/store.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'

const HOUR = 60n * NANOS_PER_MINUTE
/** The start of an hour of yesterday. */
const BASE = ((BigInt(Date.now()) * 1_000_000n) / HOUR) * HOUR - 24n * HOUR

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Traces over some minutes of an hour: nested, orphaned, answered late, in rings, sent twice, with calls of all kinds. */
function randomSpans(seed: number, traces: number): Span[] {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const hex = (value: number, digits: number): string => Math.floor(value).toString(16).padStart(digits, '0')
  const spans: Span[] = []
  for (let t = 0; t < traces; t++) {
    const traceId = `${hex(random() * 2 ** 32, 8)}${hex(seed, 8)}${hex(t, 16)}`
    const began = random() * 400e9
    const length = pick([1e9, 5e9, 40e9, 200e9])
    const size = 1 + Math.floor(random() * 10)
    for (let i = 1; i <= size; i++) {
      const segment = i === 1 || random() < 0.3
      const startNanos = BASE + BigInt(seed) * HOUR + BigInt(Math.floor(began + (i === 1 ? 0 : random() * length)))
      const parent = i === 1 ? 0 : 1 + Math.floor(random() * (random() < 0.9 ? i - 1 : size + 1))
      const span = completeSpan({
        traceId,
        spanId: hex(i, 16),
        ...(parent > 0 ? { parentId: hex(parent, 16) } : {}),
        startNanos,
        endNanos: startNanos + BigInt(Math.floor(random() * length)),
        kind: Math.floor(random() * 6),
        name: pick(['a', 'b', 'c']),
        source: 'xray',
        service: segment ? pick(['web', 'api', 'db']) : '',
        segment,
        rootRank: segment ? (parent === 0 ? 0 : 1) : 255,
        ...(random() < 0.4 ? { namespace: pick(['aws', 'remote', 'local']) } : {}),
        ...(!segment && random() < 0.6 ? { peer: { name: pick(['table', 'queue']), type: 'remote' } } : {}),
        error: random() < 0.2,
        fault: random() < 0.2,
        receivedNanos: BASE + BigInt(spans.length),
      })
      spans.push(span)
      if (random() < 0.1) spans.push({ ...span, fault: !span.fault, receivedNanos: span.receivedNanos + 1_000_000n })
    }
  }
  return spans.sort(() => random() - 0.5)
}

async function put(store: Store, spans: readonly Span[]): Promise<void> {
  const batch = newBatch()
  for (const span of spans) pushSpan(batch.spans, span)
  for (const block of store.encode(batch))
    await store.insert(block.table, [block.bytes], globalThis.crypto.randomUUID())
}

/** The graph without what depends on the order of adding only: nothing. Plain data, to compare. */
function plain(graph: ServiceGraph): unknown {
  return JSON.parse(
    JSON.stringify(graph, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : ArrayBuffer.isView(value) ? [...(value as Uint16Array)] : value,
    ),
  )
}

suite('the service graph over an engine', () => {
  let temp: TempEngine
  let store: Store
  before(async () => {
    temp = await startTempEngine()
    const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
    store = await openStore({ url: temp.url, retention, log: silentLogger })
  })
  after(async () => {
    await store.close()
    await temp.stop()
  })

  const jobOver = (over: Store): GraphJob =>
    new GraphJob({
      reader: over.whole,
      writer: over,
      now: () => BigInt(Date.now()) * 1_000_000n,
      log: silentLogger,
    })

  test('is the same whether it is computed live, by two jobs at once, or partly by each', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const spans = randomSpans(seed, 40)
      const [first, second] = [jobOver(store), jobOver(store)]
      const half = Math.floor(spans.length / 2)
      await put(store, spans.slice(0, half))
      await Promise.all([first.run(), second.run()])
      for (let from = half; from < spans.length; from += 20) await put(store, spans.slice(from, from + 20))
      const memory = new MemoryStore(spans)
      const hour = BASE + BigInt(seed) * HOUR
      const ranges = [
        { startNanos: hour, endNanos: hour + HOUR },
        { startNanos: hour + 47_000_000_001n, endNanos: hour + 3n * NANOS_PER_MINUTE + 13n },
        { startNanos: hour + 61_000_000_000n, endNanos: hour + 62_500_000_000n },
      ]
      const expected = await Promise.all(ranges.map((range) => readServiceGraph(memory, range)))
      assert.ok(expected[0]!.nodes.length >= 5)
      for (const [i, range] of ranges.entries())
        assert.deepEqual(plain(await readServiceGraph(store, range)), plain(expected[i]!), `seed ${seed}, live, ${i}`)
      await Promise.all([first.run(), second.run()])
      await second.run()
      assert.deepEqual(await store.graphMinutes({ startNanos: hour, endNanos: hour + HOUR }), [])
      for (const [i, range] of ranges.entries())
        assert.deepEqual(plain(await readServiceGraph(store, range)), plain(expected[i]!), `seed ${seed}, stored, ${i}`)
    }
  })
})
