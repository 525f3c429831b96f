// The reason for the socket's own thread: what comes while the main thread stands still is there afterwards.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { kernelDrops } from '../../packages/fnscope/src/receive/udp-kernel-drops.ts'
import { UdpReceiver } from '../../packages/fnscope/src/receive/udp-receiver.ts'
import { eventually } from '../started-fnscope.ts'

// More than a kernel's buffer of 8 MB holds, as small as they are.
const DATAGRAMS = 14_000
const MOST_IN_A_BUFFER = 11_000
const STALL_MS = 2000
/** Few at a time: the smallest buffer of a kernel holds them until the thread has a core. */
const BURST = 20

function startSender(port: number): Worker {
  const code = `
    const { createSocket } = require('node:dgram')
    const { workerData } = require('node:worker_threads')
    const socket = createSocket('udp4')
    let sent = 0
    const burst = () => {
      for (let i = 0; i < ${BURST} && sent < ${DATAGRAMS}; i++)
        socket.send(String(sent++).padStart(100), workerData.port, '127.0.0.1')
      if (sent < ${DATAGRAMS}) setTimeout(burst, 1)
      else setTimeout(() => socket.close(), 10)
    }
    burst()`
  return new Worker(code, { eval: true, workerData: { port } })
}

test('datagrams that come while the main thread stands still for two seconds are all taken, in order', async (t) => {
  const taken: number[] = []
  const failed: string[] = []
  const receiver = await UdpReceiver.open({
    host: '127.0.0.1',
    port: 0,
    maxBytes: 16 * 1024 * 1024,
    take: async (datagrams) => {
      for (const datagram of datagrams) taken.push(Number(datagram.toString()))
    },
    onDropped: (count) => failed.push(`${count} dropped`),
    onError: (message) => failed.push(message),
  })
  t.after(() => receiver.stop())
  const sender = startSender(receiver.port)
  await once(sender, 'online')
  const ended = once(sender, 'exit')
  const before = taken.length
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS)
  assert.equal(taken.length, before)
  await ended
  // Where others have the cores the kernel's buffer is full for a moment: it counts what it could not hold.
  const lost = (): number => kernelDrops(receiver.port) ?? 0
  await eventually(async () => taken.length + lost() >= DATAGRAMS || undefined)
  assert.equal(taken.length + lost(), DATAGRAMS)
  assert.ok(taken.length > MOST_IN_A_BUFFER, `${taken.length} of ${DATAGRAMS} taken`)
  assert.deepEqual(
    taken,
    taken.toSorted((a, b) => a - b),
  )
  assert.deepEqual(failed, [])
})

test('what comes beyond the bound is dropped and counted, what was taken is whole', async () => {
  let [taken, dropped] = [0, 0]
  const gate = Promise.withResolvers<void>()
  const receiver = await UdpReceiver.open({
    host: '127.0.0.1',
    port: 0,
    maxBytes: 1,
    take: async (datagrams) => {
      await gate.promise
      for (const datagram of datagrams) if (datagram.length === 100) taken += 1
    },
    onDropped: (count) => void (dropped += count),
    onError: (message) => assert.fail(message),
  })
  const sender = startSender(receiver.port)
  await once(sender, 'exit')
  gate.resolve()
  await receiver.stop()
  assert.ok(taken > 0)
  assert.ok(dropped > 0)
  assert.ok(taken + dropped <= DATAGRAMS)
})

test('a stop ends the thread and frees the port', async () => {
  const open = async (port: number): Promise<UdpReceiver> =>
    await UdpReceiver.open({
      host: '127.0.0.1',
      port,
      maxBytes: 1024 * 1024,
      take: async () => {},
      onDropped: () => {},
      onError: (message) => assert.fail(message),
    })
  const first = await open(0)
  await assert.rejects(open(first.port), { code: 'EADDRINUSE' })
  await first.stop()
  await first.stop()
  const second = await open(first.port)
  assert.equal(second.port, first.port)
  await second.stop()
})
