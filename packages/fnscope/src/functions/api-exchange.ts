// What the HTTP services inside an environment have in common: bodies in and out, refusals, headers. They are raw
// node:http, for a framework would cost as much as a whole warm invocation.
import type { IncomingMessage, ServerResponse } from 'node:http'

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

export function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  reply(response, status, { errorMessage, errorType })
}

/** The header's value; undefined when it is absent or empty. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads a body to its end even when it is too large: a client that is still sending would miss the refusal. */
export function readBody(
  request: IncomingMessage,
  limit: number,
  on: {
    readonly done: (body: Buffer | 'too large') => void
    readonly piece?: (bytes: Buffer) => void
    /** False: the pieces were all that is wanted, and the body is empty. */
    readonly keep?: boolean
    /** The body is shorter than announced. */
    readonly cutOff?: () => void
  },
): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    on.piece?.(chunk)
    size += chunk.length
    if (size <= limit && on.keep !== false) chunks.push(chunk)
  })
  request.once('end', () => on.done(size > limit ? 'too large' : Buffer.concat(chunks)))
  request.once('error', () => {
    if (!request.complete) on.cutOff?.()
  })
}
