// The OTLP doors, HTTP and gRPC: one budget of bytes for both, the same signals behind both.
import type { Config, DoorAddress } from '../config.ts'
import type { GrpcLimits } from '../http/grpc-server.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { createOtlpGrpc } from '../receive/otlp-grpc.ts'
import { Intake } from '../receive/intake.ts'
import { mountOtlpHttp, otlpErrorFormat, MAX_BODY_BYTES } from '../receive/otlp-http.ts'
import type { OtlpSignal } from '../receive/otlp-signal.ts'
import { DOOR_OFF, type DoorContext, type OpenDoor } from './door-context.ts'
import { openHttpDoor, type HttpDoorOptions } from './http-door.ts'
import { openAll } from './open-all.ts'

export interface OtlpDoorsOptions {
  readonly context: HttpDoorOptions['context'] & Pick<DoorContext, 'budget'>
  readonly signals: readonly OtlpSignal[]
  /** Smaller in tests. */
  readonly limits?: Partial<GrpcLimits>
}

export interface OtlpDoors {
  readonly 'otlp-http': OpenDoor
  readonly 'otlp-grpc': OpenDoor
}

const GRACE_MS = 2000

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openOtlpDoors(
  doors: Pick<Config['doors'], keyof OtlpDoors>,
  options: OtlpDoorsOptions,
): Promise<OtlpDoors> {
  return await openAll<OtlpDoors>({
    'otlp-http': openHttp(doors['otlp-http'], options),
    'otlp-grpc': openGrpc(doors['otlp-grpc'], options),
  })
}

async function openHttp(wanted: DoorAddress, { context, signals }: OtlpDoorsOptions): Promise<OpenDoor> {
  return await openHttpDoor(wanted, {
    door: 'otlp-http',
    context,
    errorFormat: otlpErrorFormat,
    bodyLimitBytes: MAX_BODY_BYTES,
    mount: (server, intake) => mountOtlpHttp(server, { signals, intake, budget: context.budget }),
  })
}

async function openGrpc(wanted: DoorAddress, options: OtlpDoorsOptions): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { signals, limits = {} } = options
  const { token, functionKey, counters, log, ingest, budget } = options.context
  const intake = new Intake({ door: 'otlp-grpc', ingest, counters, log })
  const server = createOtlpGrpc({
    signals,
    intake,
    budget,
    counters,
    log,
    allowedHosts: hostNamesOf(wanted.host),
    tokens: [token, functionKey].filter((one) => one !== undefined),
    limits,
  })
  const bound = await server.listen(wanted)
  let stopping: Promise<void> | undefined
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    port: bound.closed === undefined ? bound.port : 0,
    stop: () => (stopping ??= server.stop(GRACE_MS).then(() => intake.stop())),
  }
}
