// One gRPC call on an HTTP/2 stream: five bytes and one message in, the same out once or, of a method that streams, many
// times, the status in the trailers. It ends by its answer, by its deadline, or by giving its room to others.
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

import type { BodyBudget, BodyShare } from './body-budget.ts'
import { BodyBuffer, type BodyFailure } from './body-buffer.ts'
import type { FailureLog } from './failure-log.ts'
import { GrpcError, parseGrpcTimeoutMs, statusTrailers } from './grpc-status.ts'
import { ENCODINGS, inflate, InflateError, readEncoding, type Encoding } from './inflate.ts'
import { RPC_CODE } from './rpc-status.ts'

/**
 * Message in, message out; the message's memory is used again afterwards. Of a method that streams the messages, each made
 * when the client has taken what was before. @throws GrpcError
 */
export type GrpcMethod = (message: Buffer) => Promise<Uint8Array | Iterable<Uint8Array>>

export interface GrpcCallOptions {
  readonly budget: BodyBudget
  /** After inflating. */
  readonly maxMessageBytes: number
  /** How long any call may take, whatever the client says. */
  readonly maxCallMs: number
  readonly failures: FailureLog
  readonly onRefused: (error: GrpcError) => void
}

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = constants
const PREFIX_BYTES = 5
/** How long a stream that has been answered may go on to send. */
const READ_ON_MS = 500
/** What a call costs that has sent nothing yet: the budget bounds these too. */
const CALL_BYTES = 8 * 1024
const ANSWER_HEADERS = { ':status': 200, 'content-type': 'application/grpc' } as const
const OK_TRAILERS = { 'grpc-status': '0' } as const

export class GrpcCall {
  readonly #stream: ServerHttp2Stream
  readonly #method: GrpcMethod
  readonly #options: GrpcCallOptions
  readonly #encoding: Encoding | undefined
  readonly #share: BodyShare
  readonly #frame: BodyBuffer
  readonly #endsMs: number
  /** Of the message as the prefix announces it; undefined until the prefix is there. */
  #announcedBytes: number | undefined
  #answered = false

