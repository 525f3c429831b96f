// What the platform is started with. Plain data and callbacks; server.ts fills it, tests too.
import type { Counters } from '../counters.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { Clock } from './clock.ts'
import type { OutgoingMessage } from './event-destination.ts'
import type { SegmentStyle } from './function-spec.ts'
import type { Isolation } from './isolation/isolation.ts'
import type { ReadLine } from './invocation-log.ts'

/**
 * Is shown every line that a function writes, when it is written. @returns whether it was telemetry, which no log has
 */
export type DivertLine = (
  text: string,
  from: { readonly functionName: string; readonly requestId: string | undefined },
) => boolean

export interface PlatformOptions {
  readonly ingest: Ingest
  readonly log: Logger
  readonly counters: Counters
  /** all: what nobody decided is recorded; cloud: Active 1/s + 5 %, PassThrough silent. */
  readonly sampling: 'all' | 'cloud'
  /** Overrides every function's own style. */
  readonly segmentStyle?: SegmentStyle | undefined
  readonly accountId: string
  readonly region: string
  /** host:port of the X-Ray daemon's door; undefined: it is closed. */
  readonly daemonAddress?: string | undefined
  /** AWS_ENDPOINT_URL for functions that set none, asked for at each start of an environment. */
  readonly endpointUrl?: (() => string | undefined) | undefined
  /** Where functions of Function Compute send their spans: thrift over HTTP. */
  readonly jaegerEndpoint?: (() => string | undefined) | undefined
  /** AWS_ACCESS_KEY_ID of functions, where the endpoint asks for one of its own. */
  readonly accessKeyId?: string | undefined
  /** Where runtime clients and bytecode are kept between runs. */
  readonly cacheDir: string
  /** What keeps functions apart from the machine. Default: nothing does. */
  readonly isolation?: Isolation | undefined
  /** Another version of a runtime never stands in for a missing one. */
  readonly strictRuntime?: boolean | undefined
  /** Metric points inside a function's own line (EMF). */
  readonly metricsOfLine: (line: string) => MetricPoint[]
  readonly divertLine?: DivertLine | undefined
  /** What a function's own line says of itself. */
  readonly readLine: ReadLine
  /** Progress and warnings for the user, a sentence each. */
  readonly notify?: ((text: string) => void) | undefined
  /** Default 5 minutes. */
  readonly idleTimeoutMs?: number
  /** How long a call waits for an environment whose caller has the answer and which is not free yet. Default 1 s. */
  readonly settleMs?: number
  /** The account's limit. Default 1000. */
  readonly maxConcurrency?: number
  /** Waits before the second and third attempt of an event. Default 1 s, 2 s. */
  readonly retryDelaysMs?: readonly number[]
  /** Record what cold starts are made of, down to each import. Default false: records are then as the cloud's. */
  readonly anatomy?: boolean
  /** duration: bill as before August 2025, without the init. Default sum. */
  readonly billing?: 'sum' | 'duration'
  /** Environments get no CPU between invocations. Default: they do, so that background threads send what they hold. */
  readonly freeze?: boolean
  /** The next invocation runs code that was changed on disk. */
  readonly watchCode?: boolean
  /** Carries what asynchronous invocations leave for queues, topics and buses; functions are called by the platform itself. */
  readonly deliver?: ((arn: string, message: OutgoingMessage) => Promise<void>) | undefined
  /** The version behind an alias, drawn anew at each call where the alias has weights; undefined: there is none. */
  readonly versionOfAlias?: ((functionName: string, alias: string) => string | undefined) | undefined
  readonly clock?: Clock
}
