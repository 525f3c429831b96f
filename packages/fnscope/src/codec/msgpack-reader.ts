// MessagePack, read in place: no objects, no strings. Knows no message; whoever does asks item by item. A count or a
// length is believed only as far as the body has bytes for it.
// https://github.com/msgpack/msgpack/blob/master/spec.md

/** The bytes are no MessagePack, or not of the kind that was asked for. */
export class MsgpackError extends Error {
  /** Of the body. */
  readonly offset: number

  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`)
    this.name = 'MsgpackError'
    this.offset = offset
  }
}

const NOTHING = new Uint8Array(0)
const NO_VIEW: DataView = new DataView(NOTHING.buffer)
const TWO_32 = 2 ** 32
const NIL = 0xc0

/** A place in a body. Each method reads one item, or its head, and stands behind it. */
export class MsgpackReader {
  bytes: Uint8Array = NOTHING
  view: DataView = NO_VIEW
  at = 0
  /** Of the text that was read last. */
  start = 0
  end = 0
  /** Of the number that was read last: an integer's signed halves. */
  low = 0
  high = 0
  /** Whether it was a float, which is then in `real`. */
  isReal = false
  real = 0

  /** Begins at the start of `body`, which must not change while it is read. */
  open(body: Uint8Array): void {
    this.bytes = body
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.at = 0
  }

  /** Lets go of the body. */
  close(): void {
    this.bytes = NOTHING
    this.view = NO_VIEW
  }

  /** How many pairs follow; 0 of nil. */
  map(): number {
    const { at } = this
    const head = this.bytes[at]
    if (head !== undefined && (head & 0xf0) === 0x80) return this.#counted(head & 15, 1, 2)
    if (head === 0xde) return this.#counted(this.#u16(at + 1), 3, 2)
    if (head === 0xdf) return this.#counted(this.#u32(at + 1), 5, 2)
    if (head === NIL) return this.#counted(0, 1, 1)
    throw this.#unexpected('a map')
  }

  /** How many items follow; 0 of nil. */
  array(): number {
    const { at } = this
    const head = this.bytes[at]
    if (head !== undefined && (head & 0xf0) === 0x90) return this.#counted(head & 15, 1, 1)
    if (head === 0xdc) return this.#counted(this.#u16(at + 1), 3, 1)
    if (head === 0xdd) return this.#counted(this.#u32(at + 1), 5, 1)
    if (head === NIL) return this.#counted(0, 1, 1)
    throw this.#unexpected('an array')
  }

  /** Whether the next item is a text or bytes. */
  get isText(): boolean {
    const head = this.bytes[this.at] ?? NIL
    return (head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb) || (head >= 0xc4 && head <= 0xc6)
  }

  get isMap(): boolean {
    const head = this.bytes[this.at] ?? NIL
    return (head & 0xf0) === 0x80 || head === 0xde || head === 0xdf
  }

  get isArray(): boolean {
    const head = this.bytes[this.at] ?? NIL
    return (head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd
  }

  /** A text or bytes: `start` and `end`, which are equal of nil. */
  text(): void {
    const { at } = this
    const head = this.bytes[at]
    if (head !== undefined && (head & 0xe0) === 0xa0) this.#range(at + 1, head & 31)
    else this.#longText(at, head)
  }

  #longText(at: number, head: number | undefined): void {
    switch (head) {
      case 0xd9:
      case 0xc4:
        this.#range(at + 2, this.#u8(at + 1))
        break
      case 0xda:
      case 0xc5:
        this.#range(at + 3, this.#u16(at + 1))
        break
      case 0xdb:
      case 0xc6:
        this.#range(at + 5, this.#u32(at + 1))
        break
      case NIL:
        this.#range(at + 1, 0)
        break
      default:
        throw this.#unexpected('a string')
    }
  }

  #range(start: number, size: number): void {
    const end = start + size
    if (end > this.bytes.length) throw this.#cutOff()
    this.start = start
    this.end = end
    this.at = end
  }

  /** A whole number of any width: `low` and `high`. Of a float what is whole of it; 0 of nil. */
  integer(): void {
    this.number()
    if (!this.isReal) return
    const whole = Math.trunc(this.real)
    const kept = Number.isFinite(whole) ? whole : 0
    this.low = (kept % TWO_32) | 0
    this.high = Math.floor(kept / TWO_32) | 0
  }

  /** A number of any kind; a boolean counts as 0 or 1, nil as 0. */
  number(): void {
    const { at, bytes } = this
    const head = bytes[at]
    this.isReal = false
    if (head !== undefined && head < 0x80) {
      this.low = head
      this.high = 0
      this.at = at + 1
      return
    }
    switch (head) {
      case 0xcb:
        this.#need(at, 9)
        this.#float(this.view.getFloat64(at + 1), at + 9)
        break
      case 0xcf:
      case 0xd3:
        this.#need(at, 9)
        this.#whole(this.view.getInt32(at + 5), this.view.getInt32(at + 1), at + 9)
        break
      case 0xca:
        this.#need(at, 5)
        this.#float(this.view.getFloat32(at + 1), at + 5)
        break
      default:
        this.#shortNumber(at, head)
    }
  }

  #shortNumber(at: number, head: number | undefined): void {
    switch (head) {
      case 0xcc:
        this.#whole(this.#u8(at + 1), 0, at + 2)
        break
      case 0xcd:
        this.#whole(this.#u16(at + 1), 0, at + 3)
        break
      case 0xce:
        this.#whole(this.#u32(at + 1) | 0, 0, at + 5)
        break
      case 0xd0:
        this.#signed((this.#u8(at + 1) << 24) >> 24, at + 2)
        break
      case 0xd1:
        this.#signed((this.#u16(at + 1) << 16) >> 16, at + 3)
        break
      case 0xd2:
        this.#signed(this.#u32(at + 1) | 0, at + 5)
        break
      case 0xc2:
      case NIL:
        this.#whole(0, 0, at + 1)
        break
      case 0xc3:
        this.#whole(1, 0, at + 1)
        break
      default:
        if (head === undefined || head < 0xe0) throw this.#unexpected('a number')
        this.#signed(head - 256, at + 1)
    }
  }

  #float(value: number, next: number): void {
    this.isReal = true
    this.real = value
    this.at = next
  }

  #whole(low: number, high: number, next: number): void {
    this.low = low
    this.high = high
    this.at = next
  }

  #signed(value: number, next: number): void {
    this.#whole(value, value < 0 ? -1 : 0, next)
  }

  /** true, or a number that is not 0. */
  boolean(): boolean {
    this.number()
    return this.isReal ? this.real !== 0 : (this.low | this.high) !== 0
  }

  /** Whether the next item is nil, which is then behind. */
  nil(): boolean {
    if (this.bytes[this.at] !== NIL) return false
    this.at += 1
    return true
  }

  /** Passes over one item, whatever it is and however deep. @param onText is told of every string in it, in order */
  skip(onText?: (start: number, end: number) => void): void {
    const { bytes } = this
    // Each item takes a byte at least: the loop ends with the body.
    for (let left = 1; left > 0; left--) {
      const { at } = this
      const head = bytes[at]
      if (head === undefined) throw this.#cutOff()
      if (head < 0x80 || head >= 0xe0) this.at = at + 1
      else if (this.isText) {
        this.text()
        // Bytes are none.
        if (head < 0xc4 || head > 0xc6) onText?.(this.start, this.end)
      } else if (this.isMap) left += this.map() * 2
      else if (this.isArray) left += this.array()
      else this.#skipFixed(at, head)
    }
  }

  #skipFixed(at: number, head: number): void {
    const size = FIXED_SIZES.get(head) ?? this.#extensionSize(at, head)
    this.#need(at, size)
    this.at = at + size
  }

  #extensionSize(at: number, head: number): number {
    if (head === 0xc7) return 3 + this.#u8(at + 1)
    if (head === 0xc8) return 4 + this.#u16(at + 1)
    if (head === 0xc9) return 6 + this.#u32(at + 1)
    throw new MsgpackError(`byte 0x${head.toString(16)}, which begins nothing,`, at)
  }

  /** Behind a head of `headSize` bytes; `least` bytes make an item or pair. */
  #counted(count: number, headSize: number, least: number): number {
    this.at += headSize
    if (count * least > this.bytes.length - this.at) throw this.#cutOff()
    return count
  }

  #need(at: number, size: number): void {
    if (at + size > this.bytes.length) throw this.#cutOff()
  }

  #u8(at: number): number {
    this.#need(at, 1)
    return this.bytes[at]!
  }

  #u16(at: number): number {
    this.#need(at, 2)
    return this.view.getUint16(at)
  }

  #u32(at: number): number {
    this.#need(at, 4)
    return this.view.getUint32(at)
  }

  #cutOff(): MsgpackError {
    return new MsgpackError('unexpected-eof: the body ends inside an item', this.bytes.length)
  }

  #unexpected(wanted: string): MsgpackError {
    const head = this.bytes[this.at]
    if (head === undefined) return this.#cutOff()
    return new MsgpackError(`not ${wanted} (0x${head.toString(16).padStart(2, '0')})`, this.at)
  }
}

/** Whole sizes, the head's byte included, of what is neither text nor a collection. */
const FIXED_SIZES: ReadonlyMap<number, number> = new Map([
  [0xc0, 1],
  [0xc2, 1],
  [0xc3, 1],
  [0xca, 5],
  [0xcb, 9],
  [0xcc, 2],
  [0xcd, 3],
  [0xce, 5],
  [0xcf, 9],
  [0xd0, 2],
  [0xd1, 3],
  [0xd2, 5],
  [0xd3, 9],
  [0xd4, 3],
  [0xd5, 4],
  [0xd6, 6],
  [0xd7, 10],
  [0xd8, 18],
])
