// A UDP door of any protocol: chunks of datagrams in, a batch each to ingest. Nobody can be answered here, so whatever
// cannot be kept is counted by its reason. What a datagram means is the reader's.
import type { Counters } from '../counters.ts'
import { messageOf } from '../errors.ts'
import { closedDoor, formatAddress, type WantedAddress } from '../http/door-address.ts'
import { IngestFullError, type Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { emptied, newBatch, type Batch } from '../span/batch.ts'
import { DropLog } from './drop-log.ts'
import { kernelDrops } from './udp-kernel-drops.ts'
import { UdpReceiver } from './udp-receiver.ts'

/** Nine seconds of 30 000 X-Ray documents a second: two cores do not decode them as fast as they come. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024

const MAX_SPARE_BATCHES = 4

/** Tells of something that is not kept. `reason` is of a closed set, `message` says more; count is 1 unless said. */
export type Drop = (
  reason: string,
  message: string,
  dropped?: { readonly id?: string | undefined; readonly count?: number },
) => void

/** Of another signal than the door's. */
export interface Counted {
  readonly signal: 'document' | 'span' | 'metric'
  readonly count: number
}

/**
 * Adds what it can keep of a datagram to the batch, tells `drop` of the rest. It must not keep the bytes: their memory is
 * used again. @returns how many items it added, of the door's signal where it does not say
 */
export type ReadDatagram = (datagram: Buffer, batch: Batch, drop: Drop) => number | Counted

export interface UdpDoorOptions extends WantedAddress {
  /** The label of the counters. */
  readonly door: string
  /** The label of counters.received. */
  readonly signal: 'document' | 'span' | 'metric'
  /** Asked for once a batch, so that what is the same for all of it is worked out once. */
  readonly reader: () => ReadDatagram
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
  /** Of datagrams that wait for ingest; what comes beyond is dropped. Default 256 MiB. */
  readonly maxWaitingBytes?: number
}

export interface UdpDoor {
  /** `host:port`; empty when closed. */
  readonly address: string
  readonly port: number
  /** Why it does not listen, when it does not. */
  readonly closed?: string
  /** Closes the socket and hands over what it has got; resolves when ingest has it. Twice is fine. */
  stop(): Promise<void>
}

/** Opens the door. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openUdpDoor(options: UdpDoorOptions): Promise<UdpDoor> {
  const { door, host, port, counters, log } = options
  const datagrams = new Datagrams(options)
  let receiver: UdpReceiver
  try {
    receiver = await UdpReceiver.open({
      host,
      port,
      maxBytes: options.maxWaitingBytes ?? MAX_WAITING_BYTES,
      take: (chunk) => datagrams.take(chunk),
      onDropped: (count) => datagrams.overflow(count),
      onError: (reason) => log.error({ door, reason }, 'socket failed'),
    })
  } catch (error) {
    const { closed } = await closedDoor(error, options, 'udp')
    return { address: '', port: 0, closed, stop: async () => undefined }
  }
  counters.kernelDrops.set(door, () => kernelDrops(receiver.port))
  const stop = async (): Promise<void> => {
    counters.kernelDrops.delete(door)
    await receiver.stop()
    datagrams.stop()
  }
  let stopping: Promise<void> | undefined
  return { address: formatAddress(host, receiver.port), port: receiver.port, stop: () => (stopping ??= stop()) }
}

class Datagrams {
  readonly #options: UdpDoorOptions
  readonly #dropLog: DropLog
  // Filled again: the memory of a new batch costs as much as decoding into it.
  readonly #spare: Batch[] = []

  constructor(options: UdpDoorOptions) {
    this.#options = options
    this.#dropLog = new DropLog(options.door, options.log)
  }

  /** Reads the datagrams of one chunk into one batch; resolves when ingest has it, or has refused it. */
  async take(datagrams: Iterable<Buffer>): Promise<void> {
    const batch = this.#spare.pop() ?? newBatch()
    const read = this.#options.reader()
    const { signal } = this.#options
    const counts = { document: 0, span: 0, metric: 0 }
    for (const datagram of datagrams) {
      const added = read(datagram, batch, this.#drop)
      if (typeof added === 'number') counts[signal] += added
      else counts[added.signal] += added.count
    }
    if (counts.document + counts.span + counts.metric > 0) await this.#accept(batch, counts)
    if (this.#spare.length < MAX_SPARE_BATCHES) this.#spare.push(emptied(batch))
  }

  async #accept(batch: Batch, counts: Readonly<Record<Counted['signal'], number>>): Promise<void> {
    const { door, ingest, counters, log } = this.#options
    const items = counts.document + counts.span + counts.metric
    // Taken while the batch is still ours.
    const ids = batch.documents.firstIds(3)
    try {
      await ingest.accept(batch)
      for (const [signal, count] of Object.entries(counts))
        if (count > 0) counters.received.inc({ door, signal }, count)
    } catch (error) {
      if (!(error instanceof IngestFullError)) log.error({ door, err: error }, 'batch lost')
      const reason = error instanceof IngestFullError ? 'queue_full' : 'internal_error'
      const message = messageOf(error)
      for (const id of ids) this.#drop(reason, message, { id })
      if (items > ids.length) this.#drop(reason, message, { count: items - ids.length })
    }
  }

  /** The socket's thread had no room for so many. */
  overflow(count: number): void {
    this.#drop('queue_full', 'the write-ahead log does not take them as fast as they come', { count })
  }

  readonly #drop: Drop = (reason, message, dropped = {}) => {
    this.#options.counters.dropped.inc({ door: this.#options.door, reason }, dropped.count ?? 1)
    this.#dropLog.add(reason, message, dropped)
  }

  stop(): void {
    this.#dropLog.stop()
  }
}
