// What was made of some bytes, found again by the same bytes: a hash table whose keys are never JS strings. Bounded: it
// forgets everything when it is full, at most once a request, and then keeps nothing more of that request.
import { equalBytes, hashOf } from '../span/byte-hash.ts'

export interface BytesMemoLimits {
  readonly entries: number
  /** Of all keys together. A longer key than a quarter of it is not kept. */
  readonly keyBytes: number
}

const FIRST_SLOTS = 256
const FIRST_KEY_BYTES = 4096

export class BytesMemo<Value> {
  readonly #limits: BytesMemoLimits
  // The number of an entry, counted from 1; 0 is a free slot. Never more than half full.
  #slots = new Uint32Array(FIRST_SLOTS)
  #keys = new Uint8Array(FIRST_KEY_BYTES)
  #keyView = new DataView(this.#keys.buffer)
  // Where each key ends; it begins where the one before ends.
  #ends: number[] = [0]
  #values: Value[] = []
  #free = 0
  #mayForget = true
  /** How often it has forgotten everything. */
  epoch = 0

  constructor(limits: BytesMemoLimits) {
    this.#limits = limits
  }

  /** A request begins. */
  begin(): void {
    this.#mayForget = true
  }

  find(source: DataView, start: number, end: number): Value | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hashOf(source, start, end) & mask
    for (let number = slots[slot]!; number !== 0; number = slots[slot]!) {
      if (this.#isKey(number, source, start, end)) return this.#values[number - 1]
      slot = (slot + 1) & mask
    }
    this.#free = slot
    return undefined
  }

  #isKey(number: number, source: DataView, start: number, end: number): boolean {
    const from = this.#ends[number - 1]!
    const size = end - start
    return this.#ends[number]! - from === size && equalBytes(this.#keyView, from, source, start, size)
  }

  /**
   * After `find` of the same bytes found nothing, and no other call between them.
   * @returns whether it is kept
   */
  add(source: DataView, start: number, end: number, value: Value): boolean {
    const size = end - start
    if (size > this.#limits.keyBytes / 4) return false
    const used = this.#ends[this.#values.length]!
    if (this.#values.length === this.#limits.entries || used + size > this.#limits.keyBytes) {
      if (!this.#mayForget) return false
      this.#clear()
    } else if ((this.#values.length + 1) * 2 > this.#slots.length) this.#rehash(this.#slots.length * 4)
    this.#put(source, start, end, value)
    return true
  }

  #put(source: DataView, start: number, end: number, value: Value): void {
    this.find(source, start, end)
    const used = this.#ends[this.#values.length]!
    const needed = used + end - start
    if (needed > this.#keys.length) {
      const keys = new Uint8Array(Math.max(needed, this.#keys.length * 2))
      keys.set(this.#keys)
      this.#keys = keys
      this.#keyView = new DataView(keys.buffer)
    }
    this.#keys.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), used)
    this.#values.push(value)
    this.#ends.push(needed)
    this.#slots[this.#free] = this.#values.length
  }

  #clear(): void {
    this.#mayForget = false
    this.epoch += 1
    this.#slots = new Uint32Array(FIRST_SLOTS)
    this.#keys = new Uint8Array(FIRST_KEY_BYTES)
    this.#keyView = new DataView(this.#keys.buffer)
    this.#ends = [0]
    this.#values = []
  }

  #rehash(size: number): void {
    this.#slots = new Uint32Array(size)
    for (let number = 1; number <= this.#values.length; number++) {
      let slot = hashOf(this.#keyView, this.#ends[number - 1]!, this.#ends[number]!) & (size - 1)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1)
      this.#slots[slot] = number
    }
  }
}
