// The body of a request to a REST front, up to the gateway's limit.
import type { IncomingMessage } from 'node:http'

/** API Gateway's payload limit. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024

/** Undefined when it is over the limit: nothing more is then read. @throws Error when the client goes away */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) {
      request.pause()
      resolve(undefined)
    } else chunks.push(chunk)
  })
  request.once('end', () => resolve(Buffer.concat(chunks)))
  request.once('error', reject)
  return await promise
}
