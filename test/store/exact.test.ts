// What only a look into the tables themselves shows: rows counted in every view's target, the schema as it stands, and a
// server that goes and comes back.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { FnscopeError } from '../../packages/fnscope/src/errors.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { newSpanId, newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import { completeSpan, type Span } from '../../packages/fnscope/src/span/span.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import { Connection } from '../../packages/fnscope/src/store/connection.ts'
import { StoreError, type Store } from '../../packages/fnscope/src/store/store.ts'
import { OpenSpans } from '../../packages/fnscope/src/store/open-spans.ts'
import { readSpans } from '../../packages/fnscope/src/store/read-traces.ts'
import { columnName, INSERT_TABLES } from '../../packages/fnscope/src/store/tables.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'

const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
const log = silentLogger
const now = BigInt(Date.now()) * 1_000_000n

function span(input: Partial<Span>): Span {
  return completeSpan({
    traceId: newTraceId(Date.now() / 1000),
    spanId: newSpanId(),
    name: 'n',
    source: 'xray',
    service: 's',
    startNanos: now,
    endNanos: now + 1n,
    receivedNanos: now,
    rootRank: 0,
    annotations: { user: 'u', amount: 1, ok: true },
    ...input,
  })
}

function encodeSpans(store: Store, spans: readonly Span[]): Uint8Array {
  const batch = newBatch()
  for (const one of spans) pushSpan(batch.spans, one)
  return store.encode(batch)[0]!.bytes
}

