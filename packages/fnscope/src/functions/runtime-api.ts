// The Runtime API of one execution environment, version 2018-06-01. It knows requests and states, not processes:
// invoke-phase.ts decides what an answer means.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { header, readBody, refuse, reply } from './api-exchange.ts'
import type { StreamSink } from './stream-sink.ts'
import type { EnvironmentService } from './environment-server.ts'

/** A buffered result may be 6 MiB and 100 bytes. */
export const MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
/** One that is streamed to its caller this. */
const MAX_STREAM_BYTES = 200 * 1024 * 1024
const PREFIX = '/2018-06-01/runtime/'

export interface ApiInvocation {
  readonly requestId: string
  readonly deadlineMillis: number
  readonly functionArn: string
  readonly traceHeader: string
  /** Decoded JSON texts; absent ones are left out of the answer. */
  readonly clientContext?: string
  readonly cognitoIdentity?: string
  readonly payload: Uint8Array
  readonly stream?: StreamSink
}

export interface ApiError {
  /** As the runtime sent it: the caller gets these bytes. */
  readonly body: Buffer
  /** Header Lambda-Runtime-Function-Error-Type, if any. */
  readonly errorType: string | undefined
  /** Header Lambda-Runtime-Function-XRay-Error-Cause, if any. */
  readonly xrayCause: string | undefined
}

/** What the runtime did; every call is made while its request is handled, before the next one is read. */
export interface RuntimeApiEvents {
  /** It asked for work: init, or the invocation before, is over. */
  next(): void
  /** @param streamedBytes of a result that went to the invocation's sink: the body is empty */
  response(body: Buffer, streamedBytes?: number): void
  error(error: ApiError): void
  initError(error: ApiError): void
  /** The invocation failed for what the runtime sent: a type and a message for the caller. */
  rejected(errorType: string, message: string): void
  /** A part of a body came in: whoever waits for silence waits on. */
  activity(): void
}

type State = 'Started' | 'InitError' | 'Ready' | 'Running' | 'ResponseSent'

export class RuntimeApi implements EnvironmentService {
  readonly #events: RuntimeApiEvents
  #state: State = 'Started'
  #waiting: ServerResponse | undefined
  #current: ApiInvocation | undefined
  #pending: ApiInvocation | undefined

  constructor(events: RuntimeApiEvents) {
    this.#events = events
  }

  /** A new process will speak: forget the one before. */
  reset(): void {
    this.#state = 'Started'
    this.#waiting?.destroy()
    this.#waiting = undefined
    this.#current = undefined
    this.#pending = undefined
  }

