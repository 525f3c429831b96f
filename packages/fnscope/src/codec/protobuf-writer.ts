// The protobuf wire format, written: a growing buffer, and messages whose length is filled in when they are closed.

const FIRST_BYTES = 1024
/** A length is given one byte and moved over when it needs more: nearly all messages are shorter than 128 bytes. */
const LENGTH_ROOM = 1

const encoder = new TextEncoder()

export class ProtobufWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** What was written: valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const next = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    next.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = next
    this.#view = new DataView(next.buffer)
  }

  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest & 127) | 128
    this.#bytes[this.#length++] = rest
  }

  /** Begins a field. @param wire of WIRE */
  tag(field: number, wire: number): void {
    this.#varint((field << 3) | wire)
  }

  /** A whole number, 0 or more, up to 2^53. */
  varint(field: number, value: number): void {
    this.tag(field, 0)
    this.#varint(value)
  }

  /** A whole number of 64 bits; a negative one as its two's complement. */
  varint64(field: number, value: bigint): void {
    this.tag(field, 0)
    this.#reserve(10)
    let rest = BigInt.asUintN(64, value)
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128
    this.#bytes[this.#length++] = Number(rest)
  }

  fixed32(field: number, value: number): void {
    this.tag(field, 5)
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  fixed64(field: number, value: bigint): void {
    this.tag(field, 1)
    this.#reserve(8)
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true)
    this.#length += 8
  }

  double(field: number, value: number): void {
    this.tag(field, 1)
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  bytes(field: number, value: Uint8Array): void {
    this.tag(field, 2)
    this.#varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  string(field: number, value: string): void {
    const mark = this.open(field)
    this.#reserve(value.length * 3)
    this.#length += encoder.encodeInto(value, this.#bytes.subarray(this.#length)).written
    this.close(mark)
  }

  /** Begins a message within this one. @returns what `close` is to be given */
  open(field: number): number {
    this.tag(field, 2)
    this.#reserve(LENGTH_ROOM)
    this.#length += LENGTH_ROOM
    return this.#length
  }

  close(mark: number): void {
    const size = this.#length - mark
    let room = 1
    for (let rest = size; rest > 127; rest = Math.floor(rest / 128)) room += 1
    if (room !== LENGTH_ROOM) {
      this.#reserve(room)
      this.#bytes.copyWithin(mark - LENGTH_ROOM + room, mark, this.#length)
    }
    this.#length = mark - LENGTH_ROOM
    this.#varint(size)
    this.#length += size
  }
}
