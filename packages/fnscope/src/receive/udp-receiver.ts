// The main thread's end of a UDP socket that lives in a thread of its own: datagrams come in chunks, one a turn of the
// event loop. A main thread that stands still for a second or two loses none of them.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { datagramsOf } from './datagram-chunk.ts'
import { CHUNK_BYTES, type FromThread, type ReceiverSettings, type ToThread } from './udp-receiver-message.ts'

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

type Chunk = Extract<FromThread, { kind: 'chunk' }>

export class UdpReceiver {
  readonly port: number
  readonly #worker: Worker
  readonly #options: UdpReceiverOptions
  readonly #ended: Promise<unknown>
  readonly #waiting: Chunk[] = []
  readonly #taking = new Set<Promise<void>>()
  #turnAhead = false
  #stopping: Promise<void> | undefined

  private constructor(worker: Worker, ended: Promise<unknown>, port: number, options: UdpReceiverOptions) {
    this.#worker = worker
    this.#ended = ended
    this.port = port
    this.#options = options
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (error: Error) => options.onError(error.message))
  }

  /** Resolves when the socket listens. @throws the socket's error, with its `code` */
  static async open(options: UdpReceiverOptions): Promise<UdpReceiver> {
    const { host, port, maxBytes } = options
    const settings: ReceiverSettings = { host, port, maxChunks: Math.max(2, Math.floor(maxBytes / CHUNK_BYTES)) }
    const worker = new Worker(new URL('./udp-receiver-thread.ts', import.meta.url), {
      name: 'udp-receiver',
      workerData: settings,
    })
    // Before its first message: to a main thread that was busy, message and exit come in one turn.
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const [first] = (await once(worker, 'message')) as [FromThread]
    if (first.kind === 'listening') return new UdpReceiver(worker, ended, first.port, options)
    await ended
    const refused = first as Extract<FromThread, { kind: 'refused' }>
    throw Object.assign(new Error(refused.message), { code: refused.code })
  }

  #hear(message: FromThread): void {
    if (message.kind === 'error') this.#options.onError(message.message)
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
      this.#worker.postMessage(buffer satisfies ToThread, [buffer])
    }
  }

  /** Closes the socket after what the kernel holds, ends the thread, and resolves when all is taken. Twice is fine. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    this.#worker.postMessage('stop' satisfies ToThread)
    // A thread's last messages are heard before its exit is.
    await this.#ended
    while (this.#waiting.length > 0) this.#takeNext()
    await Promise.all(this.#taking)
  }
}
