// Every mistake a user can make, with its code. Emulated cloud failures are not here: they are data next to their API.

const TABLE = {
  FNS_USAGE: 2,
  FNS_CONFIG: 2,
  FNS_PORT_IN_USE: 1,
  FNS_WIDE_WITHOUT_TOKEN: 1,
  FNS_DATA_IN_USE: 1,
  FNS_DATA_UNWRITABLE: 1,
  FNS_ENGINE_MISSING: 1,
  FNS_ENGINE_START: 1,
  FNS_STORE_UNREACHABLE: 1,
  FNS_STORE_REFUSED: 1,
  FNS_ROLE_MISSING: 1,
  FNS_WAL_FULL: 1,
  FNS_WAL_UNWRITABLE: 1,
  FNS_APP_NOT_FOUND: 1,
  FNS_TEMPLATE_INVALID: 1,
  FNS_TEMPLATE_NO_FUNCTION: 1,
  FNS_TEMPLATE_NO_HANDLER: 1,
  FNS_CODE_NOT_FOUND: 1,
  FNS_DEPLOY_FAILED: 1,
  FNS_RUNTIME_UNSUPPORTED: 1,
  FNS_RUNTIME_MISSING: 1,
  FNS_BOOTSTRAP_INVALID: 1,
  FNS_ISOLATION_REFUSED: 1,
  FNS_BUILD_FAILED: 1,
  FNS_FUNCTION_NOT_FOUND: 1,
  FNS_TRACE_NOT_FOUND: 1,
  FNS_NOT_RUNNING: 1,
  FNS_EVENT_INVALID: 1,
  FNS_EVENT_NOT_FOUND: 1,
  FNS_INVOKE_FAILED: 1,
  FNS_REFUSED: 1,
  FNS_CLOUD_OFF: 1,
  FNS_CLOUD_UNAVAILABLE: 1,
} as const

export type FnscopeErrorCode = keyof typeof TABLE

/** A mistake of the user's or of the machine's: the message says what was found, where, and what to do. */
export class FnscopeError extends Error {
  readonly code: FnscopeErrorCode

  constructor(code: FnscopeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'FnscopeError'
    this.code = code
  }

  /** 1 failure, 2 bad usage: the exit status of the command that met it. */
  get exitCode(): number {
    return TABLE[this.code]
  }
}

/** All codes, for the documentation page and its test. */
export const ERROR_CODES = Object.keys(TABLE) as readonly FnscopeErrorCode[]

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
