// The thread that owns a UDP socket: it does nothing but empty the kernel's buffer, whatever the main thread is busy
// with. Datagrams go over in chunks of a fixed pool; when every chunk is on its way or waiting, datagrams are dropped
// and counted. What they mean is nobody's business here.
import { createSocket, type Socket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'

import { ChunkWriter } from './datagram-chunk.ts'
import { CHUNK_BYTES, type FromThread, type ReceiverSettings, type ToThread } from './udp-receiver-message.ts'

/** How long a chunk that is not full waits for more. */
const GATHER_MS = 10
/** Drops are told so often while no chunk goes over that could carry the count. */
const TELL_DROPS_MS = 100
/** Emptied chunks that are kept for the next burst; what is beyond is let go. */
const MAX_SPARE = 8
/** Asked for in turn: Linux gives what net.core.rmem_max allows, others refuse what is too much. */
const RECEIVE_BUFFER_BYTES = [32, 8, 2].map((megabytes) => megabytes * 1024 * 1024)
/** The longest that datagrams which came before a stop are still read. */
const LAST_READ_MS = 200

const port = parentPort!
const { host, port: wantedPort, maxChunks } = workerData as ReceiverSettings

let chunk: ChunkWriter | undefined
/** Chunks that the main thread has. */
let away = 0
let dropped = 0
/** Since the thread began: whether more came is all that is asked. */
let arrived = 0
let gathering: NodeJS.Timeout | undefined
let tellingDrops: NodeJS.Timeout | undefined
const spare: ArrayBuffer[] = []

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

function receive(datagram: Buffer): void {
  arrived += 1
  if (chunk?.add(datagram) === true) return
  sendChunk()
  if (away >= maxChunks) return drop()
  chunk = new ChunkWriter(spare.pop() ?? new ArrayBuffer(CHUNK_BYTES))
  chunk.add(datagram)
  gathering = setTimeout(gathered, GATHER_MS)
}

// The main thread gets a chunk when one is full, or has waited long enough and no other is with it: so chunks are small,
// and soon there, while it keeps up, and as large as they can be when it does not.
function gathered(): void {
  gathering = undefined
  if (away === 0) sendChunk()
}

function sendChunk(): void {
  clearTimeout(gathering)
  gathering = undefined
  if (chunk === undefined) return
  const { buffer, used } = chunk
  chunk = undefined
  away += 1
  tell({ kind: 'chunk', buffer, used, dropped: takeDropped() }, [buffer])
}

function takeDropped(): number {
  const count = dropped
  dropped = 0
  return count
}

function drop(): void {
  dropped += 1
  tellingDrops ??= setTimeout(tellDrops, TELL_DROPS_MS)
}

function tellDrops(): void {
  clearTimeout(tellingDrops)
  tellingDrops = undefined
  if (dropped > 0) tell({ kind: 'dropped', count: takeDropped() })
}

function takeBack(buffer: ArrayBuffer): void {
  away -= 1
  if (spare.length < MAX_SPARE) spare.push(buffer)
  if (away === 0 && gathering === undefined) sendChunk()
}

/** The kernel's buffer is what holds a burst while this thread has no core. */
function growReceiveBuffer(socket: Socket): void {
  for (const bytes of RECEIVE_BUFFER_BYTES) {
    try {
      socket.setRecvBufferSize(bytes)
      return
    } catch {
      // Refused whole on some systems: ask for less.
    }
  }
}

/** Reads what the kernel has taken until now: until a whole turn of the event loop brought nothing. */
async function lastRead(): Promise<void> {
  const end = performance.now() + LAST_READ_MS
  for (let before = -1; before !== arrived && performance.now() < end;) {
    before = arrived
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
}

const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })

async function stop(): Promise<void> {
  await lastRead()
  socket.close()
  sendChunk()
  tellDrops()
  // Nothing is left that could keep the thread.
  port.close()
}

socket.on('message', receive)
socket.once('listening', () => {
  growReceiveBuffer(socket)
  tell({ kind: 'listening', port: socket.address().port })
})
let listening = false
socket.once('listening', () => (listening = true))
socket.on('error', (error: NodeJS.ErrnoException) => {
  tell({ kind: listening ? 'error' : 'refused', message: error.message, ...(error.code && { code: error.code }) })
  if (!listening) port.close()
})
port.on('message', (message: ToThread) => {
  if (message === 'stop') void stop()
  else takeBack(message)
})
socket.bind({ address: host, port: wantedPort, exclusive: true })
