// The doors that take telemetry, beside the X-Ray daemon's: one function a family of protocols.
import type { Config, DoorName } from '../config.ts'
import { isDatakitPath } from '../receive/datakit-error.ts'
import { openDatadogDoors, type DatakitRoutes } from './datadog-doors.ts'
import { datakitErrorFormatOf, mountDatakitRoutes } from './dataway-mount.ts'
import type { DoorContext, OpenDoor } from './door-context.ts'
import { openJaegerCollectorDoors } from './jaeger-collector-doors.ts'
import { openOtlpDoors } from './otlp-doors.ts'
import { otlpSignals } from './otlp-signals.ts'
import { openZipkinDoor } from './zipkin-door.ts'

/** The doors that a family has, by name. */
export type OpenDoors = Readonly<Partial<Record<DoorName, OpenDoor>>>

/** Opens a family's doors, or none. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
type OpenFamily = (doors: Config['doors'], context: DoorContext) => Promise<OpenDoors>

const FAMILIES: readonly OpenFamily[] = [
  async (doors, context) => ({ ...(await openOtlpDoors(doors, { context, signals: otlpSignals(context) })) }),
  async (doors, context) => ({ ...(await openDatadogDoors(doors, context, datakitRoutes(context))) }),
  async (doors, context) => ({ ...(await openJaegerCollectorDoors(doors, context)) }),
  async (doors, context) => ({ zipkin: await openZipkinDoor(doors, context) }),
]

function datakitRoutes(context: DoorContext): DatakitRoutes {
  return {
    mount: (server, intake) => mountDatakitRoutes(server, intake, context),
    errorFormat: datakitErrorFormatOf,
    guardsItself: (request) => isDatakitPath(request.url),
  }
}

export interface TelemetryDoors {
  /** Door → its address, `off`, or `closed: why`. */
  readonly descriptions: Readonly<Record<string, string>>
  /** Lets requests in progress end. Twice is fine. */
  stop(): Promise<void>
}

/** @throws FnscopeError as OpenFamily does; what was opened until then is closed again */
export async function openTelemetryDoors(doors: Config['doors'], context: DoorContext): Promise<TelemetryDoors> {
  const families = await Promise.allSettled(FAMILIES.map((open) => open(doors, context)))
  const all = families.flatMap((one) => (one.status === 'fulfilled' ? Object.entries<OpenDoor>(one.value) : []))
  const stop = async (): Promise<void> => void (await Promise.all(all.map(([, door]) => door.stop())))
  const failed = families.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  return {
    descriptions: Object.fromEntries(all.map(([name, { description }]) => [name, description])),
    stop,
  }
}
