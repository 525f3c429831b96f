// The write-ahead log: batches are appended to the open segment's file and then answered; frozen segments wait in order
// for flush.ts. Knows files and bounds, nothing of the store. One process a directory (the lock is open-ingest.ts's).
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import type { Counters } from '../counters.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { EncodedBlock } from '../store/store.ts'
import { IngestFullError } from './ingest.ts'
import { decodeSegment, encodeBatchRecord, encodeRefusalRecord, MAGIC, type SegmentContent } from './wal-record.ts'
import { foundSegment, newSegment, type Segment } from './wal-segment.ts'

/** Every insert makes parts of its own in the engine, and what merging them costs grows with their number. */
const SEGMENT_ROWS = 150_000
const SEGMENT_BYTES = 64 * 1024 * 1024
/** Of batches whose append has not ended: more than this, and the disk is too slow for what comes. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024
/** Blocks of closed segments that wait, kept in memory beside their file; the rest is read again when its turn comes. */
const MAX_HELD_BYTES = 32 * 1024 * 1024
const ASIDE = ['.corrupt', '.refused'] as const

export interface WalOptions {
  readonly dir: string
  /** Of everything in the directory that is not stored yet. */
  readonly maxBytes: number
  /** Power-safe: answer after fdatasync instead of after write. */
  readonly fsync: boolean
  readonly counters: Counters
  readonly log: Logger
}

interface Pending {
  readonly blocks: readonly EncodedBlock[]
  readonly parts: readonly Uint8Array[]
  readonly size: number
  readonly rows: number
  readonly settled: PromiseWithResolvers<void>
}

export class Wal {
  /** Called after each append and when a segment is frozen. */
  onChange: () => void = () => undefined
  readonly #options: WalOptions
  #open: { readonly segment: Segment; readonly file: FileHandle } | undefined
  readonly #closed: Segment[] = []
  readonly #unstored = new Set<Segment>()
  #pending: Pending[] = []
  #pendingBytes = 0
  #bytes = 0
  #heldBytes = 0
  #ending = false
  /** Work on the open segment's file, one piece after the other. */
  #turn: Promise<void> = Promise.resolve()

  private constructor(options: WalOptions) {
    this.#options = options
  }

  /** Finds what earlier processes left. @throws FnscopeError FNS_WAL_UNWRITABLE */
  static async open(options: WalOptions): Promise<Wal> {
    const wal = new Wal(options)
    try {
      await wal.#findSegments()
    } catch (error) {
      throw unwritable(options.dir, error)
    }
    return wal
  }

