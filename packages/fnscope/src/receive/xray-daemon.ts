// The X-Ray daemon's UDP door: header and document of each datagram. What a document means is the codec's.
import { reasonOf } from '../counters.ts'
import type { Batch } from '../span/batch.ts'
import { openUdpDoor, type ReadDatagram, type UdpDoor, type UdpDoorOptions } from './udp-door.ts'
import { readDatagram } from './xray-datagram.ts'
import { OtlpDatagrams, type DecodeOtlpDatagram } from './xray-otlp.ts'

/** What codec/xray.ts answers for one document: in the batch, or why not (`code` such as ParseError, MissingId). */
export type DecodeOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly id?: string; readonly code: string; readonly message: string }

/** Adds a whole document to the batch or nothing. It must not keep the bytes: their memory is used again. */
export type DecodeOne = (body: Buffer, batch: Batch) => DecodeOutcome

export interface XrayDaemonOptions extends Omit<UdpDoorOptions, 'door' | 'signal' | 'reader'> {
  /** Asked for once a batch, so that what is the same for all of it is worked out once. */
  readonly decoder: () => DecodeOne
  /** Who reads OTLP that comes in place of a document. */
  readonly decodeOtlp: DecodeOtlpDatagram
}

/** Opens the door. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openXrayDaemon(options: XrayDaemonOptions): Promise<UdpDoor> {
  const otlp = new OtlpDatagrams(options.decodeOtlp)
  return await openUdpDoor({
    ...options,
    door: 'xray-daemon',
    signal: 'document',
    reader: () => reader(options.decoder(), otlp),
  })
}

function reader(decode: DecodeOne, otlp: OtlpDatagrams): ReadDatagram {
  return (datagram, batch, drop) => {
    const read = readDatagram(datagram)
    if ('refused' in read) {
      drop(read.refused, read.message)
      return 0
    }
    if (read.otlp !== undefined) return otlp.read(read.otlp, read.body, batch, drop)
    const outcome = decode(read.body, batch)
    if (outcome.ok) return 1
    drop(reasonOf(outcome.code), outcome.message, { id: outcome.id })
    return 0
  }
}
