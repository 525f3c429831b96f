// Native blocks out of the pieces in which an answer comes: gathered in one buffer that is used again, because an answer
// of some hundred megabytes in buffers of its own costs more to allocate than to read.
import { readNativeBlock, type NativeBlock } from './native-read.ts'

const FIRST_BYTES = 1 << 20

export class NativeStream {
  readonly #take: (block: NativeBlock) => void
  #bytes = new Uint8Array(FIRST_BYTES)
  #filled = 0
  /** Of the last block: the next is about as large, and is not looked at before so much is there. */
  #expected = 0

  /** @param take A block is good until it returns. */
  constructor(take: (block: NativeBlock) => void) {
    this.#take = take
  }

  write(chunk: Uint8Array): void {
    if (this.#filled + chunk.length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.#filled + chunk.length))
      wider.set(this.#bytes.subarray(0, this.#filled))
      this.#bytes = wider
    }
    this.#bytes.set(chunk, this.#filled)
    this.#filled += chunk.length
    if (this.#filled >= this.#expected) this.#read(false)
  }

  /** @throws RangeError when the answer ends inside a block */
  end(): void {
    this.#read(true)
  }

  #read(last: boolean): void {
    let at = 0
    while (at < this.#filled) {
      const before = at
      let read: { readonly block: NativeBlock; readonly next: number }
      try {
        read = readNativeBlock(this.#bytes.subarray(0, this.#filled), at)
      } catch (error) {
        if (last || !(error instanceof RangeError)) throw error
        // Not whole yet.
        this.#expected = Math.max(this.#expected, this.#filled - at + 65_536)
        break
      }
      at = read.next
      this.#expected = at - before
      if (read.block.rows > 0) this.#take(read.block)
      if (this.#filled - at < this.#expected && !last) break
    }
    this.#bytes.copyWithin(0, at, this.#filled)
    this.#filled -= at
  }
}
