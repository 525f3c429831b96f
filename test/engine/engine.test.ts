// The embedded engine as fnscope meets it: a real server, real processes, real kills.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { FnscopeError } from '../../packages/fnscope/src/errors.ts'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { startOf } from '../../packages/fnscope/src/store/engine-lock.ts'
import { type Engine, startEngine } from '../../packages/fnscope/src/store/engine.ts'

const root = mkdtempSync(join(tmpdir(), 'fnscope-engine-'))
const log = silentLogger
after(() => rmSync(root, { recursive: true, force: true }))

type Credentials = readonly [user: string, password: string] | undefined

async function ask(url: string, sql: string, credentials: Credentials): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = {}
  if (credentials !== undefined)
    headers['Authorization'] = `Basic ${Buffer.from(credentials.join(':')).toString('base64')}`
  const response = await fetch(url, { method: 'POST', body: sql, headers, signal: AbortSignal.timeout(30_000) })
  return { status: response.status, text: (await response.text()).trim() }
}

async function query(engine: Engine, sql: string): Promise<string> {
  const { status, text } = await ask(engine.url, sql, [engine.username, engine.password])
  assert.equal(status, 200, `${sql}: ${text}`)
  return text
}

async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!holds()) {
    assert.ok(Date.now() < end, `not within ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}

/** Listens on a port as soon as its owner has let go. */
async function takePort(server: Server, port: number): Promise<void> {
  const end = Date.now() + 30_000
  for (;;) {
    server.listen(port, '127.0.0.1')
    const taken = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (taken) return
    assert.ok(Date.now() < end, `port ${port} did not become free`)
    await sleep(2)
  }
}

const isRunning = (pid: number): boolean => startOf(pid) !== undefined

function hasCode(code: string, ...words: string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof FnscopeError, String(error))
    assert.equal(error.code, code)
    for (const word of words) assert.ok(error.message.includes(word), `"${word}" is not in: ${error.message}`)
    return true
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return open
}

describe('a running engine', () => {
  const dataDir = join(root, 'running')
  let engine: Engine
  before(async () => {
    const { TZ } = process.env
    process.env['TZ'] = 'Asia/Shanghai'
    engine = await startEngine({ dataDir, log })
    if (TZ === undefined) delete process.env['TZ']
    else process.env['TZ'] = TZ
    await query(engine, 'CREATE DATABASE d')
    await query(engine, 'CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a')
    await query(engine, 'INSERT INTO d.t SELECT number FROM numbers(1000)')
  })
  after(() => engine.stop())

  test('answers whoever has the password, in UTC wherever the machine is', async () => {
    assert.match(await query(engine, 'SELECT 1, timezone()'), /^1\t(Etc\/)?UTC$/)
  })

  test('refuses to read, write or be controlled without the password', async () => {
    const others: readonly Credentials[] = [undefined, ['default', ''], ['fnscope', ''], ['fnscope', 'wrong']]
    const statements = [
      'SELECT 1',
      'SELECT * FROM d.t',
      'INSERT INTO d.t VALUES (1)',
      'CREATE DATABASE other',
      'DROP TABLE d.t',
      'SYSTEM STOP LISTEN HTTP',
      'SYSTEM SHUTDOWN',
    ]
    for (const credentials of others) {
      for (const sql of statements) {
        const { status, text } = await ask(engine.url, sql, credentials)
        assert.equal(status, 401, `${credentials?.join(':')} ${sql}: ${text}`)
      }
    }
    const inUrl = await fetch(`${engine.url}/?user=default&query=SELECT+1`)
    assert.equal(inUrl.status, 401)
    assert.equal(await query(engine, 'SELECT count() FROM d.t'), '1000')
  })

  test('gives the user `default` nothing, even to one who passes the door', async () => {
    const headers = { Authorization: `Basic ${btoa(`${engine.username}:${engine.password}`)}` }
    for (const sql of ['SELECT * FROM d.t', 'CREATE DATABASE other', 'SYSTEM STOP LISTEN HTTP', 'SYSTEM SHUTDOWN']) {
      const response = await fetch(`${engine.url}/?user=default&password=`, { method: 'POST', body: sql, headers })
      const text = await response.text()
      assert.notEqual(response.status, 200, `${sql}: ${text}`)
    }
    assert.equal(await query(engine, 'SELECT count() FROM d.t'), '1000')
  })

  test('listens on one loopback port only', { skip: process.platform !== 'linux' }, async () => {
    const { listeningSockets } = await import('./listening-sockets.ts')
    assert.deepEqual(listeningSockets(engine.pid), [`127.0.0.1:${new URL(engine.url).port}`])
  })

  test('keeps its configuration and password from other users of the machine', () => {
    const directory = join(dataDir, 'engine')
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of ['config.xml', 'users.xml', 'password'])
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  })

  test('holds its directory: a second start is refused and names the holder', async () => {
    await assert.rejects(startEngine({ dataDir, log }), hasCode('FNS_DATA_IN_USE', dataDir, String(process.pid)))
    assert.equal(await query(engine, 'SELECT 1'), '1')
  })

  test('comes back on its port with its data after kill -9', async () => {
    const { url, pid, restarts } = engine
    process.kill(pid, 'SIGKILL')
    await until('a restart', () => engine.restarts === restarts + 1)
    await engine.whenReady()
    assert.equal(engine.url, url)
    assert.notEqual(engine.pid, pid)
    assert.equal(await query(engine, 'SELECT count() FROM d.t'), '1000')
  })

  test('comes back when its port is closed under it', async () => {
    const { pid } = engine
    await ask(engine.url, 'SYSTEM STOP LISTEN HTTP', [engine.username, engine.password]).catch(() => undefined)
    await until('a new child', () => engine.pid !== pid)
    await engine.whenReady()
    assert.ok(!isRunning(pid))
    assert.equal(await query(engine, 'SELECT count() FROM d.t'), '1000')
  })

  test('moves to another port when somebody took its own during a restart', async () => {
    const { url, pid } = engine
    const thief = createServer()
    process.kill(pid, 'SIGKILL')
    await takePort(thief, Number(new URL(url).port))
    await until('another port', () => engine.url !== url)
    await engine.whenReady()
    thief.close()
    assert.equal(await query(engine, 'SELECT count() FROM d.t'), '1000')
  })
})

test('stop() is quick, leaves no process and no open port, and may be called twice', async (t) => {
  const dataDir = join(root, 'stopped')
  const engine = await startEngine({ dataDir, log })
  t.after(() => engine.stop())
  const { pid, password } = engine
  await query(engine, 'CREATE DATABASE d')
  await query(engine, 'CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a')
  await query(engine, 'INSERT INTO d.t SELECT number FROM numbers(500)')
  const began = performance.now()
  await Promise.all([engine.stop(), engine.stop()])
  await engine.stop()
  assert.ok(performance.now() - began < 10_000)
  assert.ok(!isRunning(pid))
  assert.equal(await accepts(Number(new URL(engine.url).port)), false)
  assert.ok(!existsSync(join(dataDir, 'fnscope.lock')))
  await assert.rejects(engine.whenReady(), hasCode('FNS_STORE_UNREACHABLE'))

  const again = await startEngine({ dataDir, log })
  t.after(() => again.stop())
  assert.equal(again.password, password)
  assert.equal(await query(again, 'SELECT count() FROM d.t'), '500')
})

test('stop() during a restart leaves no process', async (t) => {
  const engine = await startEngine({ dataDir: join(root, 'stopped-early'), log })
  t.after(() => engine.stop())
  const first = engine.pid
  process.kill(first, 'SIGKILL')
  await until('a second child', () => engine.pid !== first)
  await engine.stop()
  assert.ok(!isRunning(engine.pid))
})

test('the engine of a fnscope killed with -9 ends, and its directory can be opened again', async (t) => {
  const dataDir = join(root, 'orphaned')
  const script = join(root, 'parent.ts')
  const modules = new URL('../../packages/fnscope/src/', import.meta.url).href
  writeFileSync(
    script,
    `import { startEngine } from '${modules}store/engine.ts'
     import { silentLogger as log } from '${modules}log.ts'
     const engine = await startEngine({ dataDir: ${JSON.stringify(dataDir)}, log })
     process.stdout.write(String(engine.pid) + '\\n')`,
  )
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => parent.kill('SIGKILL'))
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const enginePid = Number(line.toString())
  assert.ok(isRunning(enginePid))
  await assert.rejects(startEngine({ dataDir, log }), hasCode('FNS_DATA_IN_USE', dataDir, String(parent.pid)))

  const exited = once(parent, 'exit')
  parent.kill('SIGKILL')
  await exited
  const engine = await startEngine({ dataDir, log })
  t.after(() => engine.stop())
  await until('the end of the orphan', () => !isRunning(enginePid))
  assert.equal(await query(engine, 'SELECT 1'), '1')
})

test('an engine that cannot start is reported with its own last lines, and leaves nothing behind', async () => {
  const dataDir = join(root, 'broken')
  // A directory where the engine wants its own lock file.
  mkdirSync(join(dataDir, 'engine', 'data', 'status'), { recursive: true })
  await assert.rejects(startEngine({ dataDir, log }), hasCode('FNS_ENGINE_START', dataDir, 'status', '--store'))
  assert.ok(!existsSync(join(dataDir, 'fnscope.lock')))
})

test('a port asked for and taken is named', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const dataDir = join(root, 'port')
  await assert.rejects(startEngine({ dataDir, log, port }), hasCode('FNS_PORT_IN_USE', String(port)))
  server.close()
})

test('a data directory that cannot be written is named', async () => {
  const file = join(root, 'a-file')
  writeFileSync(file, '')
  await assert.rejects(startEngine({ dataDir: file, log }), hasCode('FNS_DATA_UNWRITABLE', file))
  const closed = mkdtempSync(join(root, 'closed-'))
  chmodSync(closed, 0o500)
  // The superuser may write anywhere.
  if (process.getuid?.() !== 0)
    await assert.rejects(startEngine({ dataDir: closed, log }), hasCode('FNS_DATA_UNWRITABLE', closed))
  assert.deepEqual(readdirSync(closed), [])
})
