// What a function is, as deploy/ reads it from a template and the platform runs it. Plain data.
import type { FcSpec } from './fc-spec.ts'
import type { AppTriggers } from './trigger-spec.ts'

export type { FcHook, FcSpec } from './fc-spec.ts'

export type SegmentStyle = 'old' | 'new'

export interface FunctionSpec {
  /** Physical name: stack-LogicalId-12 characters, or the template's FunctionName. */
  readonly name: string
  /** Of a published version, its number; absent: $LATEST. */
  readonly version?: string
  readonly logicalId: string
  readonly stack: string
  /** python3.11, nodejs20.x, provided.al2023 … */
  readonly runtime: string
  readonly handler: string
  /** Directory that stands for /var/task. */
  readonly codeDir: string
  /** Directories with installed dependencies of the function, as if they were in codeDir (build cache); after it on the path. */
  readonly dependencyDirs: readonly string[]
  /** Directories that stand for /opt, in list order; a later one wins. */
  readonly layerDirs: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly tracing: 'Active' | 'PassThrough'
  readonly segmentStyle: SegmentStyle
  readonly logFormat: 'Text' | 'JSON'
  readonly applicationLogLevel?: string
  readonly systemLogLevel?: string
  /** /aws/lambda/<name> unless LoggingConfig says another. */
  readonly logGroup: string
  readonly architecture: 'x86_64' | 'arm64'
  readonly ephemeralStorageMb: number
  readonly reservedConcurrency?: number
  /** Environments that are initialised ahead of the first call and kept. */
  readonly provisionedConcurrency?: number
  /** How its asynchronous invocations end. */
  readonly asynchronous?: AsynchronousSpec
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  /** It has DataKit's layer, whose work the platform does itself. */
  readonly datakitLayer?: true
  /** It is a function of Alibaba Cloud Function Compute; absent: of Lambda. */
  readonly fc?: FcSpec
}

/** Absent members: as on the cloud. */
export interface AsynchronousSpec {
  /** 0 to 2, of Function Compute 0 to 8; default 2. */
  readonly maximumRetryAttempts?: number
  /** Default six hours. */
  readonly maximumEventAgeSeconds?: number
  /** ARNs of a function, queue, topic or bus; of Function Compute, of a function. */
  readonly onSuccessArn?: string
  readonly onFailureArn?: string
  /** DeadLetterConfig: a queue or topic. */
  readonly deadLetterArn?: string
}

/** One app as read from its directory; outputs still name the cloud's hosts until the front's port is known. */
export interface AppSpec {
  readonly dir: string
  readonly stack: string
  readonly region: string
  readonly accountId: string
  readonly functions: readonly FunctionSpec[]
  /** What calls the functions, and what they call. */
  readonly triggers: AppTriggers
  /** Output key → value with `https://<apiId>.execute-api.<region>.amazonaws.com/…` still in place. */
  readonly outputs: Readonly<Record<string, string>>
  /** What the template has that is not emulated: logical id, type, and a sentence. */
  readonly notices: readonly string[]
}

/** $LATEST, or the number of a published version. */
export function versionOf({ version }: Pick<FunctionSpec, 'version'>): string {
  return version ?? '$LATEST'
}

/** With the functions that the other has and `app` has not; `app` itself when there are none. */
export function withFunctionsOf(app: AppSpec, other: AppSpec | undefined): AppSpec {
  const names = new Set(app.functions.map(({ name }) => name))
  const missing = other?.functions.filter(({ name }) => !names.has(name)) ?? []
  return missing.length === 0 ? app : { ...app, functions: [...app.functions, ...missing] }
}
