// A request's body for doors under load: read into one buffer, paid for from a budget that all connections share.
import type { IncomingMessage } from 'node:http'

import type { BodyBudget, BodyShare } from './body-budget.ts'
import { BodyBuffer, type BodyFailure } from './body-buffer.ts'
import { RequestError } from './request-error.ts'

export interface ReadBody {
  readonly bytes: Buffer
  /** The caller's to release. */
  readonly share: BodyShare
  /** Lets a later request use the memory of `bytes`, when nobody will look at it again. */
  recycle(): void
}

/** @throws RequestError 413, 503 when others need the room, 400 when the client went away in the middle */
export async function readBody(
  request: IncomingMessage,
  options: { readonly budget: BodyBudget; readonly maxBytes: number },
): Promise<ReadBody> {
  const { budget, maxBytes } = options
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) throw bodyError('too_large', maxBytes)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const share = budget.open(() => reject(bodyError('no_room', maxBytes)))
  const body = new BodyBuffer(share, maxBytes)
  const take = (piece: Buffer): void => {
    const failure = body.append(piece, announced)
    if (failure !== undefined) reject(bodyError(failure, maxBytes))
  }
  const left = (): void => reject(new RequestError(400, 'The connection ended in the middle of the body.'))
  const ended = (): void => {
    // Every request closes after its end: it must not make an error, with its stack, for nobody.
    request.off('error', left).off('close', left)
    resolve(body.bytes())
  }
  request.on('data', take).once('end', ended).once('error', left).once('close', left)
  try {
    return { bytes: await promise, share, recycle: () => body.recycle() }
  } catch (error) {
    request.off('data', take)
    share.release()
    throw error
  }
}

/** What a body that cannot be had is answered with. */
export function bodyError(failure: BodyFailure, maxBytes: number): RequestError {
  return failure === 'too_large'
    ? new RequestError(413, `The body is larger than ${maxBytes} bytes.`)
    : new RequestError(503, 'Too many bytes of requests are on their way; send this one again.', {
        retryAfterSeconds: 1,
      })
}
