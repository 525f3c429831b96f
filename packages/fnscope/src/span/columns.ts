// Growable columns: what a SpanBatch is made of. Bytes are laid down once, in the form the writer can copy whole.
// They know nothing of any store; each is append-only, and a reader sees `rows` of them.

const encoder = new TextEncoder()

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  let size = bytes.length * 2
  while (size < needed) size *= 2
  const next = new Uint8Array(size)
  next.set(bytes)
  return next
}

/** Values of one width: ids (8, 16), little-endian integers and floats (1, 2, 4, 8 bytes). */
export class FixedColumn {
  readonly width: number
  rows = 0
  #bytes: Uint8Array
  #view: DataView

  constructor(width: number, capacity = 16) {
    this.width = width
    this.#bytes = new Uint8Array(width * capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  // May replace #bytes and #view: a caller takes the position first, then touches them.
  #next(): number {
    const at = this.rows * this.width
    if (at + this.width > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, at + this.width)
      this.#view = new DataView(this.#bytes.buffer)
    }
    this.rows += 1
    return at
  }

  /** Copies `width` bytes as they stand on the wire. */
  pushBytes(source: Uint8Array, offset = 0): void {
    const at = this.#next()
    for (let i = 0; i < this.width; i++) this.#bytes[at + i] = source[offset + i]!
  }

  pushZero(): void {
    this.#next()
  }

  pushU8(value: number): void {
    const at = this.#next()
    this.#bytes[at] = value
  }

  pushBool(value: boolean): void {
    const at = this.#next()
    this.#bytes[at] = value ? 1 : 0
  }

  pushU16(value: number): void {
    const at = this.#next()
    this.#view.setUint16(at, value, true)
  }

  pushU32(value: number): void {
    const at = this.#next()
    this.#view.setUint32(at, value, true)
  }

  /** A signed or unsigned 64-bit integer; nanoseconds are always this. */
  pushI64(value: bigint): void {
    const at = this.#next()
    this.#view.setBigInt64(at, value, true)
  }

  pushF64(value: number): void {
    const at = this.#next()
    this.#view.setFloat64(at, value, true)
  }

  i64(row: number): bigint {
    return this.#view.getBigInt64(row * this.width, true)
  }

  /** The filled bytes: a view, not a copy. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.rows * this.width)
  }
}

/** Strings as UTF-8, each behind its length as an unsigned LEB128 number. */
export class TextColumn {
  rows = 0
  #bytes = new Uint8Array(256)
  #length = 0

  push(value: string): void {
    const most = value.length * 3
    if (this.#length + most + 5 > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length + most + 5)
    if (most < 128) {
      const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#length + 1))
      this.#bytes[this.#length] = written
      this.#length += 1 + written
    } else {
      const utf8 = encoder.encode(value)
      this.#pushLength(utf8.length)
      this.#bytes.set(utf8, this.#length)
      this.#length += utf8.length
    }
    this.rows += 1
  }

  /** UTF-8 as it stands on the wire, from `start` to `end`. */
  pushBytes(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start
    if (this.#length + size + 5 > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#length + size + 5)
    this.#pushLength(size)
    this.#bytes.set(source.subarray(start, end), this.#length)
    this.#length += size
    this.rows += 1
  }

  #pushLength(size: number): void {
    let rest = size
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Strings of few distinct values: a dictionary and an index a row. Index 0 is always the empty string. */
export class DictionaryColumn {
  readonly words: string[] = ['']
  readonly #index = new Map<string, number>([['', 0]])
  readonly #indexes = new FixedColumn(4)

  get rows(): number {
    return this.#indexes.rows
  }

  push(value: string): void {
    let index = this.#index.get(value)
    if (index === undefined) {
      index = this.words.length
      this.words.push(value)
      this.#index.set(value, index)
    }
    this.#indexes.pushU32(index)
  }

  /** One little-endian 4-byte index a row. */
  indexBytes(): Uint8Array {
    return this.#indexes.bytes()
  }
}

export type ScalarColumn = FixedColumn | TextColumn | DictionaryColumn

/** A map a row: `ends` holds the running count of entries after each row. */
export class MapColumn<Values extends ScalarColumn = TextColumn> {
  readonly ends = new FixedColumn(8)
  readonly keys = new DictionaryColumn()
  readonly values: Values

  constructor(values: Values) {
    this.values = values
  }

  get rows(): number {
    return this.ends.rows
  }

  /** Closes the row: entries pushed to `keys` and `values` since the last call belong to it. */
  endRow(): void {
    this.ends.pushI64(BigInt(this.keys.rows))
  }
}

/** A list a row, as `MapColumn` has maps. */
export class ListColumn<Items extends ScalarColumn> {
  readonly ends = new FixedColumn(8)
  readonly items: Items

  constructor(items: Items) {
    this.items = items
  }

  get rows(): number {
    return this.ends.rows
  }

  endRow(): void {
    this.ends.pushI64(BigInt(this.items.rows))
  }
}
