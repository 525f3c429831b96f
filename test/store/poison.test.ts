// One hostile request in a segment of others, at the real engine: whatever it refuses, the others' spans are all stored.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { Counters } from '../../packages/fnscope/src/counters.ts'
import { openIngest, type OpenIngestOptions } from '../../packages/fnscope/src/ingest/open-ingest.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { newSpanId, newTraceId } from '../../packages/fnscope/src/span/id.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import { completeSpan } from '../../packages/fnscope/src/span/span.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import { Connection } from '../../packages/fnscope/src/store/connection.ts'
import { takeDataLock } from '../../packages/fnscope/src/store/engine-lock.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'

type IngestWriter = OpenIngestOptions['writer']

const NANOS_PER_DAY = 86_400_000_000_000n

/** Spans of one service, the first of them `daysAgo`. */
function request(service: string, daysAgo: readonly number[]) {
  const batch = newBatch()
  const now = BigInt(Date.now()) * 1_000_000n
  for (const days of daysAgo) {
    const startNanos = now - BigInt(days) * NANOS_PER_DAY
    const traceId = newTraceId(Date.now() / 1000)
    pushSpan(
      batch.spans,
      completeSpan({
        traceId,
        spanId: newSpanId(),
        name: 'n',
        source: 'otlp',
        service,
        startNanos,
        endNanos: startNanos + 1n,
        receivedNanos: now,
        rootRank: 0,
      }),
    )
  }
  return batch
}

suite('a hostile request among others', () => {
  let temp: TempEngine
  before(async () => {
    temp = await startTempEngine()
  })
  after(() => temp.stop())

  /** What of each service is stored after all requests went into one segment, and what was counted as dropped. */
  async function storedOf(
    t: TestContext,
    database: string,
    requests: readonly ReturnType<typeof request>[],
    change: (writer: IngestWriter) => IngestWriter = (writer) => writer,
  ) {
    const retention = { spansDays: 1000, logsDays: 7, metricsDays: 7 }
    const store = await openStore({ url: temp.url, database, retention, log: silentLogger })
    const connection = new Connection({ url: temp.url, database })
    const dir = mkdtempSync(join(tmpdir(), 'fnscope-poison-'))
    const counters = new Counters()
    const ingest = await openIngest({
      dir,
      writer: change(store),
      counters,
      log: silentLogger,
      maxBytes: 1e9,
      lock: takeDataLock,
    })
    t.after(async () => {
      await ingest.close()
      await Promise.all([store.close(), connection.close()])
      rmSync(dir, { recursive: true, force: true })
    })
    await Promise.all(requests.map((batch) => ingest.accept(batch)))
    await ingest.flushed()
    const rows = await connection.query<{ service: string; n: string }>(
      `SELECT service, count() AS n FROM ${database}.spans GROUP BY service ORDER BY service`,
    )
    const poisoned = (await counters.poisoned.get()).values.map(({ value }) => value)
    return { stored: Object.fromEntries(rows.map(({ service, n }) => [service, Number(n)])), poisoned }
  }

  test('bytes that are no block fail the request that they came of alone', async (t) => {
    const requests = [request('a', [0, 0]), request('hostile', [0, 0, 0]), request('b', [0]), request('c', [0, 0])]
    const cut = (writer: IngestWriter): IngestWriter => ({
      encode: (batch) =>
        writer
          .encode(batch)
          .map((block) => (batch === requests[1] ? { ...block, bytes: block.bytes.subarray(0, -40) } : block)),
      insert: (...call) => writer.insert(...call),
      recycle: (blocks) => writer.recycle(blocks),
    })
    const { stored, poisoned } = await storedOf(t, 'cut', requests, cut)
    assert.deepEqual(stored, { a: 2, b: 1, c: 2 })
    assert.deepEqual(poisoned, [3])
  })

  test('spans of more days than one insert may have are stored all the same, with those beside them', async (t) => {
    const days = Array.from({ length: 150 }, (_, day) => day)
    const { stored, poisoned } = await storedOf(t, 'days', [request('a', [0]), request('hostile', days), request('b', [0])]) // prettier-ignore
    assert.deepEqual(stored, { a: 1, b: 1, hostile: 150 })
    assert.deepEqual(poisoned, [])
  })
})
