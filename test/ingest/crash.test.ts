// kill -9 at any moment: what was answered is in the store after the replay, exactly once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

import { openLog, segmentFiles, tempDir } from './open-log.ts'
import { TokenWriter } from './token-writer.ts'

const CHILD = join(import.meta.dirname, 'crash-child.ts')

/** Runs a child until it has answered so many rows (or ends by itself), kills it, and gives the rows it answered. */
async function runUntilKilled(args: readonly string[], killAfterRows: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const answered: string[] = []
  const ended = once(child, 'close')
  createInterface({ input: child.stdout }).on('line', (row) => {
    if (answered.push(row) === killAfterRows) child.kill('SIGKILL')
  })
  const [, signal] = await ended
  assert.equal(signal, 'SIGKILL')
  return answered
}

async function assertExactlyOnce(dir: string, store: string, answered: readonly string[]): Promise<void> {
  const writer = new TokenWriter(store)
  const ingest = await openLog({ dir, writer })
  await ingest.flushed()
  await ingest.close()
  assert.deepEqual(segmentFiles(dir), [])
  const stored = writer.rows('logs')
  assert.equal(new Set(stored).size, stored.length, 'a row is stored twice')
  const have = new Set(stored)
  assert.deepEqual(
    answered.filter((row) => !have.has(row)),
    [],
  )
  // A batch is whole: its three lines and its document, or nothing of it.
  const batches = Map.groupBy(stored, (row) => row.slice(0, row.lastIndexOf('-')))
  assert.ok([...batches.values()].every((rows) => rows.length === 3))
  assert.deepEqual(writer.rows('documents').sort(), [...batches.keys()].sort())
}

test('killed at arbitrary moments, the log loses nothing that was answered and doubles nothing', async (t) => {
  const dir = join(tempDir(t), 'wal')
  const store = join(dir, '..', 'store.sqlite')
  const answered: string[] = []
  // Each run replays what the killed one before it left, while new batches come.
  for (const [run, rows] of [1, 40, 333, 1200, 77, 2500].entries())
    answered.push(...(await runUntilKilled([dir, store, String(run)], rows)))
  assert.ok(answered.length > 4000)
  await assertExactlyOnce(dir, store, answered)
})

for (const inserts of [1, 2, 5]) {
  test(`killed between insert ${inserts} and the removal of its segment, the replay stores nothing twice`, async (t) => {
    const dir = join(tempDir(t), 'wal')
    const store = join(dir, '..', 'store.sqlite')
    const answered = await runUntilKilled([dir, store, '0', String(inserts)], Infinity)
    assert.ok(answered.length > 0)
    assert.ok(segmentFiles(dir).length > 0)
    await assertExactlyOnce(dir, store, answered)
  })
}
