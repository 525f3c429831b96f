// One UDP socket in the receivers' thread. Datagrams go over in chunks of a fixed pool; when every chunk is on its way or
// waiting, datagrams are dropped and counted.
import { createSocket, type Socket } from 'node:dgram'

import { ChunkWriter } from './datagram-chunk.ts'
import { CHUNK_BYTES, type FromSocket, type OpenSocket, type ToSocket } from './udp-receiver-message.ts'

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

export class ReceivingSocket {
  readonly #wanted: OpenSocket
  readonly #socket: Socket
  readonly #spare: ArrayBuffer[] = []
  #chunk: ChunkWriter | undefined
  /** Chunks that the main thread has. */
  #away = 0
  #dropped = 0
  /** Since it listens: whether more came is all that is asked. */
  #arrived = 0
  #listening = false
  #gathering: NodeJS.Timeout | undefined
  #tellingDrops: NodeJS.Timeout | undefined

  constructor(wanted: OpenSocket) {
    this.#wanted = wanted
    const { host, port, channel } = wanted
    this.#socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })
    this.#socket.on('message', (datagram) => this.#receive(datagram))
    this.#socket.once('listening', () => this.#listen())
    this.#socket.on('error', (error) => this.#fail(error))
    channel.on('message', (message: ToSocket) => {
      if (message === 'stop') void this.#stop()
      else this.#takeBack(message)
    })
    this.#socket.bind({ address: host, port, exclusive: true })
  }

  #tell(message: FromSocket, transfer: ArrayBuffer[] = []): void {
    this.#wanted.channel.postMessage(message, transfer)
  }

  #listen(): void {
    this.#listening = true
    growReceiveBuffer(this.#socket)
    this.#tell({ kind: 'listening', port: this.#socket.address().port })
  }

  #fail({ message, code }: NodeJS.ErrnoException): void {
    this.#tell({ kind: this.#listening ? 'error' : 'refused', message, ...(code && { code }) })
    if (this.#listening) return
    this.#socket.close()
    this.#wanted.channel.close()
  }

  #receive(datagram: Buffer): void {
    this.#arrived += 1
    if (this.#chunk?.add(datagram) === true) return
    this.#sendChunk()
    if (this.#away >= this.#wanted.maxChunks) return this.#drop()
    this.#chunk = new ChunkWriter(this.#spare.pop() ?? new ArrayBuffer(CHUNK_BYTES))
    this.#chunk.add(datagram)
    this.#gathering = setTimeout(() => this.#gathered(), GATHER_MS)
  }

  // The main thread gets a chunk when one is full, or has waited long enough and no other is with it: so chunks are small,
  // and soon there, while it keeps up, and as large as they can be when it does not.
  #gathered(): void {
    this.#gathering = undefined
    if (this.#away === 0) this.#sendChunk()
  }

  #sendChunk(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (this.#chunk === undefined) return
    const { buffer, used } = this.#chunk
    this.#chunk = undefined
    this.#away += 1
    this.#tell({ kind: 'chunk', buffer, used, dropped: this.#takeDropped() }, [buffer])
  }

  #takeDropped(): number {
    const count = this.#dropped
    this.#dropped = 0
    return count
  }

  #drop(): void {
    this.#dropped += 1
    this.#tellingDrops ??= setTimeout(() => this.#tellDrops(), TELL_DROPS_MS)
  }

  #tellDrops(): void {
    clearTimeout(this.#tellingDrops)
    this.#tellingDrops = undefined
    if (this.#dropped > 0) this.#tell({ kind: 'dropped', count: this.#takeDropped() })
  }

  #takeBack(buffer: ArrayBuffer): void {
    this.#away -= 1
    if (this.#spare.length < MAX_SPARE) this.#spare.push(buffer)
    if (this.#away === 0 && this.#gathering === undefined) this.#sendChunk()
  }

  /** Reads what the kernel has taken until now: until a whole turn of the event loop brought nothing. */
  async #lastRead(): Promise<void> {
    const end = performance.now() + LAST_READ_MS
    for (let before = -1; before !== this.#arrived && performance.now() < end;) {
      before = this.#arrived
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    }
  }

  async #stop(): Promise<void> {
    await this.#lastRead()
    this.#socket.close()
    this.#sendChunk()
    this.#tellDrops()
    this.#tell({ kind: 'stopped' })
    this.#wanted.channel.close()
  }
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
