// The JSON that fnscope's own clients (command line, console) read. Times are epoch milliseconds with a fraction.

export interface ConsoleSpan {
  readonly id: string
  readonly parentId?: string
  readonly name: string
  readonly service: string
  readonly origin?: string
  readonly namespace?: string
  readonly source: string
  /** Whose spans it stands for, where these are several. */
  readonly sources?: readonly string[]
  /** X-Ray's spelling of the trace that it was sent in, where that is another. */
  readonly traceId?: string
  readonly segment: boolean
  readonly startMs: number
  readonly durationMs: number
  readonly inProgress: boolean
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly coldStart: boolean
  readonly http?: { readonly method?: string; readonly url?: string; readonly status?: number }
  readonly annotations: Readonly<Record<string, string | number | boolean>>
  readonly metadata?: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  /** One line of what went wrong: `ValueError: bad`. */
  readonly exception?: string
  readonly children: readonly ConsoleSpan[]
}

export interface ConsoleTrace {
  /** X-Ray's spelling: 1-…-…. */
  readonly id: string
  readonly startMs: number
  readonly durationMs: number
  readonly spanCount: number
  readonly roots: readonly ConsoleSpan[]
}

export interface ConsoleTraceRow {
  readonly id: string
  readonly name: string
  readonly startMs: number
  readonly durationMs: number
  readonly status?: number
  readonly method?: string
  readonly url?: string
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
  readonly partial: boolean
}

export interface ConsoleLogLine {
  readonly timeMs: number
  /** Received nanoseconds as text: hand the last one back as `after` to follow. */
  readonly received: string
  readonly kind: string
  readonly function: string
  readonly logGroup: string
  readonly logStream: string
  readonly requestId?: string
  readonly traceId?: string
  readonly severity: string
  readonly body: string
}

/** One point: `value` is the sum where the point stands for several samples. */
export interface ConsoleMetricPoint {
  readonly name: string
  readonly namespace: string
  readonly service: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly unit: string
  readonly kind: string
  readonly timeMs: number
  readonly value: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly requestId?: string
  readonly traceId?: string
}

export interface ConsoleFunction {
  readonly name: string
  readonly logicalId: string
  readonly stack: string
  readonly runtime: string
  readonly handler: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  readonly tracing: string
  readonly urls: readonly string[]
}

/** One deployed app: what `ready` and `deployed` events carry. */
export interface ConsoleApp {
  readonly dir: string
  readonly stack: string
  readonly functions: readonly string[]
  /** Output key → local URL, for outputs that are URLs of this machine. */
  readonly urls: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  /** What of the template is not run here, a sentence each. */
  readonly notices: readonly string[]
}

export interface ConsoleHealth {
  readonly version: string
  readonly url: string
  readonly doors: Readonly<Record<string, string | readonly string[]>>
  readonly apps: readonly ConsoleApp[]
  readonly sampling: string
}
