// Where a Fastify instance listens.
import type { AddressInfo } from 'node:net'

import type { FastifyInstance } from 'fastify'

import { closedDoor, formatAddress, type BoundAddress, type ClosedDoor, type WantedAddress } from './door-address.ts'

/**
 * Listens, with all routes mounted. A taken port gives `{ closed }` unless the user named it.
 * @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG
 */
export async function listen(server: FastifyInstance, wanted: WantedAddress): Promise<BoundAddress | ClosedDoor> {
  try {
    await server.listen({ host: wanted.host, port: wanted.port })
  } catch (error) {
    return closedDoor(error, wanted, 'tcp')
  }
  const { port } = server.server.address() as AddressInfo
  return { host: wanted.host, port, address: formatAddress(wanted.host, port) }
}
