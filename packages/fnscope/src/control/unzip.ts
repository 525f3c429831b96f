// A zip archive into a directory, with the permissions and links it records: a bootstrap must stay executable. Names that
// would leave the directory are refused.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { inflateRawSync } from 'node:zlib'

export class ZipError extends Error {}

const END_RECORD = 0x06054b50
const CENTRAL_ENTRY = 0x02014b50
const END_BYTES = 22
const CENTRAL_BYTES = 46
const LOCAL_BYTES = 30
const MOST_COMMENT = 65_535
/** What Lambda takes unpacked, over all layers and the code. */
const MAX_UNPACKED_BYTES = 262_144_000
const S_IFMT = 0o170000
const S_IFLNK = 0o120000

/**
 * Links are made when everything else is written, so that nothing is written through one: it may lead anywhere, as to /opt
 * or to what another link is.
 * @param dir empty
 * @throws ZipError when it is no zip archive, or one with more in it than a function may have
 */
export function unzip(archive: Buffer, dir: string): void {
  let bytes = 0
  const links: (readonly [name: string, target: string])[] = []
  for (const entry of entriesOf(archive)) {
    const name = safeName(entry.name)
    bytes += entry.size
    if (bytes > MAX_UNPACKED_BYTES) throw new ZipError('Unzipped size must be smaller than 262144000 bytes')
    if (entry.name.endsWith('/')) written(entry.name, () => mkdirSync(join(dir, name), { recursive: true }))
    else if ((entry.mode & S_IFMT) === S_IFLNK) links.push([name, contentOf(archive, entry).toString('utf8')])
    else writeFile(join(dir, name), contentOf(archive, entry), entry)
  }
  for (const [name] of links) written(name, () => mkdirSync(dirname(join(dir, name)), { recursive: true }))
  for (const [name, target] of links) written(name, () => symlinkSync(target, join(dir, name)))
}

function writeFile(path: string, content: Buffer, { name, mode }: Entry): void {
  written(name, () => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    // Archives made on Windows record nothing; everybody may read and enter, as Lambda wants it.
    chmodSync(path, (mode & 0o777) === 0 ? 0o644 : (mode & 0o777) | 0o444)
  })
}

/** What the file system refuses, without its paths. */
function written(name: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new ZipError(`${name.slice(0, 100)} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
}

interface Entry {
  readonly name: string
  readonly method: number
  readonly packedSize: number
  readonly size: number
  readonly offset: number
  /** Of Unix; 0 where the archive says none. */
  readonly mode: number
}

function* entriesOf(archive: Buffer): Generator<Entry> {
  const end = endOf(archive)
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  if (count === 0xffff || at === 0xffffffff) throw new ZipError('archives of the zip64 format are not read')
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > archive.length || archive.readUInt32LE(at) !== CENTRAL_ENTRY)
      throw new ZipError('its directory is damaged')
    const nameBytes = archive.readUInt16LE(at + 28)
    yield {
      name: archive.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes),
      method: archive.readUInt16LE(at + 10),
      packedSize: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42),
      mode: archive.readUInt32LE(at + 38) >>> 16,
    }
    at += CENTRAL_BYTES + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
}

function endOf(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - MOST_COMMENT)
  for (let at = archive.length - END_BYTES; at >= first; at--) if (archive.readUInt32LE(at) === END_RECORD) return at
  throw new ZipError('it is no zip archive')
}

function contentOf(archive: Buffer, { name, method, packedSize, size, offset }: Entry): Buffer {
  if (offset + LOCAL_BYTES > archive.length) throw new ZipError('its directory is damaged')
  const start = offset + LOCAL_BYTES + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28)
  const packed = archive.subarray(start, start + packedSize)
  if (method === 0) return packed
  if (method !== 8) throw new ZipError(`${name} is packed by method ${method}, which is not read`)
  try {
    // One byte over: an entry that says less than it holds is not let through.
    return inflateRawSync(packed, { maxOutputLength: size + 1 })
  } catch {
    throw new ZipError(`${name} cannot be unpacked`)
  }
}

function safeName(name: string): string {
  const plain = normalize(name.replaceAll('\\', '/'))
  if (plain.startsWith('/') || escapes(plain)) throw new ZipError(`${name} leaves the archive's directory`)
  return plain
}

function escapes(path: string): boolean {
  const plain = normalize(path)
  return plain.startsWith('/') || plain === '..' || plain.startsWith(`..${sep}`)
}
