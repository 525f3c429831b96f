// A store over two shards as several processes see it: tables made once, a node that is killed and comes back, answers
// that lack a shard, leases.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { newSpanId, newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import { completeSpan } from '../../packages/fnscope/src/span/span.ts'
import { openStore, type OpenStoreOptions } from '../../packages/fnscope/src/store/connect.ts'
import { Connection } from '../../packages/fnscope/src/store/connection.ts'
import type { Store } from '../../packages/fnscope/src/store/store.ts'
import { eventually } from '../started-fnscope.ts'
import { startRig, type Rig } from './clickhouse-rig.ts'

const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
const log = silentLogger
const now = BigInt(Date.now()) * 1_000_000n

/** A killed server is back in seconds; on a machine at a load of 20, in a minute. */
const PATIENCE_MS = 120_000

/** One span a trace, each with an annotation; and the blocks that hold them. */
function spansOf(store: Store, count: number): { readonly ids: readonly string[]; readonly block: Uint8Array } {
  const batch = newBatch()
  const ids = Array.from({ length: count }, () => newTraceId(Date.now() / 1000))
  for (const traceId of ids)
    pushSpan(
      batch.spans,
      completeSpan({
        traceId,
        spanId: newSpanId(),
        name: 'n',
        source: 'xray',
        service: 's',
        startNanos: now,
        endNanos: now + 1n,
        receivedNanos: now,
        rootRank: 0,
        annotations: { user: 'u' },
      }),
    )
  return { ids, block: store.encode(batch)[0]!.bytes }
}

