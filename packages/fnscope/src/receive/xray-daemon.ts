// The X-Ray daemon's UDP door. Transport only: datagrams in, gathered batches to ingest; what a document means is the
// codec's. Nobody can be answered here, so whatever cannot be kept is counted by its reason.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import { closedDoor, formatAddress, type WantedAddress } from '../http/door-address.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { newBatch, type Batch } from '../span/batch.ts'
import { DropLog } from './drop-log.ts'
import { readDatagram } from './xray-datagram.ts'

const DOOR = 'xray-daemon'
const GATHER_MS = 20
const GATHER_DOCUMENTS = 500
/** Text of documents that ingest has not taken yet. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024
/** Asked for in turn: Linux gives what net.core.rmem_max allows, others refuse what is too much. */
const RECEIVE_BUFFER_BYTES = [32, 8, 2].map((megabytes) => megabytes * 1024 * 1024)

/** What codec/xray.ts answers for one document: in the batch, or why not (`code` such as ParseError, MissingId). */
export type DecodeOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly id?: string; readonly code: string; readonly message: string }

export interface XrayDaemonOptions extends WantedAddress {
  /** Adds a whole document to the batch or nothing. */
  readonly decode: (text: string, batch: Batch) => DecodeOutcome
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
}

export interface XrayDaemonDoor {
  /** `host:port`; empty when closed. */
  readonly address: string
  readonly port: number
  /** Why it does not listen, when it does not. */
  readonly closed?: string
  /** Closes the socket and hands over what was gathered; resolves when ingest has it. Twice is fine. */
  stop(): Promise<void>
}

/** Opens the door. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openXrayDaemon(options: XrayDaemonOptions): Promise<XrayDaemonDoor> {
  const { host, port } = options
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    const { closed } = await closedDoor(error, options, 'udp')
    return { address: '', port: 0, closed, stop: async () => undefined }
  }
  growReceiveBuffer(socket)
  const gatherer = new Gatherer(options)
  socket.on('message', (datagram) => gatherer.add(datagram))
  socket.on('error', (error) => options.log.error({ door: DOOR, reason: error.message }, 'socket failed'))

  const stop = async (): Promise<void> => {
    await new Promise<void>((resolve) => socket.close(resolve))
    await gatherer.stop()
  }
  let stopping: Promise<void> | undefined
  const bound = socket.address().port
  return { address: formatAddress(host, bound), port: bound, stop: () => (stopping ??= stop()) }
}

/** The kernel's buffer is what holds a burst while this process is busy. */
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

class Gatherer {
  readonly #options: XrayDaemonOptions
  readonly #dropLog: DropLog
  #batch = newBatch()
  #documents = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #waitingBytes = 0
  readonly #handing = new Set<Promise<void>>()

  constructor(options: XrayDaemonOptions) {
    this.#options = options
    this.#dropLog = new DropLog(DOOR, options.log)
  }

  add(datagram: Buffer): void {
    const read = readDatagram(datagram)
    if ('refused' in read) this.#drop(read.refused, read.message)
    else if (this.#waitingBytes + this.#bytes > MAX_WAITING_BYTES)
      this.#drop('queue_full', 'the write-ahead log does not take documents as fast as they come')
    else this.#decode(read.text)
  }

  #decode(text: string): void {
    const outcome = this.#options.decode(text, this.#batch)
    if (!outcome.ok) return this.#drop(snakeCase(outcome.code), outcome.message, outcome.id)
    this.#documents += 1
    this.#bytes += text.length
    if (this.#documents >= GATHER_DOCUMENTS) this.#handOver()
    else this.#timer ??= setTimeout(() => this.#handOver(), GATHER_MS)
  }

  #handOver(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#documents === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#handing.add(promise)
    void this.#accept(this.#batch, this.#documents, this.#bytes).then(() => {
      this.#handing.delete(promise)
      resolve()
    })
    this.#batch = newBatch()
    this.#documents = 0
    this.#bytes = 0
  }

  async #accept(batch: Batch, documents: number, bytes: number): Promise<void> {
    const { ingest, counters, log } = this.#options
    // Taken while the batch is still ours.
    const ids = batch.documents.slice(0, 3).map((document) => document.spanId)
    this.#waitingBytes += bytes
    try {
      await ingest.accept(batch)
      counters.received.inc({ door: DOOR, signal: 'document' }, documents)
    } catch (error) {
      if (!(error instanceof IngestFullError)) log.error({ door: DOOR, err: error }, 'batch lost')
      const reason = error instanceof IngestFullError ? 'queue_full' : 'internal_error'
      for (let document = 0; document < documents; document++) this.#drop(reason, messageOf(error), ids[document])
    } finally {
      this.#waitingBytes -= bytes
    }
  }

  #drop(reason: string, message: string, id?: string): void {
    this.#options.counters.dropped.inc({ door: DOOR, reason })
    this.#dropLog.add(reason, message, id)
  }

  async stop(): Promise<void> {
    this.#handOver()
    await Promise.all(this.#handing)
    this.#dropLog.stop()
  }
}

/** The codec's codes are a closed set: ParseError → parse_error, as the counters spell reasons. */
function snakeCase(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()
}
