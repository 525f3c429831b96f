// The write-ahead log from accept to the store, with real files and a small store that honours tokens.
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { Counters } from '../../packages/fnscope/src/counters.ts'
import { FnscopeError } from '../../packages/fnscope/src/errors.ts'
import { StoreError } from '../../packages/fnscope/src/store/store.ts'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { count, openLog, segmentFiles, tempDir } from './open-log.ts'
import { batchOf, refuseRows, storeDown, TokenWriter } from './token-writer.ts'

/** Less than segments gather while data keeps coming. */
const SOON_MS = 600

/** A log that holds these batches in one segment a batch, none of them stored. */
async function leaveSegments(t: TestContext, batches: readonly (readonly string[])[]): Promise<string> {
  const dir = tempDir(t)
  for (const rows of batches) {
    const writer = new TokenWriter()
    writer.before = storeDown
    const ingest = await openLog({ dir, writer })
    await ingest.accept(batchOf(rows))
    await ingest.close({ drainMs: 0 })
  }
  assert.equal(segmentFiles(dir).length, batches.length)
  return dir
}

test('a lone batch is stored without any further call, and its segment removed', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  const stored = Promise.withResolvers<number>()
  const ingest = await openLog({ dir, writer })
  t.after(() => ingest.close())
  const startMillis = performance.now()
  writer.after = () => stored.resolve(performance.now() - startMillis)
  await ingest.accept(batchOf(['a']))
  const latencyMs = await stored.promise
  assert.ok(latencyMs < 10_000, `stored after ${latencyMs} ms`)
  t.diagnostic(`accept to stored: ${latencyMs.toFixed(1)} ms`)
  await ingest.flushed()
  assert.deepEqual(segmentFiles(dir), [])
})

test('while batches keep coming inserts become fewer; after a pause the next is soon stored', async (t) => {
  const writer = new TokenWriter()
  const ingest = await openLog({ dir: tempDir(t), writer })
  t.after(() => ingest.close())
  const end = performance.now() + 1500
  let sent = 0
  while (performance.now() < end) {
    await ingest.accept(batchOf(Array.from({ length: 20 }, () => String(sent++))))
    await delay(5)
  }
  await ingest.flushed()
  assert.equal(writer.rows('logs').length, sent)
  // One each 50 ms would be 30.
  assert.ok(writer.calls.length <= 10, `${writer.calls.length} inserts`)
  // The best of some: the machine may stand still in any of them.
  const latencies: number[] = []
  for (let round = 0; round < 5 && !latencies.some((ms) => ms < SOON_MS); round++) {
    await delay(400)
    const stored = Promise.withResolvers<void>()
    const startMillis = performance.now()
    writer.after = () => stored.resolve()
    await ingest.accept(batchOf([`late ${round}`]))
    await stored.promise
    latencies.push(performance.now() - startMillis)
  }
  assert.ok(Math.min(...latencies) < SOON_MS, `stored after ${latencies.join(', ')} ms`)
})

test('batches of one moment go in one insert a table, documents first, under the segment’s token', async (t) => {
  const writer = new TokenWriter()
  const ingest = await openLog({ dir: tempDir(t), writer })
  t.after(() => ingest.close())
  await Promise.all([ingest.accept(batchOf(['a'], ['1'])), ingest.accept(batchOf(['b'], ['2']))])
  await ingest.flushed()
  assert.deepEqual(
    writer.calls.map(({ table, rows }) => ({ table, rows })),
    [
      { table: 'documents', rows: ['1', '2'] },
      { table: 'logs', rows: ['a', 'b'] },
    ],
  )
  const [documents, logs] = writer.calls
  assert.match(documents!.token, /^[0-9a-f-]{36}-\d+-documents$/)
  assert.equal(logs!.token, documents!.token.replace('documents', 'logs'))
})

