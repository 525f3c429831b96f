// What every door does about an address it cannot have: fatal when the user named it, else the door stays closed with the
// reason and the rest goes on.
import { FnscopeError, messageOf } from '../errors.ts'
import { findPortHolder } from './port-holder.ts'

export interface WantedAddress {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The user named it. */
  readonly explicit: boolean
}

export interface BoundAddress {
  readonly host: string
  readonly port: number
  /** `host:port`, IPv6 in brackets. */
  readonly address: string
  readonly closed?: undefined
}

export interface ClosedDoor {
  /** Why it does not listen. */
  readonly closed: string
}

export function formatAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Why the address was not given. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when it was asked for by name */
export async function closedDoor(error: unknown, wanted: WantedAddress, protocol: 'tcp' | 'udp'): Promise<ClosedDoor> {
  const { host, port, explicit } = wanted
  const where = `${protocol.toUpperCase()} ${formatAddress(host, port)}`
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
    const closed = `cannot listen on ${where}: ${messageOf(error)}`
    if (explicit) throw new FnscopeError('FNS_CONFIG', `${closed}. Name another host or port.`, { cause: error })
    return { closed }
  }
  const holder = await findPortHolder(port, protocol)
  const closed = `${where} is in use by ${holder ?? 'another process'}`
  if (!explicit) return { closed }
  throw new FnscopeError('FNS_PORT_IN_USE', `${closed}. Stop it, or name another port (0 takes any free one).`, {
    cause: error,
  })
}