  async #findSegments(): Promise<void> {
    const { dir } = this.#options
    const probe = join(dir, 'probe')
    await writeFile(probe, '', { mode: 0o600 })
    await rm(probe)
    for (const name of (await readdir(dir)).sort()) {
      const { size } = await stat(join(dir, name))
      const segment = foundSegment(dir, name, size)
      if (segment !== undefined) {
        this.#closed.push(segment)
        this.#unstored.add(segment)
        this.#grow(size)
      } else if (ASIDE.some((extension) => name.endsWith(extension))) this.#grow(size)
    }
  }

  /** Bytes on disk that are not stored yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Resolves when the blocks are in the file, all or none. @throws IngestFullError */
  async append(blocks: readonly EncodedBlock[]): Promise<void> {
    if (blocks.length === 0) return
    const parts = encodeBatchRecord(blocks)
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    this.refuseWhenFull(size)
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
    const settled = Promise.withResolvers<void>()
    this.#pendingBytes += size
    // The first of a turn of the event loop starts the write that takes all of that turn along.
    if (this.#pending.push({ blocks, parts, size, rows, settled }) === 1)
      setImmediate(() => void this.#inTurn(() => this.#commit()))
    await settled.promise
  }

  /** @throws IngestFullError when there is no room for so many bytes */
  refuseWhenFull(size: number): void {
    const { dir, maxBytes } = this.#options
    if (this.#ending) throw new IngestFullError('fnscope is stopping')
    if (this.#bytes + this.#pendingBytes + size > maxBytes) {
      throw new IngestFullError(
        `the write-ahead log ${dir} holds ${this.#bytes} of at most ${maxBytes} bytes; the store does not keep up`,
      )
    }
    if (this.#pendingBytes > 0 && this.#pendingBytes + size > MAX_PENDING_BYTES)
      throw new IngestFullError(`the write-ahead log ${dir} cannot be written as fast as data comes`)
  }

  /** Runs when all earlier pieces of work have ended. The work itself must not throw. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.then(() => undefined)
    return result
  }

  async #commit(): Promise<void> {
    const waiting = this.#pending
    this.#pending = []
    for (let from = 0; from < waiting.length;) {
      let to = from
      let rows = this.#open?.segment.rows ?? 0
      let bytes = this.#open?.segment.bytes ?? 0
      do {
        rows += waiting[to]!.rows
        bytes += waiting[to]!.size
        to += 1
      } while (to < waiting.length && rows < SEGMENT_ROWS && bytes < SEGMENT_BYTES)
      await this.#write(waiting.slice(from, to))
      from = to
    }
    this.onChange()
  }

  async #write(batches: readonly Pending[]): Promise<void> {
    try {
      const { segment, file } = (this.#open ??= await createSegment(this.#options))
      const parts = batches.flatMap((batch) => batch.parts)
      if (segment.bytes === 0) parts.unshift(MAGIC)
      const size = await writeAll(file, parts, segment.bytes)
      if (this.#options.fsync) {
        await file.datasync()
        this.#options.counters.walSyncs.inc()
      }
      segment.bytes += size
      this.#grow(size)
      for (const batch of batches) {
        segment.rows += batch.rows
        segment.blocks!.push(...batch.blocks)
        batch.settled.resolve()
      }
      this.#unstored.add(segment)
      if (segment.rows >= SEGMENT_ROWS || segment.bytes >= SEGMENT_BYTES) await this.#closeOpen()
    } catch (error) {
      await this.#undoWrite()
      const message = `the write-ahead log ${this.#options.dir} cannot be written: ${messageOf(error)}`
      const full = new IngestFullError(message)
      full.cause = error
      for (const batch of batches) batch.settled.reject(full)
    } finally {
      for (const batch of batches) this.#pendingBytes -= batch.size
    }
  }

  /** Cuts off what a failed append left, so that the next one follows the last whole record. */
  async #undoWrite(): Promise<void> {
    if (this.#open === undefined) return
    const { segment, file } = this.#open
    try {
      if (segment.bytes === 0) await this.#dropOpen()
      else await file.truncate(segment.bytes)
    } catch (error) {
      this.#options.log.error({ path: segment.path, reason: messageOf(error) }, 'log segment could not be cut')
      if (segment.bytes > 0) await this.#closeOpen()
    }
  }

  async #dropOpen(): Promise<void> {
    const { segment, file } = this.#open!
    this.#open = undefined
    await file.close().catch(() => undefined)
    await rm(segment.path, { force: true })
  }

  async #closeOpen(): Promise<void> {
    const { segment, file } = this.#open!
    this.#open = undefined
    await file.close().catch(() => undefined)
    if (this.#heldBytes + segment.bytes > MAX_HELD_BYTES) segment.blocks = undefined
    else this.#heldBytes += segment.heldBytes = segment.bytes
    this.#closed.push(segment)
    this.onChange()
  }

  #grow(bytes: number): void {
    this.#bytes += bytes
    this.#options.counters.walBytes.set(this.#bytes)
  }

  /** The oldest frozen segment, which the caller then owns: it must be removed or set aside. */
  takeClosed(): Segment | undefined {
    return this.#closed.shift()
  }

  /** The segment that appends go to, if it holds any. */
  get openSegment(): Segment | undefined {
    return this.#open?.segment.bytes ? this.#open.segment : undefined
  }

  /** Freezes the open segment: from now on takeClosed gives it. */
  freeze(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.openSegment !== undefined) await this.#closeOpen()
    })
  }

  /** Every segment that is not stored, once all appends begun before the call have ended. */
  async unstored(): Promise<readonly Segment[]> {
    // An append reaches the chain one turn of the event loop after its call.
    await new Promise((resolve) => setImmediate(resolve))
    return this.#inTurn(async () => [...this.#unstored])
  }

  /**
   * What the segment holds, which is the caller's alone from now on: the next to ask reads the file. Undefined when that is
   * none of ours or cannot be read, which sets it aside.
   */
  async take(segment: Segment): Promise<SegmentContent | undefined> {
    const { blocks } = segment
    this.#letGo(segment)
    if (blocks !== undefined) return { blocks, refused: new Set(), tornBytes: 0, corruptRecords: 0 }
    const { log, counters } = this.#options
    let content: SegmentContent | undefined
    try {
      content = decodeSegment((await readFile(segment.path)).subarray(0, segment.bytes))
    } catch (error) {
      log.error({ path: segment.path, reason: messageOf(error) }, 'log segment cannot be read')
    }
    if (content === undefined) {
      counters.dropped.inc({ door: 'wal', reason: 'corrupt_segment' })
      await this.setAside(segment, '.corrupt')
      return undefined
    }
    const { tornBytes, corruptRecords } = content
    if (tornBytes > 0) {
      counters.dropped.inc({ door: 'wal', reason: 'torn_tail' })
      log.warn({ path: segment.path, bytes: tornBytes }, 'cut an append that a crash left unfinished')
      await this.#cut(segment, tornBytes)
    }
    if (corruptRecords > 0) {
      counters.dropped.inc({ door: 'wal', reason: 'corrupt_record' }, corruptRecords)
      log.error({ path: segment.path, records: corruptRecords }, 'lost batches: their checksum in the log is wrong')
    }
    return content
  }

  async #cut(segment: Segment, bytes: number): Promise<void> {
    await withFile(segment.path, (file) => file.truncate(segment.bytes - bytes)).catch(() => undefined)
    segment.bytes -= bytes
    this.#grow(-bytes)
  }

  /** Remembers in the file that the store refused this insert for good, so that a replay splits it the same way. */
  async markRefused(segment: Segment, token: string): Promise<void> {
    try {
      const size = await withFile(segment.path, (file) => writeAll(file, encodeRefusalRecord(token), segment.bytes))
      segment.bytes += size
      this.#grow(size)
    } catch (error) {
      this.#options.log.warn({ path: segment.path, reason: messageOf(error) }, 'refusal not written to the log')
    }
  }

  /** Its rows are stored. */
  async remove(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true }).catch((error: unknown) => {
      // Replayed at the next start under the same token, which stores nothing.
      this.#options.log.warn({ path: segment.path, reason: messageOf(error) }, 'stored log segment not removed')
    })
    this.#grow(-segment.bytes)
    this.#forget(segment)
  }

  /** Keeps the file for a human to look at, still counted in the bound, and never tries it again. */
  async setAside(segment: Segment, extension: (typeof ASIDE)[number]): Promise<void> {
    const path = segment.path + extension
    await rename(segment.path, path).catch(() => undefined)
    this.#options.log.error({ path, bytes: segment.bytes }, 'log segment set aside')
    this.#forget(segment)
  }

  /** Its blocks are in the file alone. */
  #letGo(segment: Segment): void {
    this.#heldBytes -= segment.heldBytes
    segment.heldBytes = 0
    segment.blocks = undefined
  }

  #forget(segment: Segment): void {
    this.#letGo(segment)
    this.#unstored.delete(segment)
    segment.done.resolve()
  }

  /** From now on append refuses. */
  stopAppends(): void {
    this.#ending = true
  }

  /** Closes the file; what is not stored stays on disk. */
  async close(): Promise<void> {
    this.stopAppends()
    await this.unstored()
    await this.#open?.file.close()
    this.#open = undefined
  }
}

