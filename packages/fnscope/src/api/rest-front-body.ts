// The body of a request to a REST front, up to the gateway's limit.
import type { IncomingMessage } from 'node:http'
import { drainBody } from '../http/drain-body.ts'

/** API Gateway's payload limit. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024

/** Undefined when it is over the limit: what is more is dropped. @throws Error when the client goes away */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    await drainBody(request)
    return undefined
  }
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
  const take = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) return void chunks.push(chunk)
    request.off('data', take)
    chunks.length = 0
    void drainBody(request).then(() => resolve(undefined))
  }
  request.on('data', take)
  request.once('end', () => {
    if (bytes <= MAX_BODY_BYTES) resolve(Buffer.concat(chunks))
  })
  request.once('error', reject)
  return await promise
}
