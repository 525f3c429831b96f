// The main thread's end of a UDP socket that lives in the receivers' thread: datagrams come in chunks, one a turn of the
// event loop. A main thread that stands still for a second or two loses none of them.
import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'

import { datagramsOf } from './datagram-chunk.ts'
import { CHUNK_BYTES, type FromSocket, type OpenSocket, type ToSocket } from './udp-receiver-message.ts'
import { enterReceiverThread, type ThreadUse } from './udp-receiver-worker.ts'

export interface UdpReceiverOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Of datagrams that are read and not done with yet; what comes beyond is dropped. */
  readonly maxBytes: number
  /** Takes the datagrams of one chunk; the views are valid until it resolves. Must not reject. */
  readonly take: (datagrams: Iterable<Buffer>) => Promise<void>
  /** So many were dropped for want of room. */
  readonly onDropped: (count: number) => void
  /** The socket or its thread failed while it listened. */
  readonly onError: (message: string) => void
}

type Chunk = Extract<FromSocket, { kind: 'chunk' }>

export class UdpReceiver {
  readonly port: number
  readonly #channel: MessagePort
  readonly #thread: ThreadUse
  readonly #options: UdpReceiverOptions
  readonly #waiting: Chunk[] = []
  readonly #taking = new Set<Promise<void>>()
  #turnAhead = false
  #stopped: (() => void) | undefined
  #stopping: Promise<void> | undefined

  private constructor(channel: MessagePort, thread: ThreadUse, port: number, options: UdpReceiverOptions) {
    this.#channel = channel
    this.#thread = thread
    this.port = port
    this.#options = options
    channel.on('message', (message: FromSocket) => this.#hear(message))
    // Of a thread that failed: no word comes before it.
    channel.once('close', () => this.#stopped?.())
  }

  /** Resolves when the socket listens. @throws the socket's error, with its `code` */
  static async open(options: UdpReceiverOptions): Promise<UdpReceiver> {
    const { host, port, maxBytes } = options
    const { port1, port2 } = new MessageChannel()
    const thread = enterReceiverThread((message) => options.onError(message))
    const maxChunks = Math.max(2, Math.floor(maxBytes / CHUNK_BYTES))
    thread.worker.postMessage({ host, port, maxChunks, channel: port2 } satisfies OpenSocket, [port2])
    const first = await firstWord(port1)
    if (first.kind === 'listening') return new UdpReceiver(port1, thread, first.port, options)
    await thread.leave()
    const refused = first as Extract<FromSocket, { kind: 'refused' }>
    throw Object.assign(new Error(refused.message), { code: refused.code })
  }

  #hear(message: FromSocket): void {
    if (message.kind === 'error') this.#options.onError(message.message)
    else if (message.kind === 'stopped') this.#stopped?.()
    else if (message.kind === 'dropped') this.#options.onDropped(message.count)
    else if (message.kind === 'chunk') {
      if (message.dropped > 0) this.#options.onDropped(message.dropped)
      this.#waiting.push(message)
      this.#takeInTurn()
    }
  }

  // One chunk a turn: after a pause many wait, and whoever else has something to do must not wait for all of them.
  #takeInTurn(): void {
    if (this.#turnAhead || this.#waiting.length === 0) return
    this.#turnAhead = true
    setImmediate(() => {
      this.#turnAhead = false
      this.#takeNext()
      this.#takeInTurn()
    })
  }

  #takeNext(): void {
    const chunk = this.#waiting.shift()
    if (chunk === undefined) return
    const taking = this.#take(chunk)
    this.#taking.add(taking)
    void taking.then(() => this.#taking.delete(taking))
  }

  async #take({ buffer, used }: Chunk): Promise<void> {
    try {
      await this.#options.take(datagramsOf(buffer, used))
    } finally {
      this.#channel.postMessage(buffer satisfies ToSocket, [buffer])
    }
  }

  /** Closes the socket after what the kernel holds, and resolves when all is taken. Twice is fine. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => (this.#stopped = resolve))
    this.#channel.postMessage('stop' satisfies ToSocket)
    await stopped
    await this.#thread.leave()
    while (this.#waiting.length > 0) this.#takeNext()
    await Promise.all(this.#taking)
    this.#channel.close()
  }
}

async function firstWord(channel: MessagePort): Promise<FromSocket> {
  const [first] = (await Promise.race([
    once(channel, 'message'),
    once(channel, 'close').then(() => [{ kind: 'refused', message: 'the thread of the UDP sockets has ended' }]),
  ])) as [FromSocket]
  return first
}
