// What no program ever sees is counted all the same: the kernel's own count of each socket, at /metrics.
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { on, once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'

import { Counters } from '../../packages/fnscope/src/counters.ts'
import { kernelDrops } from '../../packages/fnscope/src/receive/udp-kernel-drops.ts'

const DATAGRAMS = 400

async function openSocket(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** Sends all while this thread stands still, so that nobody reads the socket. */
function sendToStanding(port: number): Worker {
  const done = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { createSocket } = require('node:dgram')
    const { workerData: { port, done } } = require('node:worker_threads')
    const socket = createSocket('udp4')
    socket.connect(port, '127.0.0.1', () => {
      let left = ${DATAGRAMS}
      for (let n = 0; n < ${DATAGRAMS}; n++)
        socket.send(Buffer.alloc(1400), () => {
          if (--left > 0) return
          Atomics.store(done, 0, 1)
          Atomics.notify(done, 0)
          socket.close()
        })
    })`
  const worker = new Worker(code, { eval: true, workerData: { port, done } })
  assert.notEqual(Atomics.wait(done, 0, 0, 30_000), 'timed-out')
  return worker
}

test(
  'datagrams beyond the buffer of a socket are counted, for that socket alone',
  { skip: process.platform === 'linux' ? false : 'only Linux says' },
  async (t) => {
    const full = await openSocket(t)
    const other = await openSocket(t)
    full.setRecvBufferSize(16 * 1024)
    let taken = 0
    const all = (): boolean => taken + kernelDrops(full.address().port)! >= DATAGRAMS
    full.on('message', () => (taken += 1))
    assert.equal(kernelDrops(full.address().port), 0)
    const sender = sendToStanding(full.address().port)
    await once(sender, 'exit')
    const dropped = kernelDrops(full.address().port)!
    assert.ok(dropped > 0, `${dropped} dropped`)
    const counters = new Counters()
    counters.kernelDrops.set('xray-daemon', () => kernelDrops(full.address().port))
    for (let scrape = 0; scrape < 2; scrape++) {
      const text = await counters.registry.metrics()
      assert.match(text, new RegExp(`^fnscope_udp_kernel_dropped_total\\{door="xray-daemon"\\} ${dropped}$`, 'm'))
    }
    const arrivals = on(full, 'message')
    while (!all()) await arrivals.next()
    assert.equal(taken + dropped, DATAGRAMS)
    assert.equal(kernelDrops(other.address().port), 0)
  },
)

test('a port that no socket of this process has says nothing', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  assert.equal(kernelDrops(port), undefined)
})
