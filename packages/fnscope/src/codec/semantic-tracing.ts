// Tags that OpenTracing and Zipkin named before OpenTelemetry's semantic conventions: which of them fill the model's
// columns, and which are the libraries' own. Clients of Jaeger and of Zipkin send them.
import { isCustomKey, MEANING, type KeyMeaning, type Meaning } from './semantic-keys.ts'

/** Behind all names of the conventions, which rank below. */
const RANK = 16

const KEYS: readonly (readonly [string, Meaning])[] = [
  ['http.path', MEANING.path],
  ['peer.hostname', MEANING.host],
  ['peer.address', MEANING.peerAddress],
  ['peer.ipv4', MEANING.peerAddress],
  ['peer.ipv6', MEANING.peerAddress],
  ['db.instance', MEANING.databaseName],
  ['db.type', MEANING.databaseSystem],
  ['message_bus.destination', MEANING.destination],
]

export const TRACING_MEANINGS: ReadonlyMap<string, KeyMeaning> = new Map(
  KEYS.map(([key, meaning], index) => [key, { meaning, rank: RANK + index }]),
)

const OWN_KEYS: ReadonlySet<string> = new Set([
  'component',
  'error',
  'lc',
  'mvc.controller.class',
  'mvc.controller.method',
])
const OWN_NAMESPACES = /^(?:sampler|sampling|internal|message_bus|sql|jaeger|span|w3c|zipkin)\./

/** Whether a tag is none of the user's own. */
export function isTracingKey(key: string): boolean {
  return OWN_KEYS.has(key) || OWN_NAMESPACES.test(key) || !isCustomKey(key)
}
