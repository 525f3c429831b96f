// One request handed on to another server and its answer back, as they are: method, path, headers and bodies, both of
// them streamed. Their beginnings are kept for whoever records the call.
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'

/** Of either body: enough for ids and names. */
const KEPT_BYTES = 256 * 1024

export interface Forwarded {
  /** 0: the other server did not answer. */
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly requestBody: Buffer
  readonly responseBody: Buffer
}

/** A connection's own; Host stays, for a bucket may be in it. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'transfer-encoding'])

export interface ForwardOptions {
  /** Headers in place of the request's. */
  readonly changed?: Readonly<Record<string, string>>
  /** Answers in place of the other server, and says true, where its refusal (a small JSON body) is nobody's protocol. */
  readonly reword?: (status: number, body: string) => boolean
}

/**
 * Rejects when the other server cannot be reached; nothing has been written then.
 * @param target `http://host:port`
 */
export async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  { changed = {}, reword }: ForwardOptions = {},
): Promise<Forwarded> {
  const url = new URL(target)
  const chunked =
    incoming.headers['content-length'] === undefined && incoming.headers['transfer-encoding'] !== undefined
  const other = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
    host: url.hostname,
    port: url.port,
    method: incoming.method,
    path: incoming.url,
    headers: headersOf(incoming, changed),
  })
  const sent = keeping()
  const received = keeping()
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    other.once('response', resolve)
    other.once('error', reject)
  })
  // Who hears nothing more of its request has gone away: so does ours.
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) other.destroy()
  })
  const sending = pipeline(incoming, sent.through, other)
  sending.catch(() => undefined)
  if (!chunked && incoming.headers['content-length'] === undefined) incoming.resume()
  const answer = await answered
  const status = answer.statusCode ?? 502
  const small = status >= 400 && isSmallJson(answer.headers) ? await bytesOf(answer) : undefined
  if (small === undefined) {
    outgoing.writeHead(status, rawHeadersOf(answer))
    await pipeline(answer, received.through, outgoing)
  } else if (reword?.(status, small.toString()) !== true) {
    outgoing.writeHead(status, rawHeadersOf(answer))
    outgoing.end(small)
  }
  return {
    status: outgoing.statusCode,
    headers: answer.headers,
    requestBody: sent.kept(),
    responseBody: small ?? received.kept(),
  }
}

/** Errors are: they are read whole before they go on. */
function isSmallJson(headers: IncomingMessage['headers']): boolean {
  return /json/.test(headers['content-type'] ?? '') && Number(headers['content-length'] ?? Infinity) <= KEPT_BYTES
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function headersOf(
  incoming: IncomingMessage,
  changed: Readonly<Record<string, string>>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    const name = incoming.rawHeaders[i]!.toLowerCase()
    if (HOP_BY_HOP.has(name) || Object.hasOwn(changed, name)) continue
    const value = incoming.rawHeaders[i + 1]!
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  for (const [name, value] of Object.entries(changed)) headers[name] = value
  return headers
}

function rawHeadersOf(answer: IncomingMessage): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
    if (!HOP_BY_HOP.has(answer.rawHeaders[i]!.toLowerCase()))
      kept.push(answer.rawHeaders[i]!, answer.rawHeaders[i + 1]!)
  return kept
}

function keeping(): { readonly through: Transform; kept(): Buffer } {
  const chunks: Buffer[] = []
  let size = 0
  return {
    through: new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (size < KEPT_BYTES) chunks.push(chunk.subarray(0, KEPT_BYTES - size))
        size += chunk.length
        done(null, chunk)
      },
    }),
    kept: () => Buffer.concat(chunks),
  }
}