async function createSegment(options: WalOptions): Promise<{ segment: Segment; file: FileHandle }> {
  const segment = newSegment(options.dir)
  const file = await open(segment.path, 'wx', 0o600)
  // The name must survive a power cut too.
  if (options.fsync) await withFile(options.dir, (directory) => directory.sync(), 'r')
  return { segment, file }
}

/** One write call as a rule; the kernel may take less at a time, on a full disk before it refuses. */
async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<number> {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  let { bytesWritten: done } = await file.writev(parts, position)
  if (done < size) {
    const whole = Buffer.concat(parts)
    while (done < size) done += (await file.write(whole, done, size - done, position + done)).bytesWritten
  }
  return size
}

async function withFile<Result>(
  path: string,
  work: (file: FileHandle) => Promise<Result>,
  flags = 'r+',
): Promise<Result> {
  const file = await open(path, flags)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}

/** Makes the directory, for the owner alone. @throws FnscopeError FNS_WAL_UNWRITABLE */
export async function makeWalDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    await chmod(dir, 0o700)
  } catch (error) {
    throw unwritable(dir, error)
  }
}

function unwritable(dir: string, cause: unknown): FnscopeError {
  return new FnscopeError(
    'FNS_WAL_UNWRITABLE',
    `the write-ahead log needs the directory ${dir} and cannot write there: ${messageOf(cause)}. Make it writable, or name another data directory with --data.`,
    { cause },
  )
}
