// The doors that Jaeger's clients send to: the collector's (thrift over HTTP, gRPC) and the agent's (UDP in two
// protocols, and the strategies of sampling).
import { decodeJaegerBinaryDatagram, decodeJaegerCompactDatagram } from '../codec/jaeger-thrift.ts'
import type { RowContext } from '../codec/span-row-writer.ts'
import type { Config, DoorAddress } from '../config.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { Intake } from '../receive/intake.ts'
import { createJaegerGrpc } from '../receive/jaeger-grpc.ts'
import { plainErrorFormat, MAX_BODY_BYTES, mountJaegerHttp } from '../receive/jaeger-http.ts'
import {
  mountAgentSampling,
  mountCollectorSampling,
  SAMPLE_ALL,
  SAMPLE_AS_CLOUD,
  type SamplingStrategy,
} from '../receive/jaeger-sampling.ts'
import { readJaegerDatagrams } from '../receive/jaeger-udp.ts'
import { DOOR_OFF, type DoorContext, type OpenDoor } from './door-context.ts'
import { openHttpDoor } from './http-door.ts'
import { openAll } from './open-all.ts'
import { openConfiguredUdpDoor } from './udp-door.ts'

export interface JaegerCollectorDoors {
  readonly 'jaeger-thrift-http': OpenDoor
  readonly 'jaeger-grpc': OpenDoor
  readonly 'jaeger-compact': OpenDoor
  readonly 'jaeger-binary': OpenDoor
  readonly 'jaeger-sampling': OpenDoor
}

const GRACE_MS = 2000

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openJaegerCollectorDoors(
  doors: Pick<Config['doors'], keyof JaegerCollectorDoors>,
  context: DoorContext,
): Promise<JaegerCollectorDoors> {
  const strategy = context.sampling === 'cloud' ? SAMPLE_AS_CLOUD : SAMPLE_ALL
  return await openAll<JaegerCollectorDoors>({
    'jaeger-thrift-http': openThriftHttp(doors['jaeger-thrift-http'], context, strategy),
    'jaeger-grpc': openGrpc(doors['jaeger-grpc'], context, strategy),
    'jaeger-compact': openUdp('jaeger-compact', doors['jaeger-compact'], context),
    'jaeger-binary': openUdp('jaeger-binary', doors['jaeger-binary'], context),
    'jaeger-sampling': openSampling(doors['jaeger-sampling'], context, strategy),
  })
}

function rowContextOf({ now, bounds }: DoorContext): () => RowContext {
  return () => ({ receivedNanos: now(), bounds: bounds() })
}

async function openThriftHttp(
  wanted: DoorAddress,
  context: DoorContext,
  strategy: SamplingStrategy,
): Promise<OpenDoor> {
  return await openHttpDoor(wanted, {
    door: 'jaeger-thrift-http',
    context,
    errorFormat: () => plainErrorFormat,
    bodyLimitBytes: MAX_BODY_BYTES,
    mount(server, intake) {
      mountJaegerHttp(server, { intake, budget: context.budget, rowContext: rowContextOf(context) })
      mountCollectorSampling(server, strategy)
    },
  })
}

async function openGrpc(wanted: DoorAddress, context: DoorContext, strategy: SamplingStrategy): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { token, functionKey, counters, log, ingest, budget } = context
  const intake = new Intake({ door: 'jaeger-grpc', ingest, counters, log })
  const server = createJaegerGrpc({
    intake,
    rowContext: rowContextOf(context),
    strategy,
    budget,
    counters,
    log,
    allowedHosts: hostNamesOf(wanted.host),
    tokens: [token, functionKey].filter((one) => one !== undefined),
  })
  const bound = await server.listen(wanted)
  let stopping: Promise<void> | undefined
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    port: bound.closed === undefined ? bound.port : 0,
    stop: () => (stopping ??= server.stop(GRACE_MS).then(() => intake.stop())),
  }
}

async function openUdp(
  door: 'jaeger-compact' | 'jaeger-binary',
  wanted: DoorAddress,
  context: DoorContext,
): Promise<OpenDoor> {
  const decode = door === 'jaeger-compact' ? decodeJaegerCompactDatagram : decodeJaegerBinaryDatagram
  const rowContext = rowContextOf(context)
  return await openConfiguredUdpDoor(wanted, {
    door,
    context,
    signal: 'span',
    reader: () => readJaegerDatagrams(decode, rowContext()),
  })
}

/** Tells nothing of what is stored, and the clients that ask cannot carry a token. */
async function openSampling(wanted: DoorAddress, context: DoorContext, strategy: SamplingStrategy): Promise<OpenDoor> {
  return await openHttpDoor(wanted, {
    door: 'jaeger-sampling',
    context: { ...context, token: undefined },
    errorFormat: () => plainErrorFormat,
    bodyLimitBytes: 64 * 1024,
    mount: (server) => mountAgentSampling(server, strategy),
  })
}
