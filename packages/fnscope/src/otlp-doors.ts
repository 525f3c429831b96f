// The OTLP doors, HTTP and gRPC: one budget of bytes for both, the same signals behind both.
import type { Config, DoorAddress } from './config.ts'
import type { Counters } from './counters.ts'
import { BodyBudget } from './http/body-budget.ts'
import type { BoundAddress, ClosedDoor } from './http/door-address.ts'
import type { GrpcLimits } from './http/grpc-server.ts'
import { hostNamesOf } from './http/host-names.ts'
import { listen } from './http/listen.ts'
import { closeHttpServer, createHttpServer } from './http/server.ts'
import type { Ingest } from './ingest/ingest.ts'
import type { Logger } from './log.ts'
import { createOtlpGrpc } from './receive/otlp-grpc.ts'
import { mountOtlpHttp, otlpErrorFormat, MAX_BODY_BYTES } from './receive/otlp-http.ts'
import { OtlpIntake, type OtlpSignal } from './receive/otlp-intake.ts'

export interface OtlpDoorsOptions {
  readonly signals: readonly OtlpSignal[]
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
  readonly token: string | undefined
  /** What functions that run here may show instead of the token. */
  readonly functionKey: string | undefined
  /** Smaller in tests. */
  readonly limits?: Partial<GrpcLimits> & { readonly maxBytesOnTheWay?: number }
}

export interface OtlpDoors {
  /** Door → its address, `off`, or `closed: why`. */
  readonly descriptions: Readonly<Record<OtlpDoorName, string>>
  /** Lets requests in progress end. Twice is fine. */
  stop(): Promise<void>
}

type OtlpDoorName = 'otlp-http' | 'otlp-grpc'

/** Of bodies on their way, both doors together: what is being read, inflated, decoded or waits for the log. */
const MAX_BYTES_ON_THE_WAY = 128 * 1024 * 1024
const REQUEST_TIMEOUT_MS = 60_000
const GRACE_MS = 2000

interface OpenDoor {
  readonly description: string
  stop(): Promise<void>
}

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openOtlpDoors(doors: Config['doors'], options: OtlpDoorsOptions): Promise<OtlpDoors> {
  const budget = new BodyBudget(options.limits?.maxBytesOnTheWay ?? MAX_BYTES_ON_THE_WAY)
  await using cleanup = new AsyncDisposableStack()
  const http = await openHttp(doors['otlp-http'], options, budget)
  cleanup.defer(() => http.stop())
  const grpc = await openGrpc(doors['otlp-grpc'], options, budget)
  cleanup.move()
  let stopping: Promise<void> | undefined
  return {
    descriptions: { 'otlp-http': http.description, 'otlp-grpc': grpc.description },
    stop: () => (stopping ??= Promise.all([http.stop(), grpc.stop()]).then(() => undefined)),
  }
}

async function openHttp(wanted: DoorAddress, options: OtlpDoorsOptions, budget: BodyBudget): Promise<OpenDoor> {
  if (wanted === 'off') return OFF
  const { signals, token, functionKey, counters, log } = options
  const intake = new OtlpIntake({ ...options, door: 'otlp-http' })
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes: MAX_BODY_BYTES,
    errorFormat: otlpErrorFormat,
    allowedHosts: hostNamesOf(wanted.host),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...(token === undefined ? {} : { token }),
    ...(functionKey === undefined ? {} : { functionKey }),
  })
  mountOtlpHttp(server, { signals, intake, budget })
  const description = describe(await listen(server, wanted))
  return {
    description,
    async stop() {
      await closeHttpServer(server, GRACE_MS)
      intake.stop()
    },
  }
}

async function openGrpc(wanted: DoorAddress, options: OtlpDoorsOptions, budget: BodyBudget): Promise<OpenDoor> {
  if (wanted === 'off') return OFF
  const { signals, token, functionKey, counters, log } = options
  const intake = new OtlpIntake({ ...options, door: 'otlp-grpc' })
  const server = createOtlpGrpc({
    signals,
    intake,
    budget,
    counters,
    log,
    allowedHosts: hostNamesOf(wanted.host),
    tokens: [token, functionKey].filter((one) => one !== undefined),
    limits: options.limits ?? {},
  })
  const description = describe(await server.listen(wanted))
  return {
    description,
    async stop() {
      await server.stop(GRACE_MS)
      intake.stop()
    },
  }
}

const OFF: OpenDoor = { description: 'off', stop: async () => {} }

function describe(bound: BoundAddress | ClosedDoor): string {
  return bound.closed === undefined ? bound.address : `closed: ${bound.closed}`
}
