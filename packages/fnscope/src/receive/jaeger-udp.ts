// A datagram of a Jaeger client to its agent, read for a UDP door.
import { UnwantedMessageError } from '../codec/jaeger-thrift.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import type { RowContext } from '../codec/span-row-writer.ts'
import { MalformedError, type Taken } from '../codec/taken.ts'
import type { ReadDatagram } from './udp-door.ts'

type DecodeDatagram = (datagram: Uint8Array, into: SpanBatch, context: RowContext) => Taken

/** @param decode of the door's protocol */
export function readJaegerDatagrams(decode: DecodeDatagram, context: RowContext): ReadDatagram {
  return (datagram, batch, drop) => {
    try {
      const { rows, reasons, message } = decode(datagram, batch.spans, context)
      for (const [reason, count] of reasons) drop(reason, message, { count })
      return rows
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      drop(error instanceof UnwantedMessageError ? 'unwanted_message' : 'malformed', error.message)
      return 0
    }
  }
}