  /** Hands the runtime its work, now or as soon as it asks. */
  send(invocation: ApiInvocation): void {
    this.#pending = invocation
    if (this.#waiting) this.#deliver(this.#waiting)
  }

  #deliver(response: ServerResponse): void {
    const invocation = this.#pending!
    this.#pending = undefined
    this.#waiting = undefined
    this.#current = invocation
    this.#state = 'Running'
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': invocation.payload.byteLength,
      'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
      'Lambda-Runtime-Deadline-Ms': String(invocation.deadlineMillis),
      'Lambda-Runtime-Invoked-Function-Arn': invocation.functionArn,
      'Lambda-Runtime-Trace-Id': invocation.traceHeader,
      ...(invocation.clientContext === undefined ? {} : { 'Lambda-Runtime-Client-Context': invocation.clientContext }),
      ...(invocation.cognitoIdentity === undefined
        ? {}
        : { 'Lambda-Runtime-Cognito-Identity': invocation.cognitoIdentity }),
    })
    response.end(invocation.payload)
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? ''
    if (request.method === 'GET') {
      if (path === '/ping') response.end('pong')
      else if (path === `${PREFIX}invocation/next`) this.#next(response)
      else if (path === `${PREFIX}restore/next`) this.#refuseTransition(response, 'Restoring')
      else return false
      request.resume()
      return true
    }
    if (request.method !== 'POST' || !path.startsWith(PREFIX)) return false
    const call = path.slice(PREFIX.length)
    const match = /^invocation\/([^/]+)\/(response|error)$/.exec(call)
    if (!match && call !== 'init/error') return false
    const streaming = header(request, 'lambda-runtime-function-response-mode') === 'streaming'
    const sink = streaming && match?.[2] === 'response' ? this.#sinkOf(match[1]!) : undefined
    // One that fails before its first byte has not begun: its caller can still be told by a status.
    let streamedBytes = 0
    const begin = (): void => sink?.start(header(request, 'content-type'))
    readBody(request, sink ? MAX_STREAM_BYTES : MAX_RESPONSE_BYTES, {
      keep: sink === undefined,
      piece: (bytes) => {
        this.#events.activity()
        if (streamedBytes === 0) begin()
        streamedBytes += bytes.length
        if (streamedBytes <= MAX_STREAM_BYTES) sink?.chunk(bytes)
      },
      done: (body) => {
        if (!match) this.#initError(request, response, body)
        else if (match[2] === 'error') this.#error(request, response, match[1]!, body)
        else {
          if (streamedBytes === 0 && failureOf(request) === undefined) begin()
          this.#response(request, response, match[1]!, { body, streamedBytes: sink && streamedBytes })
        }
      },
      cutOff: () => this.#cutOff(response),
    })
    return true
  }

  #sinkOf(requestId: string): StreamSink | undefined {
    return this.#state === 'Running' && this.#current?.requestId === requestId ? this.#current.stream : undefined
  }

  #refuseTransition(response: ServerResponse, to: string): void {
    const message = `State transition from ${this.#state} to ${to} failed for runtime. Error: State transition is not allowed`
    refuse(response, 403, 'InvalidStateTransition', message)
  }

  #next(response: ServerResponse): void {
    if (this.#waiting || this.#state === 'Running' || this.#state === 'InitError') {
      this.#refuseTransition(response, 'Ready')
      return
    }
    this.#state = 'Ready'
    this.#current = undefined
    this.#waiting = response
    response.once('close', () => {
      if (this.#waiting === response) this.#waiting = undefined
    })
    this.#events.next()
    if (this.#pending && this.#waiting === response) this.#deliver(response)
  }

  // True when `id` may be answered now; otherwise the refusal has been sent.
  #admit(response: ServerResponse, id: string, to: string): boolean {
    if (this.#state === 'Running' && this.#current?.requestId === id) return true
    if (this.#state === 'Running' || this.#state === 'ResponseSent')
      refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
    else this.#refuseTransition(response, to)
    return false
  }

  #response(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    { body, streamedBytes }: { readonly body: Buffer | 'too large'; readonly streamedBytes: number | undefined },
  ): void {
    if (!this.#admit(response, id, 'InvocationResponse')) return
    const mode = header(request, 'lambda-runtime-function-response-mode')
    this.#state = 'ResponseSent'
    if (mode !== undefined && mode !== 'streaming') {
      refuse(response, 400, 'InvalidFunctionResponseMode', `Invalid function response mode: ${mode}`)
      this.#events.rejected('Runtime.InvalidResponseModeHeader', `Invalid function response mode: ${mode}`)
      return
    }
    if (body === 'too large') {
      const most = streamedBytes === undefined ? MAX_RESPONSE_BYTES : MAX_STREAM_BYTES
      const limit = `maximum allowed payload size (${most} bytes).`
      refuse(response, 413, 'RequestEntityTooLarge', `Exceeded ${limit}`)
      this.#events.rejected('Function.ResponseSizeTooLarge', `Response payload size exceeded ${limit}`)
      return
    }
    const failed = failureOf(request)
    // Told before the runtime is: the response time is when the result was here, and the caller's answer goes out first.
    if (failed === undefined) this.#events.response(body, streamedBytes)
    else {
      const text = Buffer.from(request.trailers['lambda-runtime-function-error-body'] ?? '', 'base64')
      this.#events.error({ body: text, errorType: failed, xrayCause: undefined })
    }
    accept(response)
  }

  #error(request: IncomingMessage, response: ServerResponse, id: string, body: Buffer | 'too large'): void {
    if (!this.#admit(response, id, 'InvocationErrorResponse')) return
    this.#state = 'ResponseSent'
    this.#events.error(apiError(request, body))
    accept(response)
  }

  #initError(request: IncomingMessage, response: ServerResponse, body: Buffer | 'too large'): void {
    if (this.#state !== 'Started') {
      this.#refuseTransition(response, 'InitError')
      return
    }
    this.#state = 'InitError'
    this.#events.initError(apiError(request, body))
    reply(response, 202, { status: 'OK' })
  }

  #cutOff(response: ServerResponse): void {
    if (this.#state !== 'Running') return
    this.#state = 'ResponseSent'
    if (response.writable) refuse(response, 400, 'TruncatedHTTPRequest', 'HTTP request detected as truncated')
    this.#events.rejected('Runtime.TruncatedResponse', 'The response of the runtime was cut off')
  }
}

/** When the turn is over in which the platform heard of it: the caller's answer is written before the runtime goes on. */
function accept(response: ServerResponse): void {
  setImmediate(() => reply(response, 202, { status: 'OK' }))
}

/** The type of what failed after the response had begun; undefined: nothing did. */
function failureOf(request: IncomingMessage): string | undefined {
  return request.trailers['lambda-runtime-function-error-type']
}

function apiError(request: IncomingMessage, body: Buffer | 'too large'): ApiError {
  return {
    body: body === 'too large' ? Buffer.from('{"errorMessage":"","errorType":"Function.ResponseSizeTooLarge"}') : body,
    errorType: header(request, 'lambda-runtime-function-error-type'),
    xrayCause: header(request, 'lambda-runtime-function-xray-error-cause'),
  }
}
