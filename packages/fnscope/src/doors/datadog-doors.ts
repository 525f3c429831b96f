// The Datadog agent's doors: its own port, the port where a DataKit takes the same (with whatever else a DataKit takes
// there), the Lambda extension's, and DogStatsD.
import type { FastifyRequest } from 'fastify'
import { decodeDatadogJson } from '../codec/datadog-json.ts'
import type { DatadogContext } from '../codec/datadog-rows.ts'
import type { DatadogTracer } from '../codec/datadog-source.ts'
import { decodeDatadogV04 } from '../codec/datadog-v04.ts'
import { decodeDatadogV05 } from '../codec/datadog-v05.ts'
import { decodeDatadogV07 } from '../codec/datadog-v07.ts'
import { decodeDatadogV1 } from '../codec/datadog-v1.ts'
import type { Taken } from '../codec/taken.ts'
import type { Config, DoorAddress } from '../config.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { isLoopbackHost } from '../http/host-names.ts'
import type { HttpServer } from '../http/server.ts'
import { datadogErrorFormat } from '../receive/datadog-error.ts'
import { MAX_EVENT_BYTES, mountDatadogExtension } from '../receive/datadog-extension.ts'
import { agentInfo, type AgentInfo } from '../receive/datadog-info.ts'
import { mountDatadogQuiet } from '../receive/datadog-quiet.ts'
import { MAX_BODY_BYTES, mountDatadogTraces, type TraceRoute } from '../receive/datadog-traces.ts'
import type { Intake } from '../receive/intake.ts'
import { readStatsdDatagrams } from '../receive/statsd.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import type { DoorContext, OpenDoor } from './door-context.ts'
import { openConfiguredUdpDoor } from './udp-door.ts'
import { openHttpDoor, type HttpDoorOptions } from './http-door.ts'

/** What else is on the DataKit's port. */
export interface DatakitRoutes {
  readonly mount: (server: HttpServer, intake: Intake) => void
  /** Of requests to paths that are none of the agent's. */
  readonly errorFormat: (request: FastifyRequest) => ErrorFormat
  /** Paths whose token is asked for by the routes themselves. */
  readonly guardsItself: (request: FastifyRequest) => boolean
}

export interface DatadogDoors {
  readonly statsd: OpenDoor
  readonly datadog: OpenDoor
  readonly datakit: OpenDoor
  readonly 'datadog-extension': OpenDoor
}

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openDatadogDoors(
  doors: Pick<Config['doors'], keyof DatadogDoors>,
  context: DoorContext,
  datakit?: DatakitRoutes,
): Promise<DatadogDoors> {
  await using cleanup = new AsyncDisposableStack()
  const open = async (wanted: DoorAddress, options: DoorParts): Promise<OpenDoor> => {
    const door = await openOnLoopbacks(wanted, { ...options, context: contextOf(wanted, context) })
    cleanup.defer(() => door.stop())
    return door
  }
  const statsd = await openConfiguredUdpDoor(doors.statsd, {
    door: 'statsd',
    signal: 'metric',
    context,
    reader: () => readStatsdDatagrams({ receivedNanos: context.now(), bounds: context.bounds() }),
  })
  cleanup.defer(() => statsd.stop())
  const mountAgent = (server: HttpServer, intake: Intake): void =>
    mountAgentRoutes(server, intake, { context, statsdPort: statsd.port })
  const agent = await open(doors.datadog, {
    door: 'datadog',
    errorFormat: () => datadogErrorFormat,
    bodyLimitBytes: MAX_BODY_BYTES,
    mount: mountAgent,
  })
  const kit = await open(doors.datakit, {
    door: 'datakit',
    errorFormat: (request) =>
      datakit === undefined || isAgentPath(request.url) ? datadogErrorFormat : datakit.errorFormat(request),
    bodyLimitBytes: MAX_BODY_BYTES,
    mount(server, intake) {
      mountAgent(server, intake)
      datakit?.mount(server, intake)
    },
    ...(datakit !== undefined && { needsToken: (request: FastifyRequest) => !datakit.guardsItself(request) }),
  })
  const extension = await open(doors['datadog-extension'], {
    door: 'datadog-extension',
    errorFormat: () => datadogErrorFormat,
    bodyLimitBytes: MAX_EVENT_BYTES,
    mount: mountDatadogExtension,
  })
  cleanup.move()
  return { statsd, datadog: agent, datakit: kit, 'datadog-extension': extension }
}

type DoorParts = Omit<HttpDoorOptions, 'context'>

// A tracer has no place for a token. On loopback it needs none, as none of the doors of UDP does.
function contextOf(wanted: DoorAddress, context: DoorContext): DoorContext {
  return wanted !== 'off' && isLoopbackHost(wanted.host) ? { ...context, token: undefined } : context
}

/** `localhost` is ::1 for some clients: what listens on 127.0.0.1 does there too, where the machine has it. */
async function openOnLoopbacks(wanted: DoorAddress, options: HttpDoorOptions): Promise<OpenDoor> {
  const door = await openHttpDoor(wanted, options)
  if (wanted === 'off' || wanted.host !== '127.0.0.1' || door.port === 0) return door
  const second = await openHttpDoor({ host: '::1', port: door.port, explicit: false }, options)
  return { ...door, stop: async () => void (await Promise.all([door.stop(), second.stop()])) }
}

const AGENT_PATHS = /^\/(?:info|v0\.\d\/|v1\.0\/|telemetry\/)/

function isAgentPath(url: string): boolean {
  return AGENT_PATHS.test(url)
}

interface AgentRoutes {
  readonly context: DoorContext
  readonly statsdPort: number
}

function mountAgentRoutes(server: HttpServer, intake: Intake, { context, statsdPort }: AgentRoutes): void {
  const { budget, counters } = context
  const infos = new Map<number, AgentInfo>()
  const info = (request: FastifyRequest): AgentInfo => {
    const receiverPort = request.socket.localPort ?? 0
    let known = infos.get(receiverPort)
    if (known === undefined) infos.set(receiverPort, (known = agentInfo({ receiverPort, statsdPort })))
    return known
  }
  mountDatadogTraces(server, { routes: traceRoutes(context), intake, budget, info })
  mountDatadogQuiet(server, () => counters.dropped.inc({ door: 'datadog', reason: 'not_stored' }))
}

type DecodeSpans = (body: Uint8Array, into: SpanBatch, context: DatadogContext) => Taken

function traceRoutes({ now, bounds }: DoorContext): readonly TraceRoute[] {
  const route = (path: string, decode: DecodeSpans): TraceRoute => ({
    path,
    answersRates: path !== '/v0.3/traces',
    decode: (body, { spans }, tracer: DatadogTracer) =>
      decode(body, spans, { receivedNanos: now(), bounds: bounds(), tracer }),
  })
  return [
    route('/v0.3/traces', decodeNamed),
    route('/v0.4/traces', decodeNamed),
    route('/v0.5/traces', decodeDatadogV05),
    // Not named by /info: no tracer that speaks them was at hand.
    route('/v0.7/traces', decodeDatadogV07),
    route('/v1.0/traces', decodeDatadogV1),
  ]
}

// By the first byte rather than by the content type, which some leave out: an array of MessagePack begins with none of
// these, and JSON with nothing else.
const decodeNamed: DecodeSpans = (body, into, context) => {
  const first = body[0]!
  const isJson = first === 0x5b || first === 0x6e || first === 0x20 || (first >= 0x09 && first <= 0x0d)
  return (isJson ? decodeDatadogJson : decodeDatadogV04)(body, into, context)
}
