// A failure that an operation answers, in the service's own words; each protocol writes it its own way.

export interface ServiceErrorOptions {
  /** Default 400. */
  readonly status?: number
  /** How the query protocol calls it, where the shape has another name: InvalidParameterValue. */
  readonly queryCode?: string
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
  /** Further members of the error's shape. */
  readonly members?: object
}

export class ServiceError extends Error {
  /** The name of the shape: ResourceNotFoundException. */
  readonly code: string
  readonly status: number
  readonly queryCode: string
  readonly retryAfterSeconds: number | undefined
  readonly members: object | undefined

  constructor(code: string, message: string, options: ServiceErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'ServiceError'
    this.code = code
    this.status = options.status ?? 400
    this.queryCode = options.queryCode ?? code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.members = options.members
  }
}

/** The bytes are not what their protocol says, or a member has another type. */
export function notReadable(message: string): ServiceError {
  return new ServiceError('SerializationException', message, { queryCode: 'MalformedInput' })
}

/** The same again may go well. */
export function tryAgain(message: string, cause: unknown, retryAfterSeconds = 1): ServiceError {
  const options = { status: 503, queryCode: 'ServiceUnavailable', retryAfterSeconds, cause }
  return new ServiceError('ServiceUnavailableException', message, options)
}
