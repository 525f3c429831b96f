// A request's body, read, made plain and handed to the intake: the way of every HTTP door that takes telemetry. Bodies
// are read here and not by Fastify, for their bytes are counted over all connections while they arrive.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { MalformedError, type Taken } from '../codec/taken.ts'
import type { BodyBudget, BodyShare } from '../http/body-budget.ts'
import { inflate, InflateError, readEncoding, type Encoding } from '../http/inflate.ts'
import { bodyError, readBody } from '../http/read-body.ts'
import { RequestError } from '../http/request-error.ts'
import type { Decoder, Intake } from './intake.ts'

export interface TakeBodyOptions {
  readonly budget: BodyBudget
  readonly intake: Intake
  /** Before and after inflating. */
  readonly maxBytes: number
  readonly decode: Decoder
  /** The codec inflates: the header's encoding has been looked at. */
  readonly inflates?: boolean
}

/** Leaves the bodies of a scope's routes unread: takeBody reads them. */
export function leaveBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

/**
 * What the intake took of the body. Everything that is refused has been counted.
 * @throws RequestError 400 (malformed, torn, cut off), 413, 415 (an encoding that nobody here reads), 503;
 *   IngestFullError
 */
export async function takeBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { budget, intake, maxBytes, decode, inflates = false }: TakeBodyOptions,
): Promise<Taken> {
  let share: BodyShare | undefined
  try {
    const encoding = inflates ? undefined : encodingOf(request)
    if (encoding === false)
      throw new RequestError(415, `The content encoding "${request.headers['content-encoding']}" is not one we know.`)
    const read = await readBody(request.raw, { budget, maxBytes })
    share = read.share
    const body = encoding === undefined ? read.bytes : await plain(read.bytes, encoding, share, maxBytes)
    share.arrived()
    const taken = await intake.take(body, decode)
    read.recycle()
    return taken
  } catch (error) {
    if (error instanceof MalformedError) throw new RequestError(400, error.message, { cause: error })
    if (error instanceof InflateError) {
      intake.dropRequest('malformed', error.message)
      throw new RequestError(400, error.message, { cause: error })
    }
    if (error instanceof RequestError) {
      if (error.statusCode === 413) intake.dropRequest('too_large', error.message)
      if (error.statusCode === 503) intake.dropRequest('queue_full', error.message)
      // Nobody reads the rest of it.
      if (error.statusCode === 503) reply.header('connection', 'close')
    }
    throw error
  } finally {
    share?.release()
  }
}

async function plain(bytes: Buffer, encoding: Encoding, share: BodyShare, maxBytes: number): Promise<Buffer> {
  const inflated = await inflate(bytes, encoding, { share, maxBytes })
  if (typeof inflated === 'string') throw bodyError(inflated, maxBytes)
  return inflated
}

/** Without its parameters, in lower case; '' when there is none. */
export function mediaTypeOf(request: FastifyRequest): string {
  const { 'content-type': type = '' } = request.headers
  return type.split(';', 1)[0]!.trim().toLowerCase()
}

/** undefined: not compressed; false: in a way that nobody here reads. */
export function encodingOf(request: FastifyRequest): ReturnType<typeof readEncoding> {
  return readEncoding(request.headers['content-encoding'])
}
