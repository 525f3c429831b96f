// The DogStatsD door: samples by UDP. What a message means is the codec's.
import { decodeDogStatsd } from '../codec/dogstatsd.ts'
import type { TimeBounds } from '../span/time.ts'
import type { ReadDatagram } from './udp-door.ts'

/** @param context of the batch that is being filled */
export function readStatsdDatagrams(context: {
  readonly receivedNanos: bigint
  readonly bounds: TimeBounds
}): ReadDatagram {
  return (datagram, batch, drop) => decodeDogStatsd(datagram, batch, { ...context, refuse: drop })
}
