// kill -9 of fnscope and of its engine while documents come in: whatever was acknowledged is there afterwards, once, in
// every answer.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { Load } from './load.ts'
import { enginePidOf, NO_PROC } from './processes.ts'
import { listIds, readServiceGraph, readShapes, readTraceGraph, readWholeServiceGraph } from './xray-answers.ts'
import { untilStored, type Address } from './xray-client.ts'

const KILLS = Number(process.env['FNSCOPE_TEST_KILLS'] ?? 10)
/** Load between two kills: a random share of it. */
const LOAD_MS = 1200

interface Kills {
  readonly started: StartedFnscope
  readonly restartMs: readonly number[]
  readonly engineBackMs: readonly number[]
}

/** Each round: the engine is killed, comes back or not, then fnscope is killed and started again. */
async function killAgainAndAgain(dataDir: string, address: Address): Promise<Kills> {
  const restartMs: number[] = []
  const engineBackMs: number[] = []
  let started = await startFnscope({ dataDir })
  for (let round = 0; round < KILLS; round++) {
    address.url = started.url
    address.daemon = started.doors['xray-daemon']
    await delay(Math.random() * LOAD_MS)
    const engine = enginePidOf(started.child.pid!)
    assert.ok(engine !== undefined)
    process.kill(engine, 'SIGKILL')
    const killed = performance.now()
    // Some rounds kill fnscope while its engine is away.
    if (round % 3 !== 2) {
      await eventually(async () => ((enginePidOf(started.child.pid!) ?? engine) === engine ? undefined : true))
      await eventually(async () => ((await isReading(started.url)) ? true : undefined))
      engineBackMs.push(performance.now() - killed)
    }
    await delay(Math.random() * LOAD_MS)
    address.url = address.daemon = undefined
    started.child.kill('SIGKILL')
    await once(started.child, 'exit')
    const gone = performance.now()
    started = await startFnscope({ dataDir })
    restartMs.push(performance.now() - gone)
  }
  address.url = started.url
  address.daemon = started.doors['xray-daemon']
  return { started, restartMs, engineBackMs }
}

async function isReading(url: string): Promise<boolean> {
  const now = Math.floor(Date.now() / 1000)
  return readServiceGraph(url, { StartTime: now - 1, EndTime: now }).then(
    () => true,
    () => false,
  )
}

test(
  `after ${KILLS} times kill -9 of fnscope and of the engine, all that was acknowledged is there once`,
  { skip: NO_PROC },
  async (t) => {
    const dataDir = temporaryDir('kill')
    t.after(() => rmSync(dataDir, { recursive: true, force: true }))
    const address: Address = { url: undefined, daemon: undefined }
    const firstSecond = Math.floor(Date.now() / 1000) - 3600
    const load = new Load(address)
    const { started, restartMs, engineBackMs } = await killAgainAndAgain(dataDir, address)
    await load.stop()
    const { acknowledged, datagrams, strange } = load.tally
    await using _ = started
    await assertExact(started, firstSecond, load)
    await started.stop()
    await using again = await startFnscope({ dataDir })
    const udpArrived = await assertExact(again, firstSecond, load)

    assert.deepEqual(strange, [])
    const { documents, copies, unanswered, refused } = load.tally
    const range = (times: readonly number[]) => `${Math.round(Math.min(...times))}-${Math.round(Math.max(...times))} ms`
    t.diagnostic(
      `${documents} documents of ${acknowledged.length} traces acknowledged, 0 lost, 0 doubled; ${copies} traces sent again, ` +
        `${unanswered} calls unanswered, ${refused} refused; UDP ${udpArrived} of ${datagrams.length}; ` +
        `start after a kill ${range(restartMs)}, engine back after ${range(engineBackMs)}`,
    )
  },
)

/** Every answer, exactly; returns how many datagrams there are. */
async function assertExact(started: StartedFnscope, firstSecond: number, { tally }: Load): Promise<number> {
  const { url } = started
  const { acknowledged, datagrams } = tally
  const range = { StartTime: firstSecond, EndTime: Math.floor(Date.now() / 1000) + 60 }
  const total = acknowledged.length
  await untilStored(url)
  const shapes = await readShapes(url, acknowledged)
  const shapesFound = Object.fromEntries(
    [...Map.groupBy(shapes.values(), (shape) => shape)].map(([k, v]) => [k, v.length]),
  )
  assert.deepEqual(shapesFound, { 'back front(handler(back))': total })

  const listed = await listIds(url, range)
  assert.equal(new Set(listed).size, listed.length, 'a trace is listed twice')
  const sent = new Set(datagrams)
  const udp = listed.filter((id) => sent.has(id))
  assert.deepEqual(listed.filter((id) => !sent.has(id)).sort(), [...acknowledged].sort())
  const udpShapes = await readShapes(url, udp)
  assert.deepEqual(new Set(udpShapes.values()), new Set(udp.length === 0 ? [] : ['udp']))

  const counts = { 'client>front': total, front: total, 'front>back': total, back: total }
  assert.deepEqual(await readTraceGraph(url, acknowledged), counts)
  const udpCounts = udp.length === 0 ? {} : { 'client>udp': udp.length, udp: udp.length }
  assert.deepEqual(await readWholeServiceGraph(url, range), { ...counts, ...udpCounts })
  return udp.length
}
