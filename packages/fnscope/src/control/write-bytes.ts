// Bytes into a file, with the digests that S3 answers and checks on the way.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { crc32c, crc64nvme } from './checksums.ts'

export interface WrittenBytes {
  readonly size: number
  readonly md5: Buffer
  /** Base64, as in x-amz-checksum-…: of the algorithm that was asked for. */
  readonly checksum: string | undefined
}

export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

interface Running {
  update(chunk: Buffer): void
  end(): string
}

export async function writeBytes(
  path: string,
  source: AsyncIterable<Buffer>,
  algorithm?: ChecksumAlgorithm,
): Promise<WrittenBytes> {
  const md5 = createHash('md5')
  const running = algorithm === undefined ? undefined : open(algorithm)
  let size = 0
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        size += chunk.length
        md5.update(chunk)
        running?.update(chunk)
        yield chunk
      }
    },
    createWriteStream(path, { mode: 0o600 }),
  )
  return { size, md5: md5.digest(), checksum: running?.end() }
}

/** The files one after the other. */
export async function* readAll(paths: readonly string[]): AsyncGenerator<Buffer> {
  for (const path of paths) yield* createReadStream(path) as AsyncIterable<Buffer>
}

function open(algorithm: ChecksumAlgorithm): Running {
  switch (algorithm) {
    case 'sha1':
    case 'sha256':
      return hashing(createHash(algorithm))
    case 'crc32':
      return summing(crc32, 4)
    case 'crc32c':
      return summing(crc32c, 4)
    case 'crc64nvme': {
      let sum = 0n
      return {
        update: (chunk) => (sum = crc64nvme(chunk, sum)),
        end: () => {
          const bytes = Buffer.alloc(8)
          bytes.writeBigUInt64BE(sum)
          return bytes.toString('base64')
        },
      }
    }
  }
}

function hashing(hash: Hash): Running {
  return { update: (chunk) => void hash.update(chunk), end: () => hash.digest('base64') }
}

function summing(sum: (chunk: Buffer, before: number) => number, width: number): Running {
  let value = 0
  return {
    update: (chunk) => (value = sum(chunk, value)),
    end: () => {
      const bytes = Buffer.alloc(width)
      bytes.writeUInt32BE(value)
      return bytes.toString('base64')
    },
  }
}
