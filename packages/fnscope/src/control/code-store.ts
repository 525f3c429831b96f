// Archives of code and layers, unpacked once: a directory per content, so that the same code uploaded again is the same
// directory, and a function that did not change keeps its environments.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endPackageScope } from '../deploy/package-scope.ts'
import { unzip } from './unzip.ts'

export interface UnpackedCode {
  readonly dir: string
  /** Base64, as Lambda's CodeSha256. */
  readonly sha256: string
  /** Of the archive. */
  readonly size: number
}

export class CodeStore {
  readonly #dir: string
  /** Files of buckets never change: their names are drawn anew for each object. */
  readonly #files = new Map<string, UnpackedCode>()

  constructor(dir: string) {
    this.#dir = dir
  }

  /** @throws ZipError */
  unpack(archive: Buffer): UnpackedCode {
    const digest = createHash('sha256').update(archive).digest()
    const dir = join(this.#dir, digest.toString('hex').slice(0, 40))
    const unpacked = { dir, sha256: digest.toString('base64'), size: archive.length }
    if (existsSync(dir)) return unpacked
    endPackageScope(this.#dir)
    const temporary = `${dir}.${randomUUID().slice(0, 8)}`
    mkdirSync(temporary, { recursive: true, mode: 0o755 })
    try {
      unzip(archive, temporary)
      if (!existsSync(dir)) renameSync(temporary, dir)
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
    return unpacked
  }

  /** @throws ZipError, and what the file system says */
  unpackFile(path: string): UnpackedCode {
    const known = this.#files.get(path)
    if (known !== undefined && existsSync(known.dir)) return known
    const unpacked = this.unpack(readFileSync(path))
    this.#files.set(path, unpacked)
    return unpacked
  }
}
