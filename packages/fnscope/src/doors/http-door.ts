// An HTTP door that takes telemetry of some protocol: the server with its guards, an intake, an address. Its routes are
// mounted by the caller.
import type { FastifyRequest } from 'fastify'
import type { DoorAddress, DoorName } from '../config.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { listen } from '../http/listen.ts'
import { closeHttpServer, createHttpServer, type HttpServer } from '../http/server.ts'
import { Intake } from '../receive/intake.ts'
import { DOOR_OFF, type DoorContext, type OpenDoor } from './door-context.ts'

export interface HttpDoorOptions {
  /** The label of the counters. */
  readonly door: DoorName
  readonly context: Pick<DoorContext, 'ingest' | 'counters' | 'log' | 'token' | 'functionKey'>
  readonly errorFormat: (request: FastifyRequest) => ErrorFormat
  /** Of what Fastify itself reads; routes that take telemetry read their own (receive/take-body.ts). */
  readonly bodyLimitBytes: number
  /** Which requests the server's own guard asks for the token; default: every one. */
  readonly needsToken?: (request: FastifyRequest) => boolean
  readonly mount: (server: HttpServer, intake: Intake) => void
}

const REQUEST_TIMEOUT_MS = 60_000
const GRACE_MS = 2000

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openHttpDoor(wanted: DoorAddress, options: HttpDoorOptions): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { door, context, errorFormat, bodyLimitBytes, needsToken, mount } = options
  const { token, functionKey, counters, log, ingest } = context
  const intake = new Intake({ door, ingest, counters, log })
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes,
    errorFormat,
    allowedHosts: hostNamesOf(wanted.host),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...(token === undefined ? {} : { token }),
    ...(functionKey === undefined ? {} : { functionKey }),
    ...(needsToken === undefined ? {} : { needsToken }),
  })
  mount(server, intake)
  const bound = await listen(server, wanted)
  let stopping: Promise<void> | undefined
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    port: bound.closed === undefined ? bound.port : 0,
    stop: () => (stopping ??= closeHttpServer(server, GRACE_MS).then(() => intake.stop())),
  }
}
