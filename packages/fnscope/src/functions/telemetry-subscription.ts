// What an extension asks of the Telemetry API or of the Logs API before it, read and checked. Pure.

export type TelemetryType = 'platform' | 'function' | 'extension'
export type TelemetryApiName = 'telemetry' | 'logs'

export type Destination =
  | { readonly protocol: 'HTTP'; readonly port: number; readonly path: string }
  | { readonly protocol: 'TCP'; readonly port: number }

export interface Subscription {
  readonly api: TelemetryApiName
  readonly schemaVersion: string
  readonly types: readonly TelemetryType[]
  readonly maxItems: number
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly destination: Destination
}

const SCHEMAS: Readonly<Record<TelemetryApiName, readonly string[]>> = {
  telemetry: ['2022-07-01', '2022-12-13', '2025-01-29'],
  logs: ['2020-08-15', '2021-03-18'],
}
const TYPES: readonly string[] = ['platform', 'function', 'extension'] satisfies TelemetryType[]
/** The name by which an extension says "this environment". */
const HOSTS = ['sandbox.localdomain', 'sandbox']

/** Thrown with what is wrong, for the answer: 400 ValidationError. */
export class SubscriptionError extends Error {}

type Fields = Readonly<Record<string, unknown>>

/** @throws SubscriptionError */
export function parseSubscription(api: TelemetryApiName, body: Buffer): Subscription {
  const asked = fields(jsonOf(body), 'The body')
  const schemaVersion = asked['schemaVersion'] ?? SCHEMAS[api][0]!
  if (typeof schemaVersion !== 'string' || !SCHEMAS[api].includes(schemaVersion))
    throw new SubscriptionError(`schemaVersion must be one of ${SCHEMAS[api].join(', ')}`)
  const types = asked['types']
  if (!Array.isArray(types) || types.length === 0 || types.some((type) => !TYPES.includes(type as string)))
    throw new SubscriptionError(`types must be a list of ${TYPES.join(', ')}`)
  const buffering = asked['buffering'] === undefined ? {} : fields(asked['buffering'], 'buffering')
  return {
    api,
    schemaVersion,
    types: [...new Set(types as TelemetryType[])],
    maxItems: within(buffering, 'maxItems', { least: 1000, most: 10_000, otherwise: 10_000 }),
    maxBytes: within(buffering, 'maxBytes', { least: 262_144, most: 1_048_576, otherwise: 262_144 }),
    timeoutMs: within(buffering, 'timeoutMs', { least: 25, most: 30_000, otherwise: 1000 }),
    destination: destinationOf(fields(asked['destination'], 'destination')),
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new SubscriptionError('The body is not JSON')
  }
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new SubscriptionError(`${what} must be an object`)
}

function within(
  of: Fields,
  name: string,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  const value = of[name]
  if (value === undefined) return otherwise
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new SubscriptionError(`${name} must be an integer from ${least} to ${most}`)
}

function destinationOf(destination: Fields): Destination {
  const { protocol, port, URI: uri } = destination
  if (protocol === 'TCP') {
    if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return { protocol, port }
    throw new SubscriptionError('destination.port must be a port')
  }
  if (protocol !== 'HTTP') throw new SubscriptionError('destination.protocol must be HTTP or TCP')
  const url = typeof uri === 'string' && URL.canParse(uri) ? new URL(uri) : undefined
  if (url?.protocol !== 'http:' || !HOSTS.includes(url.hostname))
    throw new SubscriptionError(`destination.URI must be http://${HOSTS[0]}:<port>/…`)
  return { protocol, port: Number(url.port || 80), path: url.pathname + url.search }
}
