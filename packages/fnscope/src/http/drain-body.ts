// The rest of a body that nobody wants. Closing a connection with unread bytes resets it, and the client would see that
// instead of the answer that says why.
import type { IncomingMessage } from 'node:http'

const MAX_BYTES = 256 * 1024 * 1024
/** A client that waits for the answer before it goes on sending. */
const IDLE_MS = 500
const MAX_MS = 10_000

/** Reads and drops what still comes, up to 256 MB, 10 s, or a pause of half a second. Never throws. */
export async function drainBody(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  let bytes = 0
  const count = (chunk: Buffer): void => {
    bytes += chunk.length
    idle.refresh()
    if (bytes > MAX_BYTES) resolve()
  }
  const idle = setTimeout(resolve, IDLE_MS)
  const timer = setTimeout(resolve, MAX_MS)
  for (const event of ['end', 'error', 'close'] as const) request.once(event, () => resolve())
  request.on('data', count).resume()
  await promise
  clearTimeout(timer)
  clearTimeout(idle)
  request.off('data', count)
}
