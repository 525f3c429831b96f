// Multipart uploads on their way: parts as files beside the buckets. They do not survive a restart; a client that is
// told NoSuchUpload starts again.
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ObjectContent } from './stored-object.ts'
import type { ChecksumAlgorithm } from './write-bytes.ts'

export interface UploadPart {
  readonly number: number
  readonly path: string
  readonly size: number
  readonly md5: Buffer
  readonly modifiedMs: number
}

export interface Upload {
  readonly id: string
  readonly bucket: string
  readonly key: string
  readonly startedMs: number
  readonly headers: ObjectContent['headers']
  readonly tags: ObjectContent['tags']
  readonly algorithm: ChecksumAlgorithm | undefined
  readonly parts: Map<number, UploadPart>
}

export class Uploads {
  readonly #dir: string
  readonly #uploads = new Map<string, Upload>()

  constructor(dir: string) {
    this.#dir = dir
    rmSync(dir, { recursive: true, force: true })
  }

  start(upload: Omit<Upload, 'id' | 'parts' | 'startedMs'>): Upload {
    const started = { ...upload, id: randomUUID().replaceAll('-', ''), startedMs: Date.now(), parts: new Map() }
    mkdirSync(join(this.#dir, started.id), { recursive: true, mode: 0o700 })
    this.#uploads.set(started.id, started)
    return started
  }

  find(id: string, bucket: string, key: string): Upload | undefined {
    const upload = this.#uploads.get(id)
    return upload?.bucket === bucket && upload.key === key ? upload : undefined
  }

  of(bucket: string): readonly Upload[] {
    return [...this.#uploads.values()].filter((upload) => upload.bucket === bucket)
  }

  newPart(upload: Upload): string {
    return join(this.#dir, upload.id, randomUUID())
  }

  end(upload: Upload): void {
    this.#uploads.delete(upload.id)
    rmSync(join(this.#dir, upload.id), { recursive: true, force: true })
  }
}

/** MD5 of the parts' MD5s, and how many they are. */
export function multipartEtag(parts: readonly UploadPart[]): string {
  const hash = createHash('md5')
  for (const { md5 } of parts) hash.update(md5)
  return `${hash.digest('hex')}-${parts.length}`
}