test('a segment is closed at 150 000 rows though an insert is in flight', async (t) => {
  const writer = new TokenWriter()
  const gate = Promise.withResolvers<void>()
  const inFlight = Promise.withResolvers<void>()
  writer.before = () => {
    inFlight.resolve()
    return gate.promise
  }
  const ingest = await openLog({ dir: tempDir(t), writer })
  t.after(() => ingest.close())
  await ingest.accept(batchOf(['first']))
  await inFlight.promise
  const rows = Array.from({ length: 50_000 }, (_, row) => String(row))
  for (let batch = 0; batch < 5; batch++) await ingest.accept(batchOf(rows))
  gate.resolve()
  await ingest.flushed()
  assert.deepEqual(
    writer.calls.map((call) => call.rows.length),
    [1, 150_000, 100_000],
  )
})

test('flushed does not wait for batches accepted after it', async (t) => {
  const writer = new TokenWriter()
  const gate = Promise.withResolvers<void>()
  const ingest = await openLog({ dir: tempDir(t), writer })
  t.after(() => ingest.close())
  writer.before = ({ rows }) => (rows.includes('late') ? gate.promise : undefined)
  const early = ingest.accept(batchOf(['early']))
  const flushed = ingest.flushed()
  await early
  await flushed
  await ingest.accept(batchOf(['late']))
  assert.deepEqual(writer.rows('logs'), ['early'])
  gate.resolve()
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs'), ['early', 'late'])
})

test('an insert that may succeed later is tried again under its token and counted', async (t) => {
  const writer = new TokenWriter()
  const counters = new Counters()
  let failures = 2
  // The second failure comes after the store took the rows: the answer was lost.
  writer.before = () => void (failures-- === 2 && storeDown())
  writer.after = () => void (failures === 0 && storeDown())
  const ingest = await openLog({ dir: tempDir(t), writer, counters })
  t.after(() => ingest.close())
  await ingest.accept(batchOf(['a']))
  await ingest.flushed()
  assert.equal(new Set(writer.calls.map((call) => call.token)).size, 1)
  assert.equal(writer.calls.length, 3)
  assert.deepEqual(writer.rows('logs'), ['a'])
  assert.equal(await count(counters.insertRetries), 2)
})

test('an error that is no StoreError loses nothing', async (t) => {
  const writer = new TokenWriter()
  writer.before = () => {
    if (writer.calls.length === 1) throw new TypeError('fetch failed')
  }
  const ingest = await openLog({ dir: tempDir(t), writer })
  t.after(() => ingest.close())
  await ingest.accept(batchOf(['a']))
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs'), ['a'])
})

test('one row that the store refuses is dropped and counted, its neighbours are stored once', async (t) => {
  const writer = new TokenWriter()
  const counters = new Counters()
  writer.before = refuseRows((row) => row === '637')
  const ingest = await openLog({ dir: tempDir(t), writer, counters })
  t.after(() => ingest.close())
  const rows = Array.from({ length: 1000 }, (_, row) => String(row))
  await ingest.accept(batchOf(rows, ['d']))
  await ingest.flushed()
  assert.deepEqual(
    writer.rows('logs').sort((a, b) => Number(a) - Number(b)),
    rows.filter((row) => row !== '637'),
  )
  assert.deepEqual(writer.rows('documents'), ['d'])
  assert.equal(await count(counters.poisoned, { table: 'logs' }), 1)
  assert.equal(await count(counters.stored, { table: 'logs' }), 999)
  assert.ok(writer.calls.length < 30, `${writer.calls.length} inserts`)
})

test('a request that cannot be read is dropped alone, those beside it in the segment are stored', async (t) => {
  const writer = new TokenWriter()
  const counters = new Counters()
  const encode = writer.encode.bind(writer)
  writer.encode = (batch) =>
    encode(batch).map((made) => (batch.logs[0]?.body === 'hostile' ? { ...made, bytes: Buffer.from('["cut') } : made))
  const insert = writer.insert.bind(writer)
  writer.insert = async (...call) => {
    try {
      await insert(...call)
    } catch (error) {
      if (error instanceof SyntaxError) throw new StoreError('cannot read all data', { retryable: false, code: 33 })
      throw error
    }
  }
  const ingest = await openLog({ dir: tempDir(t), writer, counters })
  t.after(() => ingest.close())
  await Promise.all([['a', 'b'], ['hostile', 'x'], ['c'], ['d', 'e']].map((rows) => ingest.accept(batchOf(rows))))
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs').sort(), ['a', 'b', 'c', 'd', 'e'])
  assert.equal(await count(counters.poisoned, { table: 'logs' }), 2)
})

