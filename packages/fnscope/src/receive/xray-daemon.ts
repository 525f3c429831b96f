// The X-Ray daemon's UDP door: header and document of each datagram. What a document means is the codec's.
import { reasonOf } from '../counters.ts'
import type { Batch } from '../span/batch.ts'
import { openUdpDoor, type ReadDatagram, type UdpDoor, type UdpDoorOptions } from './udp-door.ts'
import { readDatagram } from './xray-datagram.ts'

/** What codec/xray.ts answers for one document: in the batch, or why not (`code` such as ParseError, MissingId). */
export type DecodeOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly id?: string; readonly code: string; readonly message: string }

/** Adds a whole document to the batch or nothing. It must not keep the bytes: their memory is used again. */
export type DecodeOne = (body: Buffer, batch: Batch) => DecodeOutcome

export interface XrayDaemonOptions extends Omit<UdpDoorOptions, 'door' | 'signal' | 'reader'> {
  /** Asked for once a batch, so that what is the same for all of it is worked out once. */
  readonly decoder: () => DecodeOne
}

/** Opens the door. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openXrayDaemon(options: XrayDaemonOptions): Promise<UdpDoor> {
  return await openUdpDoor({
    ...options,
    door: 'xray-daemon',
    signal: 'document',
    reader: () => reader(options.decoder()),
  })
}

function reader(decode: DecodeOne): ReadDatagram {
  return (datagram, batch, drop) => {
    const read = readDatagram(datagram)
    if ('refused' in read) {
      drop(read.refused, read.message)
      return 0
    }
    const outcome = decode(read.body, batch)
    if (outcome.ok) return 1
    drop(reasonOf(outcome.code), outcome.message, { id: outcome.id })
    return 0
  }
}