suite('a store over two shards', { timeout: 600_000 }, () => {
  let rig: Rig
  let store: Store
  let connection: Connection
  let options: OpenStoreOptions
  before(async () => {
    rig = await startRig()
    options = { url: rig.urls, cluster: rig.cluster, retention, log }
    store = await openStore(options)
    connection = new Connection({ ...options, url: rig.urls, database: 'fnscope' })
  })
  after(async () => {
    await store.close()
    await connection.close()
    await rig[Symbol.asyncDispose]()
  })

  async function count(table: string): Promise<number> {
    const [row] = await connection.whole().query<{ n: string }>(`SELECT count() AS n FROM fnscope.${table}`)
    return Number(row?.n)
  }

  async function untilWhole(): Promise<void> {
    await eventually(async () => {
      const gaps = store.watchGaps()
      await store.readSpans([newTraceId(1)])
      return gaps().length === 0 || undefined
    }, PATIENCE_MS)
  }

  test('each shard holds whole traces, with the rows of the views beside them', async () => {
    const { ids, block } = spansOf(store, 400)
    await store.insert('spans', [block], randomUUID())
    for (const table of ['spans', 'annotations', 'traces', 'roots']) {
      const shards = await connection.query<{ shard: number; n: string; own: string }>(
        `SELECT _shard_num AS shard, count() AS n, countIf(cityHash64(trace_id) % 2 + 1 = _shard_num) AS own
         FROM fnscope.${table} GROUP BY shard ORDER BY shard`,
      )
      assert.equal(shards.length, 2, table)
      for (const { n, own } of shards) assert.equal(n, own, table)
      assert.equal(
        shards.reduce((sum, { n }) => sum + Number(n), 0),
        ids.length,
        table,
      )
    }
  })

  test('four processes that open an empty database at once make one schema', async () => {
    const database = 'raced'
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ ...options, database })))
    const { block } = spansOf(store, 10)
    await Promise.all(stores.map((one) => one.insert('spans', [block], 'same')))
    for (const one of stores) await one.close()
    for (const node of rig.nodes) {
      const own = new Connection({ url: node.url, database })
      const rows = await own.query<{ versions: readonly number[] }>(
        `SELECT arraySort(groupArray(version)) AS versions FROM ${database}.migrations`,
      )
      const [{ versions }] = rows as [{ versions: readonly number[] }]
      assert.deepEqual(versions, [...new Set(versions)], 'each migration is written down once')
      const [spans] = await own.query<{ n: string }>(`SELECT count() AS n FROM ${database}.spans`)
      assert.equal(spans?.n, '10')
      await own.close()
    }
  })

  test('a node without its URL named, and a cluster that is none, are refused with what to do', async () => {
    const one = rig.nodes[0]!.url
    await assert.rejects(openStore({ ...options, url: one, database: 'half' }), {
      code: 'FNS_STORE_REFUSED',
      message: /"rig" has 2 servers.*HTTP URL of each.*it has 1/,
    })
    await assert.rejects(openStore({ ...options, cluster: 'elsewhere' }), {
      code: 'FNS_STORE_REFUSED',
      message: /no cluster "elsewhere".*rig/,
    })
    const { cluster: _, ...without } = options
    await assert.rejects(openStore(without), { code: 'FNS_USAGE', message: /--cluster NAME/ })
  })

  test('one URL is enough where the tables are there already', async () => {
    const other = await openStore({ ...options, url: rig.nodes[1]!.url })
    assert.deepEqual(await other.readSpans([newTraceId(1)]), [])
    await other.close()
  })

  test('of many that want a lease one has it, until it is given back', async () => {
    const others = await Promise.all([openStore(options), openStore(options)])
    const all = [store, ...others, store, ...others]
    const taken = await Promise.all(all.map((one, i) => one.lease('job', `holder ${i}`, 60)))
    assert.equal(taken.filter(Boolean).length, 1, String(taken))
    const winner = `holder ${taken.indexOf(true)}`
    assert.equal(await store.lease('job', winner, 60), true, 'renewed')
    assert.equal(await store.lease('job', 'late', 60), false)
    assert.equal(await store.lease('job', 'late', 0), false, 'gives nothing back that is not its own')
    assert.equal(await store.lease('job', winner, 0), false)
    assert.equal(await store.lease('job', 'late', 60), true)
    await Promise.all(others.map((one) => one.close()))
  })

  test('a lease that nobody renews is over after its time', async () => {
    assert.equal(await store.lease('short', 'gone', 1), true)
    assert.equal(await store.lease('short', 'next', 60), false)
    await eventually(async () => (await store.lease('short', 'next', 60)) || undefined)
  })

  test('without a shard, answers come from the other and say so; whole answers are refused', async () => {
    const { ids, block } = spansOf(store, 200)
    await store.insert('spans', [block], randomUUID())
    const healthy = store.watchGaps()
    assert.equal((await store.readSpans(ids)).length, 200)
    assert.deepEqual(healthy(), [])
    await rig.nodes[1]!.kill()
    const gaps = store.watchGaps()
    const some = await store.readSpans(ids)
    assert.ok(some.length > 50 && some.length < 150, `${some.length} of 200`)
    assert.deepEqual(gaps(), [`shard 2 of 2 (${rig.nodes[1]!.native})`])
    await assert.rejects(store.whole.readSpans(ids), { name: 'StoreError', retryable: true })
    await assert.rejects(store.insert('spans', [block], randomUUID()), { name: 'StoreError', retryable: true })
    const second = await openStore(options)
    assert.equal((await second.readSpans(ids)).length, some.length, 'a process may start while a node is away')
    await second.close()
    await rig.nodes[1]!.start()
    await untilWhole()
    assert.equal((await store.readSpans(ids)).length, 200)
  })

  test('inserts go on through every kill of either node, and each row is there once', async () => {
    const before = await count('spans')
    const stores = [store, await openStore(options)]
    const all = { ids: [] as string[], retries: 0, done: false }
    const send = async (one: Store): Promise<void> => {
      while (!all.done) {
        const { ids, block } = spansOf(one, 500)
        const token = randomUUID()
        for (;;) {
          try {
            await one.insert('spans', [block], token)
            break
          } catch (error) {
            assert.equal((error as { retryable?: boolean }).retryable, true, String(error))
            all.retries += 1
            await delay(50)
          }
        }
        all.ids.push(...ids)
      }
    }
    const senders = Promise.all(stores.map(send))
    const kills = async (): Promise<void> => {
      for (const victim of [1, 0, 1, 0]) {
        const sent = all.ids.length
        await eventually(async () => all.ids.length > sent + 3000 || undefined, PATIENCE_MS)
        await rig.nodes[victim]!.kill()
        const { retries } = all
        await eventually(async () => all.retries > retries || undefined, PATIENCE_MS)
        await rig.nodes[victim]!.start()
      }
    }
    await Promise.race([kills(), senders]).finally(() => (all.done = true))
    await senders
    await untilWhole()
    for (const table of ['spans', 'annotations', 'traces', 'roots'])
      assert.equal((await count(table)) - before, all.ids.length, table)
    const listed = await store.traceIdsStarting({ startNanos: now, endNanos: now + 1n }, 10_000_000)
    assert.equal(listed.length, before + all.ids.length)
    await stores[1]!.close()
  })
})
