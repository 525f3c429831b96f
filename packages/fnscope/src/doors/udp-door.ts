// A UDP door as configured: off, open, or closed with the reason; opened to other machines it says so.
import type { DoorAddress, DoorName } from '../config.ts'
import { isLoopbackHost } from '../http/host-names.ts'
import { openUdpDoor, type UdpDoorOptions } from '../receive/udp-door.ts'
import { DOOR_OFF, type DoorContext, type OpenDoor } from './door-context.ts'

export interface ConfiguredUdpDoor extends Pick<UdpDoorOptions, 'signal' | 'reader' | 'maxWaitingBytes'> {
  readonly door: DoorName
  readonly context: DoorContext
}

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openConfiguredUdpDoor(wanted: DoorAddress, options: ConfiguredUdpDoor): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { context, ...rest } = options
  const { quickIngest: ingest, counters, log, notify } = context
  const bound = await openUdpDoor({ ...wanted, ...rest, ingest, counters, log })
  if (bound.closed !== undefined) return { ...DOOR_OFF, description: `closed: ${bound.closed}` }
  if (!isLoopbackHost(wanted.host))
    notify(
      `${options.door}: every machine that reaches ${bound.address} can store telemetry, for UDP carries no token.`,
    )
  return { description: bound.address, port: bound.port, stop: () => bound.stop() }
}
