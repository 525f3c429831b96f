// Ingest over the write-ahead log: encode, append, answer; flush.ts does the rest behind it.
import { setTimeout as delay } from 'node:timers/promises'

import type { Counters } from '../counters.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Batch } from '../span/batch.ts'
import type { Writer } from '../store/store.ts'
import { Flusher } from './flush.ts'
import type { Ingest } from './ingest.ts'
import { makeWalDirectory, Wal } from './wal.ts'

export interface OpenIngestOptions {
  /** The log's own directory; made when missing, mode 0700. */
  readonly dir: string
  readonly writer: Pick<Writer, 'encode' | 'insert' | 'recycle'>
  readonly counters: Counters
  readonly log: Logger
  /** Bound of the log on disk; over it accept throws IngestFullError. */
  readonly maxBytes: number
  /** Survive a power cut, not only kill -9. */
  readonly fsync?: boolean
  /** Keeps other processes out of `dir`: throws FNS_DATA_IN_USE while another holds it (store/engine-lock.ts). */
  readonly lock: (dir: string) => { release(): void }
}

export interface OpenIngest extends Ingest {
  /**
   * Refuses new batches, gives the store up to `drainMs` (default 5000) to take what is there, and leaves the rest on
   * disk for the next start. Twice is fine.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * Opens the log and starts to store what an earlier process left in it, under the same tokens.
 * @throws FnscopeError FNS_WAL_UNWRITABLE, FNS_DATA_IN_USE
 */
export async function openIngest(options: OpenIngestOptions): Promise<OpenIngest> {
  const { dir, writer, counters, log, maxBytes, fsync = false } = options
  await makeWalDirectory(dir)
  const lock = takeLock(options)
  const wal = await Wal.open({ dir, counters, log, maxBytes, fsync }).catch((error: unknown) => {
    lock.release()
    throw error
  })
  const flusher = new Flusher({ wal, writer, counters, log })
  flusher.start()

  const flushed = async (): Promise<void> => {
    const segments = await wal.unstored()
    for (const segment of segments) segment.urgent = true
    flusher.wake()
    await Promise.all(segments.map((segment) => segment.done.promise))
  }

  const close = async (drainMs: number): Promise<void> => {
    wal.stopAppends()
    const enough = new AbortController()
    await Promise.race([flushed(), delay(drainMs, undefined, { signal: enough.signal }).catch(() => undefined)])
    enough.abort()
    await flusher.stop()
    await wal.close()
    lock.release()
  }

  let closing: Promise<void> | undefined
  return {
    accept: async (batch: Batch) => {
      wal.refuseWhenFull(1)
      await wal.append(writer.encode(batch))
    },
    flushed,
    close: ({ drainMs = 5000 } = {}) => (closing ??= close(drainMs)),
  }
}

function takeLock({ dir, lock }: OpenIngestOptions): { release(): void } {
  try {
    return lock(dir)
  } catch (error) {
    if (error instanceof FnscopeError) throw error
    throw new FnscopeError(
      'FNS_WAL_UNWRITABLE',
      `the write-ahead log's directory ${dir} cannot be locked: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
