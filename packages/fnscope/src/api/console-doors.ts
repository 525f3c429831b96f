// GET /api/doors: which doors listen, what came through each, and what its clients are told. POST /api/doors/{door}/sample
// sends a span there as a client would, so that the whole way from the socket to the console is tried.
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Counters } from '../counters.ts'
import { FnscopeError } from '../errors.ts'
import { formatXrayTraceId, newSpanId } from '../span/id.ts'
import { refused } from './console-query.ts'
import type { ConsoleDoor, ConsoleDoorSample, ConsoleHealth } from './console-types.ts'
import { hasSample, sampleOf } from './door-samples.ts'
import { sendSample } from './send-sample.ts'

export interface ConsoleDoorsOptions {
  readonly health: () => ConsoleHealth
  readonly counters: Pick<Counters, 'received' | 'dropped'>
  /** What the doors want to be shown; undefined when they want nothing. */
  readonly token: string | undefined
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

interface DoorKind {
  readonly title: string
  readonly protocol: ConsoleDoor['protocol']
  /** How a client is pointed at the address. */
  readonly hint: (address: string) => string
  /** Its name in the counters, where that is another. */
  readonly counted?: string
}

const KINDS: Readonly<Record<string, DoorKind>> = {
  main: {
    title: 'AWS API: X-Ray, Lambda, CloudWatch, CloudFormation',
    protocol: 'HTTP',
    hint: (address) => `AWS_ENDPOINT_URL=http://${address}`,
    counted: 'xray-api',
  },
  'xray-daemon': {
    title: 'X-Ray daemon',
    protocol: 'UDP and TCP',
    hint: (address) => `AWS_XRAY_DAEMON_ADDRESS=${address}`,
  },
  'otlp-http': {
    title: 'OpenTelemetry (OTLP over HTTP)',
    protocol: 'HTTP',
    hint: (address) => `OTEL_EXPORTER_OTLP_ENDPOINT=http://${address} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
  },
  'otlp-grpc': {
    title: 'OpenTelemetry (OTLP over gRPC)',
    protocol: 'gRPC',
    hint: (address) => `OTEL_EXPORTER_OTLP_ENDPOINT=http://${address} OTEL_EXPORTER_OTLP_PROTOCOL=grpc`,
  },
  datadog: { title: 'Datadog agent', protocol: 'HTTP', hint: (address) => `DD_TRACE_AGENT_URL=http://${address}` },
  'datadog-extension': {
    title: 'Datadog Lambda extension',
    protocol: 'HTTP',
    hint: (address) => `The Datadog libraries in a function look for it at ${address}`,
  },
  datakit: { title: 'DataKit and DataWay', protocol: 'HTTP', hint: (address) => `DataKit's own address: ${address}` },
  statsd: { title: 'DogStatsD', protocol: 'UDP', hint: (address) => `DD_DOGSTATSD_URL=udp://${address}` },
  'jaeger-thrift-http': {
    title: 'Jaeger collector (Thrift over HTTP)',
    protocol: 'HTTP',
    hint: (address) => `JAEGER_ENDPOINT=http://${address}/api/traces`,
  },
  'jaeger-grpc': { title: 'Jaeger collector (gRPC)', protocol: 'gRPC', hint: (address) => `Collector: ${address}` },
  'jaeger-compact': {
    title: 'Jaeger agent (compact)',
    protocol: 'UDP',
    hint: (address) => `JAEGER_AGENT_HOST=${hostOf(address)} JAEGER_AGENT_PORT=${portOf(address)}`,
  },
  'jaeger-binary': { title: 'Jaeger agent (binary)', protocol: 'UDP', hint: (address) => `Agent: ${address}` },
  'jaeger-sampling': {
    title: 'Jaeger sampling',
    protocol: 'HTTP',
    hint: (address) => `http://${address}/sampling?service=NAME`,
  },
  'jaeger-query': { title: 'Jaeger query (for Grafana)', protocol: 'HTTP', hint: (address) => `http://${address}` },
  'jaeger-query-grpc': { title: 'Jaeger query (gRPC)', protocol: 'gRPC', hint: (address) => `Query: ${address}` },
  zipkin: { title: 'Zipkin', protocol: 'HTTP', hint: (address) => `http://${address}/api/v2/spans` },
}

export function mountConsoleDoors(server: FastifyInstance, options: ConsoleDoorsOptions): void {
  server.get('/api/doors', async () => ({ doors: await readDoors(options) }))
  server.post('/api/doors/:door/sample', async (request) =>
    send((request.params as { readonly door: string }).door, options),
  )
}

function descriptionsOf({ health }: ConsoleDoorsOptions): ReadonlyMap<string, string> {
  const { url, doors } = health()
  const others = Object.entries(doors).map(([name, said]) => [name, typeof said === 'string' ? said : said.join(', ')])
  return new Map([['main', new URL(url).host], ...(others as [string, string][])])
}

async function readDoors(options: ConsoleDoorsOptions): Promise<ConsoleDoor[]> {
  const [received, dropped] = await Promise.all([
    countsOf(options.counters.received),
    countsOf(options.counters.dropped),
  ])
  return [...descriptionsOf(options)].map(([name, description]) => {
    const { title = name, protocol = 'HTTP', hint, counted = name } = KINDS[name] ?? {}
    const { state, address, reason } = stateOf(description)
    return {
      name,
      title,
      protocol,
      state,
      ...(address === undefined ? {} : { address }),
      ...(reason === undefined ? {} : { reason }),
      sample: address !== undefined && hasSample(name),
      hint: address === undefined ? '' : (hint?.(address) ?? address),
      received: received.get(counted) ?? 0,
      dropped: dropped.get(counted) ?? 0,
    }
  })
}

/** How a door describes itself: its address, `off`, `closed: why`, or an address of which a part is closed. */
export function stateOf(description: string): Pick<ConsoleDoor, 'state' | 'address' | 'reason'> {
  if (description === 'off') return { state: 'off' }
  if (description.startsWith('closed: ')) return { state: 'closed', reason: description.slice('closed: '.length) }
  const [, bound = description, closed] = /^(\S+) \((.*)\)$/.exec(description) ?? []
  const address = bound.replace(/^(0\.0\.0\.0|\[::\])(?=:\d+$)/, '127.0.0.1')
  return closed === undefined ? { state: 'open', address } : { state: 'partial', address, reason: closed }
}

async function countsOf(counter: Counters['received']): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { labels, value } of (await counter.get()).values) {
    const door = String(labels['door'])
    counts.set(door, (counts.get(door) ?? 0) + value)
  }
  return counts
}

const SAMPLE_NANOS = 42_000_000n

async function send(door: string, options: ConsoleDoorsOptions): Promise<ConsoleDoorSample> {
  const description = descriptionsOf(options).get(door)
  if (description === undefined) throw refused(`There is no door "${door.slice(0, 100)}".`)
  const { address, reason = 'it is off' } = stateOf(description)
  if (address === undefined) throw new FnscopeError('FNS_REFUSED', `The door ${door} does not listen: ${reason}.`)
  const now = options.now()
  // X-Ray's ids begin with the second of the trace.
  const traceId = (now / 1_000_000_000n).toString(16).padStart(8, '0') + randomBytes(12).toString('hex')
  const span = {
    service: `sample-${door}`,
    traceId,
    spanId: newSpanId(),
    startNanos: now - SAMPLE_NANOS,
    durationNanos: SAMPLE_NANOS,
  }
  const made = sampleOf(door, span)
  if (made === undefined) throw refused(`The door ${door} takes no telemetry: there is nothing to send to it.`)
  await sendSample(made.sample, address, options.token)
  return {
    door,
    ...(made.traced ? { traceId: formatXrayTraceId(traceId) } : {}),
    sentBytes: made.sample.bytes.length,
  }
}

const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'))
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)
