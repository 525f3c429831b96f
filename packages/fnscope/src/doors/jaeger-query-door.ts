// Jaeger's query doors: its API over HTTP on a port of its own, where its page and Grafana look for it, and over gRPC.
import { jaegerGrpcMethods } from '../api/jaeger-grpc.ts'
import { jaegerErrorFormat, mountJaegerQuery, type JaegerQueryOptions } from '../api/jaeger-query.ts'
import { JAEGER_V3_PREFIX, jaegerV3ErrorFormat, mountJaegerV3 } from '../api/jaeger-v3.ts'
import type { Config, DoorAddress } from '../config.ts'
import { GrpcServer } from '../http/grpc-server.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { listen } from '../http/listen.ts'
import { closeHttpServer, createHttpServer } from '../http/server.ts'
import type { Store } from '../store/store.ts'
import { DOOR_OFF, type DoorContext, type OpenDoor } from './door-context.ts'
import { openAll } from './open-all.ts'
import { markPartialAnswers } from './partial-answers.ts'

export interface JaegerDoorsOptions extends Pick<DoorContext, 'counters' | 'log' | 'token' | 'budget'> {
  readonly query: JaegerQueryOptions
  readonly store: Pick<Store, 'watchGaps'>
}

export interface JaegerDoors {
  readonly 'jaeger-query': OpenDoor
  readonly 'jaeger-query-grpc': OpenDoor
}

/** Nothing large is posted here. */
const BODY_LIMIT_BYTES = 1024 * 1024
const GRACE_MS = 2000
const HINT = "This port speaks the gRPC of Jaeger's query service. Its HTTP has a port of its own, by default 16686."

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openJaegerDoors(
  doors: Pick<Config['doors'], keyof JaegerDoors>,
  options: JaegerDoorsOptions,
): Promise<JaegerDoors> {
  return await openAll<JaegerDoors>({
    'jaeger-query': openHttp(doors['jaeger-query'], options),
    'jaeger-query-grpc': openGrpc(doors['jaeger-query-grpc'], options),
  })
}

async function openHttp(wanted: DoorAddress, options: JaegerDoorsOptions): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { query, store, counters, log, token } = options
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    errorFormat: ({ url }) => (url.startsWith(JAEGER_V3_PREFIX) ? jaegerV3ErrorFormat : jaegerErrorFormat),
    allowedHosts: hostNamesOf(wanted.host),
    ...(token === undefined ? {} : { token }),
  })
  markPartialAnswers(server, store)
  mountJaegerQuery(server, query)
  mountJaegerV3(server, query)
  const bound = await listen(server, wanted)
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    port: bound.closed === undefined ? bound.port : 0,
    stop: () => closeHttpServer(server, GRACE_MS),
  }
}

async function openGrpc(wanted: DoorAddress, options: JaegerDoorsOptions): Promise<OpenDoor> {
  if (wanted === 'off') return DOOR_OFF
  const { query, store, counters, log, token, budget } = options
  const server = new GrpcServer({
    methods: jaegerGrpcMethods({ ...query, watchGaps: () => store.watchGaps() }),
    maxMessageBytes: BODY_LIMIT_BYTES,
    hint: HINT,
    log,
    counters,
    budget,
    allowedHosts: hostNamesOf(wanted.host),
    tokens: token === undefined ? [] : [token],
  })
  const bound = await server.listen(wanted)
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    port: bound.closed === undefined ? bound.port : 0,
    stop: () => server.stop(GRACE_MS),
  }
}
