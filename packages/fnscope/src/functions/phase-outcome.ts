// How a phase of an environment ended, and the body that the caller gets when it did not end well. Pure: environment.ts
// knows when, this file knows what it means.
import type { Cause } from '../span/span.ts'
import { describeExit, type ExitStatus } from './function-process.ts'
import type { ExtensionFailure } from './extension.ts'
import type { PhaseStatus } from './invocation-record.ts'
import type { ApiError } from './runtime-api.ts'

export interface Outcome {
  readonly status: PhaseStatus
  readonly endNanos: bigint
  readonly responseBeganNanos?: bigint
  readonly responseNanos?: bigint
  /** When the runtime asked for more work while extensions still had some. */
  readonly runtimeDoneNanos?: bigint
  readonly errorType?: string
  /** `Runtime exited with error: exit status 1`: why it ended, when nobody reported it. */
  readonly reason?: string
  readonly cause?: Cause | undefined
  readonly payload: Uint8Array
  /** Of a result that was streamed to its caller, of which the payload has nothing. */
  readonly streamedBytes?: number
}

export const NOTHING = new Uint8Array(0)

export function errorBody(errorType: string, errorMessage: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }))
}

/** What the runtime client reported, of the init or of the invocation. */
export function reportedOutcome(error: ApiError, endNanos: bigint): Outcome {
  const type = platformErrorType(error.errorType)
  const errorType = type === 'Runtime.Unknown' ? platformErrorType(typeInBody(error.body)) : type
  return { status: 'error', endNanos, errorType, cause: parseCause(error.xrayCause), payload: error.body }
}

/** The process ended by itself, or by the platform's hand when it was told to stop. */
export function exitOutcome(
  signal: { readonly atNanos: bigint; readonly status: ExitStatus },
  of: { readonly requestId: string; readonly outOfMemory: boolean },
): Outcome {
  const exit = describeExit(signal.status)
  const reason = exit === '' ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${exit}`
  const errorType = of.outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
  return failure(errorType, reason, { endNanos: signal.atNanos, requestId: of.requestId })
}

/** An extension reported that it cannot go on, or ended. */
export function extensionOutcome(
  signal: { readonly atNanos: bigint; readonly failure: ExtensionFailure },
  requestId: string,
): Outcome {
  const { errorType, message } = signal.failure
  return failure(errorType, message, { endNanos: signal.atNanos, requestId })
}

export function timeoutOutcome(requestId: string, timeoutSeconds: number, endNanos: bigint): Outcome {
  const text = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`
  return { status: 'timeout', endNanos, payload: errorBody('Sandbox.Timedout', text) }
}

function failure(
  errorType: string,
  reason: string,
  of: { readonly endNanos: bigint; readonly requestId: string },
): Outcome {
  const payload = errorBody(errorType, `RequestId: ${of.requestId} Error: ${reason}`)
  return { status: 'failure', endNanos: of.endNanos, errorType, reason, payload }
}

function typeInBody(body: Buffer): string | undefined {
  try {
    const { errorType } = JSON.parse(body.toString('utf8')) as { readonly errorType?: unknown }
    return typeof errorType === 'string' ? errorType : undefined
  } catch {
    // The caller gets it as it is; the platform's records call it unknown.
    return undefined
  }
}

/** A type that the platform does not know counts as Runtime.Unknown; the caller's body keeps it. */
function platformErrorType(type: string | undefined): string {
  return type !== undefined && /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/.test(type) ? type : 'Runtime.Unknown'
}

function parseCause(header: string | undefined): Cause | undefined {
  if (header === undefined) return undefined
  try {
    // Node reads headers as Latin-1; the client wrote UTF-8.
    const cause: unknown = JSON.parse(Buffer.from(header, 'latin1').toString('utf8'))
    return typeof cause === 'object' && cause !== null ? cause : undefined
  } catch {
    return undefined
  }
}
