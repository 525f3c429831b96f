// A body put together from what the network gives. Pieces are copied into one growing buffer, for a piece of one byte may
// hold on to the 64 KB that it was read with; what a header claims about the length is believed only up to 256 KB.
import type { BodyShare } from './body-budget.ts'

export type BodyFailure = 'too_large' | 'no_room'

const FIRST_BYTES = 4096
/**
 * A whole request of a busy exporter. New memory costs 60 µs for the pages behind it, which is a tenth of what a request
 * may cost; so these are kept.
 */
const SPARE_BYTES = 256 * 1024
const MAX_SPARE = 16
const spare: Buffer[] = []
const NOTHING = Buffer.alloc(0)

export class BodyBuffer {
  readonly #share: BodyShare
  readonly #maxBytes: number
  #buffer: Buffer = NOTHING
  #length = 0

  constructor(share: BodyShare, maxBytes: number) {
    this.#share = share
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#length
  }

  /** `expectedBytes`: what the sender says the whole will be, so that the last growth is no larger; a lie is harmless. */
  append(piece: Uint8Array, expectedBytes = 0): BodyFailure | undefined {
    const needed = this.#length + piece.length
    if (needed > this.#maxBytes) return 'too_large'
    if (needed > this.#buffer.length) {
      const size = nextSize(this.#buffer.length, needed, Math.min(expectedBytes, this.#maxBytes))
      if (!this.#share.take(size - this.#buffer.length)) return 'no_room'
      const next = (size === SPARE_BYTES ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(size)
      next.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = next
    }
    this.#buffer.set(piece, this.#length)
    this.#length = needed
    return undefined
  }

  /** What has come so far; a view. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Lets a later body use the memory: only when nobody will look at bytes() again. */
  recycle(): void {
    if (this.#buffer.length === SPARE_BYTES && spare.length < MAX_SPARE) spare.push(this.#buffer)
    this.#buffer = NOTHING
    this.#length = 0
  }
}

function nextSize(size: number, needed: number, expected: number): number {
  // Small steps until so much is there or believably on its way that a spare one is worth it.
  if (needed <= SPARE_BYTES && Math.max(needed, expected) > SPARE_BYTES / 8) return SPARE_BYTES
  const doubled = Math.max(needed, FIRST_BYTES, size * 2)
  // No more than was announced, where that is enough.
  return expected >= needed ? Math.min(doubled, expected) : doubled
}
