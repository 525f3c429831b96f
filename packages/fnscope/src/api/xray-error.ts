// The failures X-Ray's API answers: 400 {"Message": …} with the code in x-amzn-errortype, as boto3 reads them.

const STATUS = {
  InvalidRequestException: 400,
  SerializationException: 400,
  RuleLimitExceededException: 400,
  TooManyTagsException: 400,
  MalformedPolicyDocumentException: 400,
  PolicyCountLimitExceededException: 400,
  PolicySizeLimitExceededException: 400,
  InvalidPolicyRevisionIdException: 400,
  ResourceNotFoundException: 404,
  /** Ingest is full: SDKs and the daemon try again. */
  ThrottledException: 429,
  /** The store does not answer. */
  ServiceUnavailableException: 503,
  InternalFailure: 500,
} as const

export type XrayErrorCode = keyof typeof STATUS

export class XrayError extends Error {
  readonly code: XrayErrorCode
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: XrayErrorCode,
    message: string,
    options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'XrayError'
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get status(): number {
    return STATUS[this.code]
  }
}

export function notFound(message: string): XrayError {
  return new XrayError('ResourceNotFoundException', message)
}

export function invalid(message: string): XrayError {
  return new XrayError('InvalidRequestException', message)
}
