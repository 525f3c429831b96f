// The engine killed between its note of an insert's token and the part itself: what it would have left is made by hand, for
// the moment is too short to be met.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { startEngine, type Engine } from '../../packages/fnscope/src/store/engine.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'fnscope-engine-'))
const engines: Engine[] = []
after(async () => {
  for (const engine of engines) await engine.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(): Promise<Engine> {
  const engine = await startEngine({ dataDir, log: silentLogger })
  engines.push(engine)
  return engine
}

async function ask(engine: Engine, sql: string): Promise<string> {
  const response = await fetch(engine.url, {
    method: 'POST',
    body: sql,
    headers: { authorization: `Basic ${Buffer.from(`${engine.username}:${engine.password}`).toString('base64')}` },
  })
  const text = (await response.text()).trim()
  assert.equal(response.status, 200, `${sql}: ${text}`)
  return text
}

async function insert(engine: Engine, token: string): Promise<void> {
  await ask(engine, `INSERT INTO t SETTINGS insert_deduplication_token = '${token}' VALUES ('${token}')`)
}

const rows = async (engine: Engine): Promise<string[]> =>
  (await ask(engine, 'SELECT name FROM t ORDER BY name')).split('\n').filter(Boolean)

test('an insert whose token was noted and whose part was not written is taken when it comes again; others are not', async () => {
  const first = await start()
  await ask(
    first,
    `CREATE TABLE t (name String) ENGINE = MergeTree ORDER BY name
     SETTINGS non_replicated_deduplication_window = 100, old_parts_lifetime = 1`,
  )
  for (const token of ['a', 'b']) await insert(first, token)
  await ask(first, 'OPTIMIZE TABLE t FINAL')
  for (const token of ['c', 'd']) await insert(first, token)
  const path = await ask(first, "SELECT path FROM system.parts WHERE table = 't' AND active ORDER BY max_block_number")
  await first.stop()
  rmSync(path.split('\n').at(-1)!, { recursive: true })

  const second = await start()
  assert.deepEqual(await rows(second), ['a', 'b', 'c'])
  for (const token of ['a', 'b', 'c', 'd']) await insert(second, token)
  assert.deepEqual(await rows(second), ['a', 'b', 'c', 'd'])
  await second.stop()

  const third = await start()
  for (const token of ['a', 'd', 'd']) await insert(third, token)
  assert.deepEqual(await rows(third), ['a', 'b', 'c', 'd'])
  await third.stop()
})
