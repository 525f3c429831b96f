// What an environment is made with, and what it is asked: plain data.
import type { Clock } from './clock.ts'
import type { EnvironmentService } from './environment-server.ts'
import type { HostVariables } from './environment-variables.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { InvocationRecord } from './invocation-record.ts'
import type { Isolation } from './isolation/isolation.ts'
import type { WaitingShells } from './isolation/waiting-shell.ts'
import type { Billing, EventTracing } from './platform-event.ts'
import type { DivertLine } from './platform-options.ts'
import type { Launch } from './runtimes/launch.ts'
import type { StreamSink } from './stream-sink.ts'

export interface EnvironmentOptions {
  readonly spec: FunctionSpec
  readonly launch: Launch
  readonly host: HostVariables
  readonly clock: Clock
  readonly shells: WaitingShells
  readonly isolation: Isolation
  readonly divertLine?: DivertLine | undefined
  /** Have the runtime tell of its imports. */
  readonly anatomy?: boolean | undefined
  readonly billing: Billing
  /** Further ones on its port. */
  readonly services?: readonly EnvironmentService[]
  readonly initializationType: NonNullable<InvocationRecord['initializationType']>
}

export interface EnvironmentRequest {
  readonly requestId: string
  readonly functionArn: string
  readonly traceHeader: string
  /** For the platform's events; absent: not announced as traced. */
  readonly tracing?: EventTracing | undefined
  readonly payload: Uint8Array
  readonly clientContext?: string
  readonly cognitoIdentity?: string
  /** Instead of the function's own. */
  readonly timeoutSeconds?: number
  readonly stream?: StreamSink
}

/** What the caller gets, as soon as that is known. */
export type EarlyAnswer = Pick<InvocationRecord, 'payload' | 'functionError'>
