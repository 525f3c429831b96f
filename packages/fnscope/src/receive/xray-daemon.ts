// The X-Ray daemon's UDP door. Transport only: chunks of datagrams in, a batch each to ingest; what a document means is
// the codec's. Nobody can be answered here, so whatever cannot be kept is counted by its reason.
import { reasonOf, type Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import { closedDoor, formatAddress, type WantedAddress } from '../http/door-address.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { emptied, newBatch, type Batch } from '../span/batch.ts'
import { DropLog } from './drop-log.ts'
import { kernelDrops } from './udp-kernel-drops.ts'
import { UdpReceiver } from './udp-receiver.ts'
import { readDatagram } from './xray-datagram.ts'

const DOOR = 'xray-daemon'
/** Nine seconds of 30 000 documents a second: two cores do not decode them as fast as they come. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024

const MAX_SPARE_BATCHES = 4

/** What codec/xray.ts answers for one document: in the batch, or why not (`code` such as ParseError, MissingId). */
export type DecodeOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly id?: string; readonly code: string; readonly message: string }

/** Adds a whole document to the batch or nothing. It must not keep the bytes: their memory is used again. */
export type DecodeOne = (body: Buffer, batch: Batch) => DecodeOutcome

export interface XrayDaemonOptions extends WantedAddress {
  /** Asked for once a batch, so that what is the same for all of it is worked out once. */
  readonly decoder: () => DecodeOne
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
  /** Of datagrams that wait for ingest; what comes beyond is dropped. Default 256 MiB. */
  readonly maxWaitingBytes?: number
}

export interface XrayDaemonDoor {
  /** `host:port`; empty when closed. */
  readonly address: string
  readonly port: number
  /** Why it does not listen, when it does not. */
  readonly closed?: string
  /** Closes the socket and hands over what it has got; resolves when ingest has it. Twice is fine. */
  stop(): Promise<void>
}

/** Opens the door. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openXrayDaemon(options: XrayDaemonOptions): Promise<XrayDaemonDoor> {
  const { host, port } = options
  const documents = new Documents(options)
  let receiver: UdpReceiver
  try {
    receiver = await UdpReceiver.open({
      host,
      port,
      maxBytes: options.maxWaitingBytes ?? MAX_WAITING_BYTES,
      take: (datagrams) => documents.take(datagrams),
      onDropped: (count) => documents.overflow(count),
      onError: (reason) => options.log.error({ door: DOOR, reason }, 'socket failed'),
    })
  } catch (error) {
    const { closed } = await closedDoor(error, options, 'udp')
    return { address: '', port: 0, closed, stop: async () => undefined }
  }
  options.counters.kernelDrops.set(DOOR, () => kernelDrops(receiver.port))
  const stop = async (): Promise<void> => {
    options.counters.kernelDrops.delete(DOOR)
    await receiver.stop()
    documents.stop()
  }
  let stopping: Promise<void> | undefined
  return { address: formatAddress(host, receiver.port), port: receiver.port, stop: () => (stopping ??= stop()) }
}

class Documents {
  readonly #options: XrayDaemonOptions
  readonly #dropLog: DropLog
  // Filled again: the memory of a new batch costs as much as decoding into it.
  readonly #spare: Batch[] = []

  constructor(options: XrayDaemonOptions) {
    this.#options = options
    this.#dropLog = new DropLog(DOOR, options.log)
  }

  /** Decodes the datagrams of one chunk into one batch; resolves when ingest has it, or has refused it. */
  async take(datagrams: Iterable<Buffer>): Promise<void> {
    const batch = this.#spare.pop() ?? newBatch()
    const decode = this.#options.decoder()
    let documents = 0
    for (const datagram of datagrams) {
      const read = readDatagram(datagram)
      if ('refused' in read) {
        this.#drop(read.refused, read.message)
        continue
      }
      const outcome = decode(read.body, batch)
      if (outcome.ok) documents += 1
      else this.#drop(reasonOf(outcome.code), outcome.message, { id: outcome.id })
    }
    if (documents > 0) await this.#accept(batch, documents)
    if (this.#spare.length < MAX_SPARE_BATCHES) this.#spare.push(emptied(batch))
  }

  async #accept(batch: Batch, documents: number): Promise<void> {
    const { ingest, counters, log } = this.#options
    // Taken while the batch is still ours.
    const ids = batch.documents.firstIds(3)
    try {
      await ingest.accept(batch)
      counters.received.inc({ door: DOOR, signal: 'document' }, documents)
    } catch (error) {
      if (!(error instanceof IngestFullError)) log.error({ door: DOOR, err: error }, 'batch lost')
      const reason = error instanceof IngestFullError ? 'queue_full' : 'internal_error'
      const message = messageOf(error)
      for (const id of ids) this.#drop(reason, message, { id })
      if (documents > ids.length) this.#drop(reason, message, { count: documents - ids.length })
    }
  }

  /** The socket's thread had no room for so many. */
  overflow(count: number): void {
    this.#drop('queue_full', 'the write-ahead log does not take documents as fast as they come', { count })
  }

  #drop(
    reason: string,
    message: string,
    dropped: { readonly id?: string | undefined; readonly count?: number } = {},
  ): void {
    this.#options.counters.dropped.inc({ door: DOOR, reason }, dropped.count ?? 1)
    this.#dropLog.add(reason, message, dropped)
  }

  stop(): void {
    this.#dropLog.stop()
  }
}
