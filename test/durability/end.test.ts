// How fnscope ends: on SIGTERM under load in time and with nothing lost; by kill -9, of it or of the bin that started it,
// with nothing left behind.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { delimiter } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { APPS, eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { Load } from './load.ts'
import { descendantsOf, isAlive, NO_PROC } from './processes.ts'
import { readShapes } from './xray-answers.ts'
import { untilStored, type Address } from './xray-client.ts'

/** Ten seconds, and as long again where the machine is busy with others. */
const STOP_MS = 20_000
const OUTLIVE_MS = 30_000

/** With a warm execution environment, so that every kind of process is there. */
async function startWithFunction(dataDir: string, node?: string): Promise<StartedFnscope> {
  const options = { dataDir, app: join(APPS, 'sam-app') }
  const started = await startFnscope(node === undefined ? options : { ...options, command: [node] })
  const answer = await fetch(Object.values(started.apps[0]!.urls)[0]!)
  assert.equal(answer.status, 200)
  return started
}

/** A Node on the PATH that is older than the pinned one: then the bin starts a child. */
function olderNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((dir) => join(dir, 'node'))
    .find((path) => {
      try {
        return Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })) < 26
      } catch {
        return false
      }
    })
}

/** Until none of them is alive; returns how long that took. */
async function untilGone(pids: readonly number[]): Promise<number> {
  const from = performance.now()
  const gone = await eventually(async () => (pids.some(isAlive) ? undefined : true), OUTLIVE_MS).catch(() => false)
  assert.ok(gone, `outlived it: ${pids.filter(isAlive).join(', ')}`)
  return performance.now() - from
}

function kindsOf(pid: number): string[] {
  const commands = descendantsOf(pid).map((one) => one.command)
  const kinds = { engine: 'engine-host.mjs', guard: 'while read -r op pid', function: 'python' }
  return Object.entries(kinds).flatMap(([kind, mark]) => (commands.some((one) => one.includes(mark)) ? [kind] : []))
}

test(
  'SIGTERM under load ends it in time with exit 0, and what was acknowledged is there',
  { skip: NO_PROC },
  async (t) => {
    const dataDir = temporaryDir('term')
    t.after(() => rmSync(dataDir, { recursive: true, force: true }))
    const started = await startWithFunction(dataDir)
    assert.deepEqual(kindsOf(started.child.pid!), ['engine', 'guard', 'function'])
    const children = descendantsOf(started.child.pid!).map((one) => one.pid)
    const address: Address = { url: started.url, daemon: started.doors['xray-daemon'] }
    const load = new Load(address, 8)
    await delay(1500)
    const from = performance.now()
    started.child.kill('SIGTERM')
    const [code] = (await once(started.child, 'exit')) as [number | null]
    const stopMs = performance.now() - from
    assert.equal(code, 0, started.stderr())
    assert.ok(stopMs < STOP_MS, `took ${stopMs} ms`)
    const goneMs = await untilGone(children)

    const before = load.tally.acknowledged.length
    const again = await startFnscope({ dataDir })
    t.after(() => again.stop())
    Object.assign(address, { url: again.url, daemon: again.doors['xray-daemon'] })
    await load.stop()
    await untilStored(again.url)
    const { acknowledged, strange } = load.tally
    const shapes = await readShapes(again.url, acknowledged)
    assert.deepEqual(new Set(shapes.values()), new Set(['back front(handler(back))']))
    assert.equal(shapes.size, acknowledged.length)
    assert.deepEqual(strange, [])
    t.diagnostic(
      `${before} traces acknowledged before; stopped in ${Math.round(stopMs)} ms, children gone ${Math.round(goneMs)} ms later`,
    )
  },
)

test('kill -9 leaves no engine, function or guard behind', { skip: NO_PROC }, async (t) => {
  const dataDir = temporaryDir('left')
  t.after(() => rmSync(dataDir, { recursive: true, force: true }))
  const started = await startWithFunction(dataDir)
  const children = descendantsOf(started.child.pid!).map((one) => one.pid)
  assert.ok(children.length >= 3)
  started.child.kill('SIGKILL')
  t.diagnostic(`gone after ${Math.round(await untilGone(children))} ms`)
})

const older = olderNode()
const skip =
  NO_PROC || (older === undefined ? 'needs a Node older than 26 on the PATH: the bin starts a child only then' : false)

test(
  'kill -9 of the bin that an older Node runs leaves nothing behind, fnscope itself neither',
  { skip },
  async (t) => {
    const dataDir = temporaryDir('bin')
    t.after(() => rmSync(dataDir, { recursive: true, force: true }))
    const started = await startWithFunction(dataDir, older)
    const children = descendantsOf(started.child.pid!).map((one) => one.pid)
    assert.ok(children.length >= 4)
    started.child.kill('SIGKILL')
    t.diagnostic(`gone after ${Math.round(await untilGone(children))} ms`)
  },
)

test('SIGTERM to the bin that an older Node runs is passed on: exit 0', { skip }, async () => {
  await using started = await startFnscope({ command: [older!] })
  const children = descendantsOf(started.child.pid!).map((one) => one.pid)
  assert.equal(await started.stop(), 0)
  await untilGone(children)
})
