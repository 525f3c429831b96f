// The bytes of an S3 request: plain, or in the chunks that SDKs send with a signature or a checksum behind the last one
// (content-encoding aws-chunked).
import type { IncomingHttpHeaders } from 'node:http'
import { s3Error } from './s3-error.ts'

export interface S3Body {
  readonly bytes: AsyncIterable<Buffer>
  /** What came behind the body; whole only after all bytes were read. */
  readonly trailers: ReadonlyMap<string, string>
}

const MAX_LINE = 16 * 1024

export function openS3Body(headers: IncomingHttpHeaders, source: AsyncIterable<Buffer>): S3Body {
  const trailers = new Map<string, string>()
  const sha = headers['x-amz-content-sha256']
  const chunked = typeof sha === 'string' && sha.startsWith('STREAMING-')
  return { trailers, bytes: chunked ? unchunk(source, trailers) : source }
}

/** The content encodings of the object itself. */
export function contentEncodingOf(headers: IncomingHttpHeaders): string | undefined {
  const own = (headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
  return own.length === 0 ? undefined : own.join(', ')
}

async function* unchunk(source: AsyncIterable<Buffer>, trailers: Map<string, string>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  /** Of the current chunk; -1: a size line comes next. */
  let left = -1
  let ended = false
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    for (;;) {
      if (left > 0) {
        const data = rest.subarray(0, left)
        left -= data.length
        rest = rest.subarray(data.length)
        if (data.length > 0) yield data
        if (left > 0) break
      }
      const end = rest.indexOf('\r\n')
      if (end < 0) break
      const line = rest.subarray(0, end).toString('latin1')
      rest = rest.subarray(end + 2)
      if (ended) noteTrailer(trailers, line)
      else if (left === 0) left = -1
      else {
        left = sizeOf(line)
        ended = left === 0
        // The last chunk has no bytes and no line end of its own.
        if (ended) left = -1
      }
    }
    if (left <= 0 && rest.length > MAX_LINE) throw s3Error('InvalidRequest', 'A line of the chunked body is too long.')
  }
  if (!ended) throw s3Error('IncompleteBody', 'The request body terminated unexpectedly')
  if (rest.length > 0) noteTrailer(trailers, rest.toString('latin1'))
}

function sizeOf(line: string): number {
  const digits = /^([0-9a-f]{1,12})(?:;|$)/i.exec(line)?.[1]
  if (digits === undefined) throw s3Error('InvalidRequest', 'The body is not in chunks as its headers say.')
  return Number.parseInt(digits, 16)
}

function noteTrailer(trailers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':')
  if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
}
