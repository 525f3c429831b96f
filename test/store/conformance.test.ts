// The conformance suite on the embedded engine, and on a server known by its URL alone: FNSCOPE_TEST_STORE_URL where it is
// set (a database of its own is made there and dropped), else a second engine.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { storeConformance } from '../../packages/fnscope/src/store/conformance.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import { Connection } from '../../packages/fnscope/src/store/connection.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'

const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
const log = silentLogger

suite('embedded', () => {
  let temp: TempEngine
  before(async () => {
    temp = await startTempEngine()
  })
  after(() => temp.stop())
  storeConformance('embedded engine', async () => {
    const { engine } = temp
    const store = await openStore({
      url: () => engine.url,
      username: engine.username,
      password: engine.password,
      retention,
      log,
    })
    return { store, close: () => store.close() }
  })
})

suite('by URL', () => {
  const given = process.env['FNSCOPE_TEST_STORE_URL']
  const database = `fnscope_test_${globalThis.crypto.randomUUID().replaceAll('-', '')}`
  let temp: TempEngine | undefined
  let url: string
  before(async () => {
    temp = given ? undefined : await startTempEngine()
    url = given ?? temp?.url ?? ''
  })
  after(async () => {
    const connection = new Connection({ url, database })
    await connection.command(`DROP DATABASE IF EXISTS ${database}`)
    await connection.close()
    await temp?.stop()
  })
  test('a read is answered without what the server remembers of earlier conditions', async () => {
    const connection = new Connection({ url, database: 'system' })
    const rows = await connection.query<{ on: boolean }>(`SELECT getSetting('use_query_condition_cache') AS on`)
    assert.deepEqual(rows, [{ on: false }])
    await connection.close()
  })
  storeConformance('server by URL', async () => {
    const store = await openStore({ url, database, retention, log })
    return { store, close: () => store.close() }
  })
})