test('an insert that the store has no memory for is halved instead of tried for ever', async (t) => {
  const writer = new TokenWriter()
  const counters = new Counters()
  writer.before = ({ rows }) => {
    if (rows.length > 2) throw new StoreError('memory limit exceeded', { retryable: true, code: 241 })
  }
  const ingest = await openLog({ dir: tempDir(t), writer, counters })
  t.after(() => ingest.close())
  await Promise.all([['a', 'b'], ['c'], ['d', 'e']].map((rows) => ingest.accept(batchOf(rows))))
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs').sort(), ['a', 'b', 'c', 'd', 'e'])
  assert.equal(await count(counters.poisoned), 0)
})

test('halves stored before a crash are not stored again when the store changes its mind', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  const hanging = Promise.withResolvers<void>()
  const refuse = refuseRows((row) => row === '7')
  writer.before = (call) => {
    if (writer.calls.length <= 2) return refuse(call)
    hanging.resolve()
    return new Promise(() => undefined)
  }
  const first = await openLog({ dir, writer })
  const rows = Array.from({ length: 8 }, (_, row) => String(row))
  await first.accept(batchOf(rows))
  await hanging.promise
  await first.close({ drainMs: 0 })
  assert.deepEqual(writer.rows('logs'), ['0', '1', '2', '3'])

  writer.before = () => undefined
  const second = await openLog({ dir, writer })
  await second.flushed()
  await second.close()
  assert.deepEqual(writer.rows('logs'), rows)
})

test('a segment of which nothing is taken is set aside, counted in the bound, and the next one is stored', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  const counters = new Counters()
  writer.before = refuseRows((row) => row.startsWith('bad'))
  const ingest = await openLog({ dir, writer, counters })
  t.after(() => ingest.close())
  await ingest.accept(batchOf(Array.from({ length: 500 }, (_, row) => `bad${row}`)))
  await ingest.flushed()
  await ingest.accept(batchOf(['good']))
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs'), ['good'])
  assert.equal(await count(counters.poisoned), 500)
  const [aside] = readdirSync(dir).filter((name) => name.endsWith('.refused'))
  assert.ok(aside !== undefined)
  assert.equal((await counters.walBytes.get()).values[0]?.value, statSync(join(dir, aside)).size)
})

test('what close leaves is stored by the next process, under the same token', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  writer.before = storeDown
  const first = await openLog({ dir, writer })
  await first.accept(batchOf(['a']))
  await first.close({ drainMs: 100 })
  await assert.rejects(first.accept(batchOf(['b'])), IngestFullError)
  const tokens = new Set(writer.calls.map((call) => call.token))

  writer.before = () => undefined
  const second = await openLog({ dir, writer })
  await second.close()
  assert.deepEqual(writer.rows('logs'), ['a'])
  assert.deepEqual(new Set(writer.calls.map((call) => call.token)), tokens)
  assert.deepEqual(segmentFiles(dir), [])
})

test('a tail that a crash tore is cut at any byte: its batch goes whole, the ones before it stay', async (t) => {
  const dir = tempDir(t)
  const down = new TokenWriter()
  down.before = storeDown
  const ingest = await openLog({ dir, writer: down })
  await ingest.accept(batchOf(['a', 'b'], ['1']))
  const [path] = segmentFiles(dir) as [string]
  const wholeBytes = statSync(path).size
  const second = ingest.accept(batchOf(['c'], ['2']))
  await second
  await ingest.close({ drainMs: 0 })
  const [kept] = segmentFiles(dir) as [string]
  assert.equal(kept, path)
  const file = readFileSync(path)
  for (let length = wholeBytes; length < file.length; length += 3) {
    writeFileSync(path, file)
    truncateSync(path, length)
    const writer = new TokenWriter()
    const counters = new Counters()
    const replay = await openLog({ dir, writer, counters })
    await replay.flushed()
    await replay.close()
    assert.deepEqual([writer.rows('logs'), writer.rows('documents')], [['a', 'b'], ['1']])
    assert.equal(await count(counters.dropped, { reason: 'torn_tail' }), length === wholeBytes ? 0 : 1)
  }
})