  /** `headers` have been found good but for their grpc-encoding. */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: GrpcMethod, options: GrpcCallOptions) {
    this.#stream = stream
    this.#method = method
    this.#options = options
    this.#endsMs =
      performance.now() + Math.min(parseGrpcTimeoutMs(text(headers['grpc-timeout'])) ?? Infinity, options.maxCallMs)
    this.#share = options.budget.open(() => this.#fail(noRoom('no_room', options.maxMessageBytes)))
    this.#frame = new BodyBuffer(this.#share, options.maxMessageBytes + PREFIX_BYTES)
    stream.once('close', () => this.#share.release())
    const encoding = readEncoding(text(headers['grpc-encoding']))
    this.#encoding = encoding === false ? undefined : encoding
    if (encoding === false) this.#fail(unknownEncoding(text(headers['grpc-encoding'])))
    else if (!this.#share.take(CALL_BYTES)) this.#fail(noRoom('no_room', options.maxMessageBytes))
    else {
      stream.on('data', (piece: Buffer) => this.#take(piece))
      stream.once('end', () => void this.#finish())
    }
  }

  /** Ends it when its time is over, also when the client does not take the answer. */
  expire(nowMs: number): void {
    if (nowMs < this.#endsMs) return
    if (this.#answered) this.#stream.close(NGHTTP2_CANCEL)
    else this.#fail(new GrpcError(RPC_CODE.deadlineExceeded, 'The call took longer than it may.'))
  }

  #take(piece: Buffer): void {
    if (this.#answered) return
    const failure = this.#frame.append(piece, (this.#announcedBytes ?? 0) + PREFIX_BYTES)
    if (failure !== undefined) return this.#fail(noRoom(failure, this.#options.maxMessageBytes))
    if (this.#announcedBytes === undefined) this.#readPrefix()
    else if (this.#frame.length > PREFIX_BYTES + this.#announcedBytes) this.#fail(MORE_THAN_ONE)
  }

  #readPrefix(): void {
    if (this.#frame.length < PREFIX_BYTES) return
    const frame = this.#frame.bytes()
    const announced = frame.readUInt32BE(1)
    this.#announcedBytes = announced
    if (frame[0]! > 1) this.#fail(malformed(`The message begins with the flag ${frame[0]}, which gRPC does not have.`))
    else if (frame[0] === 1 && this.#encoding === undefined)
      this.#fail(malformed('The message says that it is compressed, but there is no grpc-encoding.'))
    else if (announced > this.#options.maxMessageBytes) this.#fail(noRoom('too_large', this.#options.maxMessageBytes))
    else if (frame.length > PREFIX_BYTES + announced) this.#fail(MORE_THAN_ONE)
  }

  async #finish(): Promise<void> {
    // A stream that was reset ends too.
    if (this.#answered || this.#stream.aborted || this.#stream.destroyed) return
    try {
      const message = await this.#message()
      this.#share.arrived()
      // The client has given up and will send it again: taken now, it would be there twice.
      this.expire(performance.now())
      if (this.#answered || this.#stream.destroyed) return
      const answer = await this.#method(message)
      this.#frame.recycle()
      if (answer instanceof Uint8Array) this.#respond(OK_TRAILERS)?.end(framed(answer))
      else await this.#send(answer)
    } catch (error) {
      if (error instanceof GrpcError) this.#fail(error)
      else if (error instanceof InflateError) this.#fail(malformed(error.message, error))
      else {
        this.#options.failures.add(error, 'call failed')
        this.#fail(FAILED)
      }
    }
  }

  async #message(): Promise<Buffer> {
    const frame = this.#frame.bytes()
    if (frame.length !== PREFIX_BYTES + (this.#announcedBytes ?? 0) || frame.length === 0)
      throw malformed(`The call ended after ${frame.length} bytes, in the middle of its message.`)
    const message = frame.subarray(PREFIX_BYTES)
    if (frame[0] !== 1 || this.#encoding === undefined) return message
    const maxBytes = this.#options.maxMessageBytes
    const plain = await inflate(message, this.#encoding, { maxBytes, share: this.#share })
    if (typeof plain === 'string') throw noRoom(plain, maxBytes)
    return plain
  }

  async #send(messages: Iterable<Uint8Array>): Promise<void> {
    const trailers: OutgoingHttpHeaders = { ...OK_TRAILERS }
    const stream = this.#respond(trailers)
    if (stream === undefined) return
    try {
      for (const message of messages) {
        if (!stream.write(framed(message))) await taken(stream)
        if (stream.destroyed || stream.closed) return
      }
    } catch (error) {
      this.#options.failures.add(error, 'call failed')
      Object.assign(trailers, statusTrailers(FAILED))
    }
    stream.end()
  }

  /** Begins the answer; the trailers are read when it ends. Undefined when there is nobody to answer. */
  #respond(trailers: OutgoingHttpHeaders): ServerHttp2Stream | undefined {
    if (!this.#answer()) return undefined
    const stream = this.#stream
    stream.respond(ANSWER_HEADERS, { waitForTrailers: true })
    return stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  }

  /** Headers that are trailers too; what still comes is not read. */
  #fail(error: GrpcError): void {
    if (!this.#answer()) return
    this.#options.onRefused(error)
    endCall(this.#stream, error)
  }

  /** Once; false when there is nobody to answer. */
  #answer(): boolean {
    if (this.#answered) return false
    this.#answered = true
    this.#share.release()
    return !this.#stream.destroyed && !this.#stream.closed && !this.#stream.headersSent
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, PREFIX_BYTES)
  return frame
}

/** Resolves when the client has taken what was written, or is gone. */
async function taken(stream: ServerHttp2Stream): Promise<void> {
  if (stream.destroyed || stream.closed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.once('drain', resolve).once('close', resolve)
  await promise
  stream.off('drain', resolve).off('close', resolve)
}

/** Ends a call that has had no answer yet, whether its request is whole or not. */
export function endCall(stream: ServerHttp2Stream, error: GrpcError): void {
  const accepted =
    error.code === RPC_CODE.unimplemented ? { 'grpc-accept-encoding': ['identity', ...ENCODINGS].join(',') } : {}
  stream.respond({ ...ANSWER_HEADERS, ...accepted, ...statusTrailers(error) }, { endStream: true })
  stopReading(stream)
}

/** Tells a client that still sends to stop; without it, its stream stays until it has sent all. */
export function stopReading(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return
  stream.resume()
  // Not at once: a reset takes back the answer while that still waits to be written. Most clients reset it themselves.
  setTimeout(() => stream.close(NGHTTP2_NO_ERROR), READ_ON_MS).unref()
}

const FAILED = new GrpcError(RPC_CODE.internal, 'fnscope failed to answer; its log says why.')
const MORE_THAN_ONE = new GrpcError(RPC_CODE.unimplemented, 'The call has more than one message; its method takes one.')

function malformed(message: string, cause?: unknown): GrpcError {
  return new GrpcError(RPC_CODE.invalidArgument, message, { cause })
}

function noRoom(failure: BodyFailure, maxBytes: number): GrpcError {
  return failure === 'too_large'
    ? new GrpcError(RPC_CODE.resourceExhausted, `The message is larger than ${maxBytes} bytes.`)
    : new GrpcError(RPC_CODE.unavailable, 'Too many bytes of requests are on their way; send this one again.', {
        retryAfterSeconds: 1,
      })
}

function unknownEncoding(name: string | undefined): GrpcError {
  return new GrpcError(
    RPC_CODE.unimplemented,
    `The grpc-encoding "${name}" is none of identity, ${ENCODINGS.join(', ')}.`,
  )
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