suite('store over its tables', () => {
  let temp: TempEngine
  before(async () => {
    temp = await startTempEngine()
  })
  after(() => temp.stop())

  async function opened(database: string): Promise<{ store: Store; connection: Connection; close(): Promise<void> }> {
    const store = await openStore({ url: temp.url, database, retention, log })
    const connection = new Connection({ url: temp.url, database })
    return { store, connection, close: async () => void (await Promise.all([store.close(), connection.close()])) }
  }

  async function counts(connection: Connection): Promise<Record<string, number>> {
    const rows = ['spans', 'annotations', 'traces', 'roots'].map(async (table) => {
      const [row] = await connection.query<{ n: string }>(`SELECT count() AS n FROM ${connection.database}.${table}`)
      return [table, Number(row?.n)] as const
    })
    return Object.fromEntries(await Promise.all(rows))
  }

  test('joined blocks are one part, and a token again adds no row to any table or view', async () => {
    const { store, connection, close } = await opened('exact')
    const blocks = [7, 300, 1].map((rows) =>
      encodeSpans(
        store,
        Array.from({ length: rows }, () => span({})),
      ),
    )
    await store.insert('spans', blocks, 'one')
    const exact = { spans: 308, annotations: 924, traces: 308, roots: 308 }
    assert.deepEqual(await counts(connection), exact)
    const [parts] = await connection.query<{ n: string }>(
      "SELECT count() AS n FROM system.parts WHERE database = 'exact' AND table = 'spans' AND active",
    )
    assert.equal(parts?.n, '1')
    await store.insert('spans', blocks, 'one')
    const other = await opened('exact')
    await other.store.insert('spans', blocks, 'one')
    assert.deepEqual(await counts(connection), exact)
    await store.insert('spans', blocks, 'part', { from: 5, to: 9 })
    await other.store.insert('spans', blocks, 'part', { from: 5, to: 9 })
    assert.deepEqual(await counts(connection), { spans: 312, annotations: 936, traces: 312, roots: 312 })
    await other.close()
    await close()
  })

  test('an insert that a view failed in the middle is exact after its retry', async () => {
    const { store, connection, close } = await opened('failing')
    // The target of one view goes away: what is before it in the chain may have been written already.
    await connection.command('RENAME TABLE failing.annotations TO failing.away')
    const block = encodeSpans(
      store,
      Array.from({ length: 10 }, () => span({})),
    )
    await assert.rejects(store.insert('spans', [block], 'again'), { name: 'StoreError', retryable: true })
    await connection.command('RENAME TABLE failing.away TO failing.annotations')
    await store.insert('spans', [block], 'again')
    await store.insert('spans', [block], 'again')
    assert.deepEqual(await counts(connection), { spans: 10, annotations: 30, traces: 10, roots: 10 })
    await close()
  })

  test('dictionaries of every key width are read back, joined with narrower ones', async () => {
    const { store, connection, close } = await opened('widths')
    const blocks = [3, 300, 70_000].map((words) =>
      encodeSpans(
        store,
        Array.from({ length: words }, (_, i) => span({ name: `n${i}`, annotations: {}, rootRank: 255 })),
      ),
    )
    await store.insert('spans', blocks, 'widths')
    const rows = await connection.query<{ n: string; names: string; last: string }>(
      "SELECT count() AS n, uniqExact(name) AS names, countIf(name = 'n69999') AS last FROM widths.spans",
    )
    assert.deepEqual(rows, [{ n: '70303', names: '70000', last: '1' }])
    await close()
  })

  test('extreme numbers stand in the tables as they were', async () => {
    const { store, connection, close } = await opened('extremes')
    const most = 9_223_372_036_854_775_807n
    const one = span({ startNanos: now, endNanos: now + most, receivedNanos: -most })
    const backwards = span({ traceId: one.traceId, startNanos: now + 1n, endNanos: now })
    await store.insert('spans', [encodeSpans(store, [one, backwards])], 'extremes')
    assert.deepEqual(await store.readSpans([one.traceId]), [one, backwards])
    const rows = await connection.query('SELECT duration_nanos AS d FROM extremes.spans ORDER BY start_nanos')
    assert.deepEqual(rows, [{ d: String(most) }, { d: '18446744073709551615' }])
    await close()
  })

  test('of a trace too large for one answer the first rows come back, and the log says so', async () => {
    const { store, connection, close } = await opened('large')
    const traceId = newTraceId(Date.now() / 1000)
    const spans = [3n, 0n, 2n, 1n].map((offset) => span({ traceId, startNanos: now + offset, endNanos: now + 9n }))
    await store.insert('spans', [encodeSpans(store, spans)], 'large')
    const warnings: object[] = []
    const listening = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) }
    const openSpans = new OpenSpans(connection, true)
    const offsets = async (maxRows: number) =>
      (await readSpans(connection, [traceId], { log: listening, maxRows, openSpans })).map(
        (one) => one.startNanos - now,
      )
    assert.deepEqual(await offsets(4), [0n, 1n, 2n, 3n])
    assert.deepEqual(warnings, [])
    assert.deepEqual(await offsets(3), [0n, 1n, 2n])
    assert.deepEqual(warnings, [{ maxRows: 3, traceIds: [traceId] }])
    await close()
  })

  test('the tables have the columns that the writer sends, and the deduplication window, each of them', async () => {
    const { connection, close } = await opened('schema')
    for (const [table, types] of Object.entries(INSERT_TABLES)) {
      const columns = await connection.query<{ name: string; type: string }>(
        `SELECT name, type FROM system.columns
         WHERE database = {database:String} AND table = {table:String} AND default_kind = ''`,
        { database: 'schema', table },
      )
      const expected = Object.entries(types).map(([field, type]) => ({ name: columnName(field), type }))
      assert.deepEqual(columns, expected, table)
    }
    const tables = await connection.query<{ name: string; engine_full: string }>(
      "SELECT name, engine_full FROM system.tables WHERE database = 'schema' AND engine LIKE '%MergeTree' AND name NOT IN ('migrations', 'leases')",
    )
    assert.equal(tables.length, 14)
    for (const { name, engine_full: engine } of tables) {
      assert.match(engine, /non_replicated_deduplication_window = 10000/, name)
      assert.match(engine, /TTL .*toIntervalSecond\(\d+\)/, name)
      assert.match(engine, /ttl_only_drop_parts = 1/, name)
    }
    await close()
  })

  test('opening again changes nothing, another retention changes the TTLs of its signal', async () => {
    const { connection, close } = await opened('twice')
    const ages = async () => {
      const rows = await connection.query<{ name: string; age: string }>(
        `SELECT name, extract(engine_full, 'toIntervalSecond\\\\((\\\\d+)\\\\)') AS age FROM system.tables
         WHERE database = 'twice' AND name IN ('spans', 'graph', 'logs', 'metrics', 'open_spans') ORDER BY name`,
      )
      return Object.fromEntries(rows.map(({ name, age }) => [name, Number(age) / 86_400]))
    }
    const applied = () => connection.query('SELECT * FROM twice.migrations ORDER BY version')
    const first = await applied()
    const again = await opened('twice')
    assert.deepEqual(await applied(), first)
    assert.deepEqual(await ages(), { graph: 7, logs: 7, metrics: 7, open_spans: 2, spans: 7 })
    const longer = await openStore({
      url: temp.url,
      database: 'twice',
      retention: { ...retention, logsDays: 0.5 },
      log,
    })
    assert.deepEqual(await ages(), { graph: 7, logs: 0.5, metrics: 7, open_spans: 2, spans: 7 })
    await Promise.all([longer.close(), again.close(), close()])
  })

  test('a database of a newer program, or with another schema under a known number, is refused', async () => {
    const { connection, close } = await opened('newer')
    const open = () => openStore({ url: temp.url, database: 'newer', retention, log })
    await connection.command("INSERT INTO newer.migrations VALUES (900, 'later', '', now64(3))")
    await assert.rejects(
      open(),
      (error) => error instanceof FnscopeError && /migration 900 \(later\)/.test(error.message),
    )
    await connection.command('ALTER TABLE newer.migrations DELETE WHERE version = 900 SETTINGS mutations_sync = 1')
    await (await open()).close()
    await connection.command(
      "ALTER TABLE newer.migrations UPDATE checksum = 'x' WHERE version = 1 SETTINGS mutations_sync = 1",
    )
    await assert.rejects(open(), { code: 'FNS_STORE_REFUSED' })
    await close()
  })

  test('a server that is not there, and a wrong password, are told apart and neither tells the password', async () => {
    const there = new URL(temp.url)
    const open = (url: URL) => openStore({ url: url.href, retention, log })
    const nobody = new URL('http://someone:secret-word@127.0.0.1:1/fnscope')
    await assert.rejects(open(nobody), (error) => {
      assert.ok(error instanceof FnscopeError)
      assert.equal(error.code, 'FNS_STORE_UNREACHABLE')
      assert.match(error.message, /127\.0\.0\.1:1/)
      assert.doesNotMatch(error.message, /secret-word/)
      return true
    })
    there.password = 'secret-word'
    await assert.rejects(open(there), (error) => {
      assert.ok(error instanceof FnscopeError)
      assert.equal(error.code, 'FNS_STORE_REFUSED')
      assert.doesNotMatch(error.message, /secret-word/)
      return true
    })
  })

  test('a URL that cannot be one, and a database name that is none, are usage errors', async () => {
    for (const url of ['nonsense', 'tcp://h:9000', `${temp.url.replace(/\/$/, '')}/a;b`])
      await assert.rejects(openStore({ url, retention, log }), { code: 'FNS_USAGE' })
  })

  test('while the server is away calls fail as retryable, and go on where it comes back, on another port', async () => {
    const first = await startTempEngine()
    let current = first
    const store = await openStore({ url: () => current.url, retention, log })
    const block = encodeSpans(store, [span({})])
    await store.insert('spans', [block], 'a')
    await first.stop()
    await assert.rejects(store.insert('spans', [block], 'b'), { name: 'StoreError', retryable: true })
    await assert.rejects(store.readSpans([newTraceId(1)]), { name: 'StoreError', retryable: true })
    await assert.rejects(store.ping(500), StoreError)
    current = temp
    await (await openStore({ url: temp.url, retention, log })).close()
    await store.insert('spans', [block], 'b')
    await store.ping(2000)
    await store.close()
  })
})
