// A compressed body made plain, off this thread, up to a limit: a bomb costs what the limit allows and no more.
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

import type { BodyShare } from './body-budget.ts'
import { BodyBuffer, type BodyFailure } from './body-buffer.ts'

/** As Content-Encoding and grpc-encoding spell them. `deflate` has zlib's wrapper, as both standards say. */
export const ENCODINGS = ['gzip', 'deflate', 'zstd', 'br'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** The body is not what its encoding says: torn, or something else. */
export class InflateError extends Error {
  constructor(encoding: Encoding, cause: unknown) {
    super(`The body is no whole ${encoding}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause })
    this.name = 'InflateError'
  }
}

export interface InflateOptions {
  readonly maxBytes: number
  /** Pays for the plain bytes. */
  readonly share: BodyShare
}

const CHUNK_BYTES = 64 * 1024
/** Collectors use windows up to 32 MB; a frame that wants more could make the decoder take 2 GB. */
const ZSTD_PARAMETERS = { [constants.ZSTD_d_windowLogMax]: 25 }

/** `gzip`, `x-gzip`, `zstd` …; undefined for no compression. False: one that we do not know. */
export function readEncoding(header: string | undefined): Encoding | undefined | false {
  const name = (header ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return undefined
  if (name === 'x-gzip') return 'gzip'
  return ENCODINGS.find((encoding) => encoding === name) ?? false
}

/** The plain bytes, or why there are none. @throws InflateError */
export async function inflate(
  body: Uint8Array,
  encoding: Encoding,
  options: InflateOptions,
): Promise<Buffer | BodyFailure> {
  const plain = new BodyBuffer(options.share, options.maxBytes)
  const stream = decompressor(encoding)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | BodyFailure>()
  stream.on('data', (chunk: Buffer) => {
    const failure = plain.append(chunk)
    if (failure === undefined) return
    resolve(failure)
    stream.destroy()
  })
  stream.once('end', () => resolve(plain.bytes()))
  stream.once('error', (error) => reject(new InflateError(encoding, error)))
  stream.end(body)
  return await promise
}

function decompressor(
  encoding: Encoding,
): ReturnType<typeof createGunzip | typeof createBrotliDecompress | typeof createZstdDecompress> {
  const options = { chunkSize: CHUNK_BYTES }
  switch (encoding) {
    case 'gzip':
      return createGunzip(options)
    case 'deflate':
      return createInflate(options)
    case 'br':
      return createBrotliDecompress(options)
    case 'zstd':
      return createZstdDecompress({ ...options, params: ZSTD_PARAMETERS })
  }
}
