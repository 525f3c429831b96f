// What a function of Alibaba Cloud Function Compute has beyond any function's, as deploy/ reads it from s.yaml. Plain data.

/** Code that runs around the handler's own runs: `index.initialize`. */
export interface FcHook {
  readonly handler: string
  readonly timeoutSeconds: number
}

/** A program of the user's own that listens for HTTP. */
export interface FcCustomRuntime {
  /** Empty: `./bootstrap` in the code's directory. */
  readonly command: readonly string[]
  /** CAPort, 9000 unless it is said. */
  readonly port: number
}

export interface FcSpec {
  /** 2: functions belong to a service and HTTP handlers are WSGI or (req, resp, context); 3: neither. */
  readonly edition: '2' | '3'
  /** Empty in edition 3. */
  readonly service: string
  readonly initializer?: FcHook
  readonly preFreeze?: FcHook
  readonly preStop?: FcHook
  readonly custom?: FcCustomRuntime
  /** Requests that one instance serves at once; absent: one. */
  readonly instanceConcurrency?: number
  readonly logProject: string
  readonly logStore: string
}

/** An HTTP request to a function's trigger, as the platform hands it on. */
export interface FcHttpRequest {
  readonly method: string
  /** As it came, percent-encoded, without its query: `/a%20b`. */
  readonly path: string
  /** Without its question mark. */
  readonly query: string
  /** In the order in which they came. */
  readonly headers: readonly (readonly [string, string])[]
  readonly clientIp: string
}

/** What a caller of Function Compute says beyond the payload. */
export interface FcRequest {
  readonly http?: FcHttpRequest
  /** OpenTracing baggage of the caller's span. */
  readonly baggages?: Readonly<Record<string, string>>
  /** Attempts of an asynchronous call before this one. */
  readonly retryCount?: number
}

/** What its caller is told beyond the payload. */
export interface FcAnswer {
  /** Of functions that answer HTTP themselves. */
  readonly http?: { readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  readonly errorType?: 'HandledInvocationError' | 'UnhandledInvocationError'
  readonly durationMs: number
  readonly maxMemoryMb: number
  readonly instanceId: string
}
