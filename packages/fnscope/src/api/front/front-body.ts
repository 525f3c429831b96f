// The body of a request to a front, up to its limit.
import type { IncomingMessage } from 'node:http'
import { drainBody } from '../../http/drain-body.ts'

/** API Gateway's payload limit. */
export const MAX_API_BYTES = 10 * 1024 * 1024
/** A function URL's: the function's own. */
export const MAX_URL_BYTES = 6 * 1024 * 1024

/** Undefined when it is over the limit: what is more is dropped. @throws Error when the client goes away */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    await drainBody(request)
    return undefined
  }
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
  const take = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes <= maxBytes) return void chunks.push(chunk)
    request.off('data', take)
    chunks.length = 0
    void drainBody(request).then(() => resolve(undefined))
  }
  request.on('data', take)
  request.once('end', () => {
    if (bytes <= maxBytes) resolve(Buffer.concat(chunks))
  })
  request.once('error', reject)
  return await promise
}
