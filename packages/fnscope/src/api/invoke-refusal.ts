// What Invoke refuses before a function is looked at: its type, its size, its client context, its JSON. Limits and types
// as in botocore 1.44.5 and the developer guide (October 2025: 1 MB for events).

const MAX_SYNC_BYTES = 6 * 1024 * 1024
const MAX_ASYNC_BYTES = 1024 * 1024
/** Base64 length of the longest client context that Invoke takes. */
const MAX_CLIENT_CONTEXT = 3583

export interface Refusal {
  readonly status: number
  /** Goes into x-amzn-ErrorType. */
  readonly type: string
  readonly message: string
}

/** Undefined when the request may go on. @param clientContext base64, as sent */
export function refusalOf(type: string, payload: Uint8Array, clientContext: string | undefined): Refusal | undefined {
  if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun')
    return invalidParameter(
      `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
    )
  const most = type === 'Event' ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES
  if (payload.length > most) {
    const message = `${payload.length} byte payload is too large for the ${type} invocation type (limit ${most} bytes)`
    return { status: 413, type: 'RequestTooLargeException', message }
  }
  if (clientContext !== undefined && clientContext.length > MAX_CLIENT_CONTEXT)
    return invalidParameter(`Client context must be at most ${MAX_CLIENT_CONTEXT} bytes`)
  if (clientContext !== undefined && jsonProblem(Buffer.from(clientContext, 'base64')) !== undefined)
    return invalidContent('Client context must be a JSON object, encoded in base64.')
  const problem = payload.length === 0 ? undefined : jsonProblem(payload)
  return problem === undefined ? undefined : invalidContent(`Could not parse request body into json: ${problem}`)
}

function invalidParameter(message: string): Refusal {
  return { status: 400, type: 'InvalidParameterValueException', message }
}

function invalidContent(message: string): Refusal {
  return { status: 400, type: 'InvalidRequestContentException', message }
}

function jsonProblem(payload: Uint8Array): string | undefined {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * What cannot be run on this machine, under the types that Invoke declares for such a function. The cloud's status for
 * them is 502, which every SDK tries again for seconds; nothing changes by trying, so here it is 400.
 */
export function runtimeRefusal(code: string, message: string): Refusal | undefined {
  if (
    code === 'FNS_RUNTIME_UNSUPPORTED' ||
    code === 'FNS_RUNTIME_MISSING' ||
    code === 'FNS_BUILD_FAILED' ||
    code === 'FNS_BOOTSTRAP_INVALID'
  )
    return { status: 400, type: 'InvalidRuntimeException', message }
  if (code === 'FNS_CODE_NOT_FOUND') return { status: 400, type: 'InvalidZipFileException', message }
  return undefined
}