test('a corrupt segment file is set aside and blocks no other', async (t) => {
  const dir = await leaveSegments(t, [['a'], ['b'], ['c']])
  const [, middle] = segmentFiles(dir) as [string, string]
  writeFileSync(middle, 'not a segment at all')
  const writer = new TokenWriter()
  const counters = new Counters()
  const ingest = await openLog({ dir, writer, counters })
  await ingest.flushed()
  await ingest.close()
  assert.deepEqual(writer.rows('logs'), ['a', 'c'])
  assert.equal(await count(counters.dropped, { reason: 'corrupt_segment' }), 1)
  assert.equal(readFileSync(`${middle}.corrupt`, 'utf8'), 'not a segment at all')
})

test('garbage behind the records does not hide them', async (t) => {
  const dir = await leaveSegments(t, [['a']])
  appendFileSync(segmentFiles(dir)[0]!, Buffer.alloc(4096))
  const writer = new TokenWriter()
  const ingest = await openLog({ dir, writer })
  await ingest.flushed()
  await ingest.close()
  assert.deepEqual(writer.rows('logs'), ['a'])
})

test('a log at its bound refuses, keeps what it took, and takes again when there is room', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  let down = true
  writer.before = () => void (down && storeDown())
  const ingest = await openLog({ dir, writer, maxBytes: 4096 })
  t.after(() => ingest.close())
  const accepted: string[] = []
  const error = await (async () => {
    for (let row = 0; row < 100; row++) {
      const body = `${row}-${'x'.repeat(200)}`
      try {
        await ingest.accept(batchOf([body]))
      } catch (thrown) {
        return thrown
      }
      accepted.push(body)
    }
  })()
  assert.ok(error instanceof IngestFullError)
  assert.ok(accepted.length > 5 && accepted.length < 20)
  down = false
  await ingest.flushed()
  await ingest.accept(batchOf(['after']))
  await ingest.flushed()
  assert.deepEqual(writer.rows('logs'), [...accepted, 'after'])
})

test('the directory is for its owner alone, and so are the files', async (t) => {
  const dir = join(tempDir(t), 'deep', 'wal')
  const writer = new TokenWriter()
  writer.before = storeDown
  const ingest = await openLog({ dir, writer })
  t.after(() => ingest.close({ drainMs: 0 }))
  await ingest.accept(batchOf(['a']))
  assert.equal(statSync(dir).mode & 0o777, 0o700)
  assert.equal(statSync(segmentFiles(dir)[0]!).mode & 0o777, 0o600)
})

test('a second log on the directory is refused until the first is closed', async (t) => {
  const dir = tempDir(t)
  const writer = new TokenWriter()
  const first = await openLog({ dir, writer })
  await assert.rejects(openLog({ dir, writer }), { code: 'FNS_DATA_IN_USE' })
  await first.close()
  await first.close()
  const second = await openLog({ dir, writer })
  await second.close()
})

test('a directory that cannot be written is said so', async (t) => {
  const file = join(tempDir(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(openLog({ dir: join(file, 'wal'), writer: new TokenWriter() }), (error) => {
    assert.ok(error instanceof FnscopeError)
    assert.equal(error.code, 'FNS_WAL_UNWRITABLE')
    assert.match(error.message, /--data/)
    return true
  })
})

test('with fsync a batch is accepted when it is on the disk, without it nothing is waited for', async (t) => {
  const writer = new TokenWriter()
  for (const [fsync, syncs] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const counters = new Counters()
    const ingest = await openLog({ dir: tempDir(t), writer: new TokenWriter(), counters, fsync })
    await ingest.accept(batchOf(['a']))
    assert.equal(await count(counters.walSyncs), syncs)
    await ingest.close()
  }
  const ingest = await openLog({ dir: tempDir(t), writer, fsync: true })
  await ingest.accept(batchOf(['a']))
  await ingest.flushed()
  await ingest.close()
  assert.deepEqual(writer.rows('logs'), ['a'])
})
