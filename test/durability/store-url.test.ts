// --store URL: a server with credentials in the URL instead of the embedded engine. It is read, written, away for a while.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { startEngine, type Engine } from '../../packages/fnscope/src/store/engine.ts'
import { runFnscope, startFnscope } from '../started-fnscope.ts'
import { descendantsOf, NO_PROC } from './processes.ts'
import { listIds, readShapes, readTraceGraph, readWholeServiceGraph } from './xray-answers.ts'
import { ask, putSegments, readCounter, untilStored } from './xray-client.ts'
import { TraceMaker } from './xray-documents.ts'

interface Server {
  readonly engine: Engine
  readonly dataDir: string
  readonly url: string
}

/** A ClickHouse on a port that it has again when it comes back. */
async function startServer(t: TestContext): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fnscope-server-'))
  const engine = await startEngine({ dataDir, log: silentLogger })
  t.after(async () => {
    await engine.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const url = new URL(engine.url)
  url.username = engine.username
  url.password = engine.password
  url.pathname = '/elsewhere'
  return { engine, dataDir, url: url.href }
}

async function putTraces(url: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const startSeconds = Date.now() / 1000 - 1
    const made = new TraceMaker(startSeconds).make({ startSeconds, durationSeconds: 0.2 })
    // Twice: what a sender does that got no answer.
    for (const sending of [...made.sendings, ...made.sendings])
      assert.equal((await putSegments(url, sending))?.status, 200)
    ids.push(made.id)
  }
  return ids
}

test('a server by URL stores and answers; while it is away documents wait, and then are there once', async (t) => {
  const server = await startServer(t)
  const range = { StartTime: Math.floor(Date.now() / 1000) - 60, EndTime: Math.floor(Date.now() / 1000) + 3600 }
  const first = await startFnscope({ args: ['--store', server.url] })
  t.after(() => first[Symbol.asyncDispose]())
  if (!NO_PROC) assert.deepEqual(descendantsOf(first.child.pid!), [], 'an engine of its own')
  const ids = await putTraces(first.url, 20)
  await untilStored(first.url)
  assert.equal((await readShapes(first.url, ids)).size, 20)

  await server.engine.stop()
  ids.push(...(await putTraces(first.url, 20)))
  assert.ok((await readCounter(first.url, 'fnscope_wal_bytes')) > 0)
  await assert.rejects(ask(first.url, '/Traces', { TraceIds: ids.slice(0, 1) }), /answered 503/)
  const port = Number(new URL(server.url).port)
  const back = await startEngine({ dataDir: server.dataDir, log: silentLogger, port })
  t.after(() => back.stop())
  await untilStored(first.url)
  await assertOnce(first.url)

  // Away again when it is told to end, and still away when it is killed: the log keeps what came.
  await back.stop()
  ids.push(...(await putTraces(first.url, 20)))
  const from = performance.now()
  assert.equal(await first.stop(), 0, first.stderr())
  const stopMs = performance.now() - from
  assert.ok(stopMs < 20_000, `took ${stopMs} ms`)
  const unreachable = await runFnscope(['up', '--store', server.url, '--data', first.dataDir, '--ports', 'auto'])
  assert.equal(unreachable.code, 1)
  assert.match(unreachable.stderr, /No ClickHouse answers at 127\.0\.0\.1:\d+/)
  assert.match(unreachable.stderr, /\(FNS_STORE_UNREACHABLE\)\n$/)
  const again = await startEngine({ dataDir: server.dataDir, log: silentLogger, port })
  t.after(() => again.stop())
  await using second = await startFnscope({ args: ['--store', server.url], dataDir: first.dataDir })
  await untilStored(second.url)
  await assertOnce(second.url)
  for (const text of [first.stderr(), second.stderr(), unreachable.stderr])
    assert.ok(!text.includes(server.engine.password), 'the password is in the log')
  t.diagnostic(`stopped in ${Math.round(stopMs)} ms with the server away; ${ids.length} traces there once`)

  async function assertOnce(url: string): Promise<void> {
    const shapes = await readShapes(url, ids)
    assert.deepEqual(new Set(shapes.values()), new Set(['back front(handler(back))']))
    assert.equal(shapes.size, ids.length)
    assert.deepEqual((await listIds(url, range)).sort(), [...ids].sort())
    const total = ids.length
    const counts = { 'client>front': total, front: total, 'front>back': total, back: total }
    assert.deepEqual(await readTraceGraph(url, ids), counts)
    assert.deepEqual(await readWholeServiceGraph(url, range), counts)
  }
})

test('a wrong password is one plain sentence that does not tell it, exit 1', async (t) => {
  const server = await startServer(t)
  const url = new URL(server.url)
  url.password = 'not-this-secret'
  const { code, stdout, stderr } = await runFnscope([
    'up',
    '--store',
    url.href,
    '--data',
    join(server.dataDir, 'fnscope'),
    '--ports',
    'auto',
  ])
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /Check user and password in its URL.* \(FNS_STORE_REFUSED\)\n$/)
  assert.ok(!stderr.includes('not-this-secret'))
  assert.doesNotMatch(stderr, /\n\s+at /, 'a stack')
})
