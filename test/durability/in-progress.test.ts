// A segment's two documents, in progress and complete, in every order that UDP brings them, and with a restart between.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { once } from 'node:events'
import { test } from 'node:test'
import { eventually, startFnscope, temporaryDir } from '../started-fnscope.ts'
import { listIds, readDocuments, readServiceGraph, readShapes, readTraceGraph } from './xray-answers.ts'
import { readCounter, UdpSender, untilStored } from './xray-client.ts'
import { newId, newXrayTraceId } from './xray-documents.ts'

interface Pair {
  readonly id: string
  readonly open: string
  readonly complete: string
}

function pairOf(service: string): Pair {
  const now = Date.now() / 1000
  const id = newXrayTraceId(now)
  const segment = { trace_id: id, id: newId(), name: service, start_time: now }
  return {
    id,
    open: JSON.stringify({ ...segment, in_progress: true, annotations: { state: 'open' } }),
    complete: JSON.stringify({ ...segment, end_time: now + 0.25, annotations: { state: 'complete' } }),
  }
}

test('a complete segment replaces its open one and is never replaced by it, across restarts too', async (t) => {
  const dataDir = temporaryDir('open')
  t.after(() => rmSync(dataDir, { recursive: true, force: true }))
  using udp = new UdpSender()
  const range = { StartTime: Math.floor(Date.now() / 1000) - 60, EndTime: Math.floor(Date.now() / 1000) + 3600 }
  let started = await startFnscope({ dataDir })
  t.after(() => started.stop())
  let sent = 0
  const send = async (texts: readonly string[]): Promise<void> => {
    for (const text of texts) udp.send(started.doors['xray-daemon']!, text)
    sent += texts.length
    await eventually(async () => {
      const received = await readCounter(started.url, 'fnscope_received_total', 'door="xray-daemon"')
      return received === sent ? true : undefined
    }, 30_000)
    await untilStored(started.url)
  }
  const restart = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    started.child.kill(signal)
    await once(started.child, 'exit')
    started = await startFnscope({ dataDir })
    sent = 0
  }

  const [inOrder, reordered, together, staysOpen] = ['a', 'b', 'c', 'd'].map(pairOf) as [Pair, Pair, Pair, Pair]
  await send([inOrder.open, reordered.complete, staysOpen.open, together.complete, together.open])
  const shapes = async () =>
    Object.fromEntries(
      await readShapes(
        started.url,
        [inOrder, reordered, together, staysOpen].map(({ id }) => id),
      ),
    )
  assert.deepEqual(await shapes(), {
    [inOrder.id]: 'a…',
    [reordered.id]: 'b',
    [together.id]: 'c',
    [staysOpen.id]: 'd…',
  })

  await restart('SIGKILL')
  assert.deepEqual(await shapes(), {
    [inOrder.id]: 'a…',
    [reordered.id]: 'b',
    [together.id]: 'c',
    [staysOpen.id]: 'd…',
  })
  await send([inOrder.complete, reordered.open])
  const expected = { [inOrder.id]: 'a', [reordered.id]: 'b', [together.id]: 'c', [staysOpen.id]: 'd…' }
  assert.deepEqual(await shapes(), expected)

  await restart('SIGTERM')
  await send([inOrder.open])
  assert.deepEqual(await shapes(), expected)
  const done = [inOrder, reordered, together].map(({ id }) => id)
  for (const [, [document]] of await readDocuments(started.url, done)) {
    assert.equal(document?.in_progress, undefined)
    assert.deepEqual((document as { annotations?: unknown }).annotations, { state: 'complete' })
  }
  // What is open counts nowhere yet.
  const counts = { 'client>a': 1, a: 1, 'client>b': 1, b: 1, 'client>c': 1, c: 1 }
  assert.deepEqual(await readTraceGraph(started.url, [...done, staysOpen.id]), counts)
  assert.deepEqual(await readServiceGraph(started.url, range), counts)
  assert.deepEqual((await listIds(started.url, range)).sort(), done.sort())
})
