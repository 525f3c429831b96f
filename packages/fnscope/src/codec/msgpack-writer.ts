// MessagePack written item by item, as far as it is needed to hand JSON to codecs that read MessagePack.

const FIRST_BYTES = 1024
const encoder = new TextEncoder()

export class MsgpackWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** What was written: a view, good until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(size: number): number {
    const at = this.#length
    if (at + size > this.#bytes.length) {
      const next = new Uint8Array(Math.max(at + size, this.#bytes.length * 2))
      next.set(this.#bytes)
      this.#bytes = next
      this.#view = new DataView(next.buffer)
    }
    this.#length = at + size
    return at
  }

  #head(code: number, size: number): void {
    const at = this.#reserve(5)
    this.#bytes[at] = code
    this.#view.setUint32(at + 1, size)
  }

  map(pairs: number): void {
    if (pairs < 16) this.#byte(0x80 | pairs)
    else this.#head(0xdf, pairs)
  }

  array(items: number): void {
    if (items < 16) this.#byte(0x90 | items)
    else this.#head(0xdd, items)
  }

  string(text: string): void {
    const utf8 = encoder.encode(text)
    if (utf8.length < 32) this.#byte(0xa0 | utf8.length)
    else this.#head(0xdb, utf8.length)
    this.#copy(utf8)
  }

  binary(bytes: Uint8Array): void {
    this.#head(0xc6, bytes.length)
    this.#copy(bytes)
  }

  #copy(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  #byte(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
  }

  /** From -2^63 to 2^64 - 1. */
  integer(value: bigint): void {
    const at = this.#reserve(9)
    this.#bytes[at] = value < 0n ? 0xd3 : 0xcf
    this.#view.setBigInt64(at + 1, BigInt.asIntN(64, value))
  }

  double(value: number): void {
    const at = this.#reserve(9)
    this.#bytes[at] = 0xcb
    this.#view.setFloat64(at + 1, value)
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  nil(): void {
    this.#byte(0xc0)
  }
}
