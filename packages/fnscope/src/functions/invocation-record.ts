// What happened in one invocation, as environment.ts saw it: the only source of the REPORT line, of the segments and
// of the metrics, so that they cannot disagree. All times are epoch nanoseconds of one clock.
import type { InitAnatomy } from './anatomy/cold-start-anatomy.ts'
import type { ImportLine } from './anatomy/import-lines.ts'
import type { Cause } from '../span/span.ts'
import type { ExtensionNote } from './extension.ts'

/** success; error: the runtime client reported one; failure: the process ended; timeout. */
export type PhaseStatus = 'success' | 'error' | 'failure' | 'timeout'

export interface InitRecord {
  /** invoke: run again inside an invocation, after an init that failed or a process that ended ("suppressed init"). */
  readonly phase: 'init' | 'invoke'
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly status: PhaseStatus
  /** Runtime.ImportModuleError, Runtime.ExitError …; absent on success and timeout. */
  readonly errorType?: string
  /** What it was made of, where that was asked for. */
  readonly anatomy?: InitAnatomy
}

/** One line, or one frame of several lines, that the function wrote. */
export interface FunctionLine {
  readonly timeNanos: bigint
  readonly text: string
  /** TRACE … FATAL from the runtime's frame; empty when the line came without one. */
  readonly level: string
  /** The extension that wrote it; absent: the function did. */
  readonly extension?: string
  /** It is the platform's own: said of an extension while things happened. `text` is empty. */
  readonly note?: ExtensionNote
  /** Written while an init phase ran. */
  readonly duringInit: 'init' | 'invoke' | undefined
  /** Absent for lines written between invocations. */
  readonly requestId: string | undefined
}

export interface InvocationRecord {
  readonly requestId: string
  /** Inits that this invocation waited for, in order: none when warm. */
  readonly inits: readonly InitRecord[]
  /** When the invoke phase began; a suppressed init is inside it. */
  readonly startNanos: bigint
  /** When the runtime began to post its result or error. */
  readonly responseBeganNanos?: bigint
  /** When the runtime had posted its result or error; absent when it never did. */
  readonly responseNanos: bigint | undefined
  /** When the runtime asked for more work, where extensions had some left; absent: at the end. */
  readonly runtimeDoneNanos?: bigint
  /** Extensions that had to do with it, and when they had done. */
  readonly extensions?: readonly { readonly name: string; readonly endNanos: bigint }[]
  /** When the runtime and all extensions asked for more work, or the environment died or was killed. */
  readonly endNanos: bigint
  readonly status: PhaseStatus
  /** For the platform's own records; a type that is no `Runtime.X` or `Function.X` counts as Runtime.Unknown. */
  readonly errorType: string | undefined
  /** Why a process ended, when one did: `Runtime exited with error: exit status 1`. */
  readonly reason: string | undefined
  readonly cause: Cause | undefined
  /** The bytes for the caller. */
  readonly payload: Uint8Array
  /** Of a result that was streamed to its caller, of which the payload has nothing. */
  readonly streamedBytes?: number
  readonly functionError: 'Unhandled' | undefined
  /** Peak of all processes of the environment so far, MB, at least 1. */
  readonly maxMemoryMb: number
  readonly lines: readonly FunctionLine[]
  /** What was imported within the run, where that was asked for. */
  readonly imports?: readonly ImportLine[]
  /** Lines that went over the bound of one invocation. */
  readonly droppedLines: number
  /** Default: on-demand. */
  readonly initializationType?: 'on-demand' | 'provisioned-concurrency'
  /** Instance: `YYYY/MM/DD/[$LATEST]<32 hex>`. */
  readonly logStream: string
}

/** The init that counts as `Init Duration`: a first one that went well. */
export function coldInit(record: InvocationRecord): InitRecord | undefined {
  return record.inits.find((init) => init.phase === 'init' && init.status === 'success')
}
