// An answer in ClickHouse's Native format as columns over its bytes: the other way of native.ts. Nothing is decoded until
// a row is asked for; words of LowCardinality columns once per block.
import { formatHex } from '../span/id.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Values of one width. */
export class FixedValues {
  readonly width: number
  /** All rows; begins where the column begins, at any alignment. */
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(width: number, bytes: Uint8Array) {
    this.width = width
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(row: number): number {
    return this.bytes[row]!
  }
  u16(row: number): number {
    return this.#view.getUint16(row * 2, true)
  }
  u32(row: number): number {
    return this.#view.getUint32(row * 4, true)
  }
  i64(row: number): bigint {
    return this.#view.getBigInt64(row * 8, true)
  }
  /** Exact below 2^53. */
  u64Number(row: number): number {
    return this.#view.getUint32(row * 8, true) + this.#view.getUint32(row * 8 + 4, true) * 2 ** 32
  }
  f64(row: number): number {
    return this.#view.getFloat64(row * 8, true)
  }
  hex(row: number): string {
    return formatHex(this.bytes, row * this.width, this.width)
  }
}

/** Strings of any kind. */
export class TextValues {
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array
  readonly #ends: Uint32Array

  constructor(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array) {
    this.#bytes = bytes
    this.#starts = starts
    this.#ends = ends
  }

  text(row: number): string {
    const start = this.#starts[row]!
    const end = this.#ends[row]!
    return start === end ? '' : decoder.decode(this.#bytes.subarray(start, end))
  }
}

/** LowCardinality: each row is one of `words`. */
export class WordValues {
  readonly words: readonly string[]
  readonly indexes: Uint8Array | Uint16Array | Uint32Array

  constructor(words: readonly string[], indexes: Uint8Array | Uint16Array | Uint32Array) {
    this.words = words
    this.indexes = indexes
  }

  text(row: number): string {
    return this.words[this.indexes[row]!]!
  }
}

/** Maps and arrays: a row's entries are [ends[row - 1], ends[row]) of what they hold. */
export class NestedValues {
  readonly ends: FixedValues
  /** Map: keys and values; array: the items. */
  readonly parts: readonly NativeValues[]

  constructor(ends: FixedValues, parts: readonly NativeValues[]) {
    this.ends = ends
    this.parts = parts
  }

  range(row: number): readonly [from: number, to: number] {
    return [row === 0 ? 0 : this.ends.u64Number(row - 1), this.ends.u64Number(row)]
  }
}

export type NativeValues = FixedValues | TextValues | WordValues | NestedValues

export interface NativeBlock {
  readonly rows: number
  readonly columns: ReadonlyMap<string, NativeValues>
}

const WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  UInt8: 1,
  Int8: 1,
  UInt16: 2,
  Int16: 2,
  Date: 2,
  UInt32: 4,
  Int32: 4,
  DateTime: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
}

class Source {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  take(size: number): Uint8Array {
    const from = this.at
    this.at += size
    if (this.at > this.bytes.length) throw new RangeError(`Native answer ends inside a column, at ${this.bytes.length}`)
    return this.bytes.subarray(from, this.at)
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  text(): string {
    return decoder.decode(this.take(this.varint()))
  }

  u64(): bigint {
    const bytes = this.take(8)
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  }

  skipTexts(rows: number): void {
    for (let row = 0; row < rows; row++) {
      const size = this.varint()
      this.at += size
    }
    if (this.at > this.bytes.length) throw new RangeError(`Native answer ends inside a text, at ${this.bytes.length}`)
  }

  texts(rows: number): TextValues {
    const starts = new Uint32Array(rows)
    const ends = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) {
      const size = this.varint()
      starts[row] = this.at
      this.at += size
      ends[row] = this.at
    }
    if (this.at > this.bytes.length) throw new RangeError(`Native answer ends inside a text, at ${this.bytes.length}`)
    return new TextValues(this.bytes, starts, ends)
  }
}

/** `Map(K, V)` and `Array(T)` apart; undefined for a type that holds no others. */
function innerTypes(type: string): readonly string[] | undefined {
  const inner = /^(?:Map|Array)\((.*)\)$/.exec(type)?.[1]
  if (inner === undefined) return undefined
  if (type.startsWith('Array')) return [inner]
  let depth = 0
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === '(') depth += 1
    else if (inner[i] === ')') depth -= 1
    else if (inner[i] === ',' && depth === 0) return [inner.slice(0, i), inner.slice(i + 1).trim()]
  }
  throw new TypeError(`no type: ${type}`)
}

/** `SimpleAggregateFunction(min, Int64)` is stored as its type. */
function plainType(type: string): string {
  return /^SimpleAggregateFunction\(\w+, (.*)\)$/.exec(type)?.[1] ?? type
}

function skipPrefix(source: Source, type: string): void {
  if (type.startsWith('LowCardinality(')) source.take(8)
  else for (const inner of innerTypes(type) ?? []) skipPrefix(source, inner)
}

/** Bytes of a value; undefined where they differ. */
function widthOf(type: string): number | undefined {
  const width = WIDTHS[type] ?? Number(/^FixedString\((\d+)\)$/.exec(type)?.[1])
  return width > 0 ? width : undefined
}

function readValues(source: Source, type: string, rows: number): NativeValues {
  const inner = innerTypes(type)
  if (inner) {
    const ends = new FixedValues(8, source.take(rows * 8))
    const total = rows === 0 ? 0 : ends.u64Number(rows - 1)
    return new NestedValues(
      ends,
      inner.map((each) => readValues(source, each, total)),
    )
  }
  if (type === 'String') return source.texts(rows)
  if (type.startsWith('LowCardinality(')) return readWords(source, rows)
  const width = widthOf(type)
  if (width === undefined) throw new TypeError(`no reader for ${type}`)
  return new FixedValues(width, source.take(rows * width))
}

function readWords(source: Source, rows: number): WordValues {
  if (rows === 0) return new WordValues([], new Uint8Array(0))
  const width = 1 << Number(source.u64() & 255n)
  const count = Number(source.u64())
  const texts = source.texts(count)
  const words = Array.from({ length: count }, (_, index) => texts.text(index))
  const indexed = Number(source.u64())
  // A copy: typed arrays of more than a byte want their own alignment. (A Buffer's slice() would be none.)
  const bytes = width === 1 ? source.take(indexed) : new Uint8Array(source.take(indexed * width))
  if (width === 1) return new WordValues(words, bytes)
  return new WordValues(words, width === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer))
}

/** The first block at `from`, and where the next begins. @throws RangeError when it is not whole */
export function readNativeBlock(bytes: Uint8Array, from = 0): { readonly block: NativeBlock; readonly next: number } {
  const source = new Source(bytes)
  source.at = from
  const width = source.varint()
  const rows = source.varint()
  const columns = new Map<string, NativeValues>()
  for (let i = 0; i < width; i++) {
    const name = source.text()
    const type = plainType(source.text())
    if (rows > 0) skipPrefix(source, type)
    columns.set(name, readValues(source, type, rows))
  }
  return { block: { rows, columns }, next: source.at }
}

/** These columns of a block. Others are stepped over, and nothing behind the last of them is looked at. */
export function readColumns(bytes: Uint8Array, names: ReadonlySet<string>): NativeBlock {
  const source = new Source(bytes)
  const width = source.varint()
  const rows = source.varint()
  const columns = new Map<string, NativeValues>()
  for (let i = 0; i < width && columns.size < names.size; i++) {
    const name = source.text()
    const type = plainType(source.text())
    if (rows > 0) skipPrefix(source, type)
    if (names.has(name)) columns.set(name, readValues(source, type, rows))
    else skipValues(source, type, rows)
  }
  return { rows, columns }
}

function skipValues(source: Source, type: string, rows: number): void {
  if (type === 'String') source.skipTexts(rows)
  else if (type.startsWith('LowCardinality(')) skipWords(source, rows)
  else readValues(source, type, rows)
}

function skipWords(source: Source, rows: number): void {
  if (rows === 0) return
  const width = 1 << Number(source.u64() & 255n)
  source.skipTexts(Number(source.u64()))
  source.take(Number(source.u64()) * width)
}

/** All blocks of a whole answer. @throws RangeError when it is cut short, TypeError for a type that nobody asks for */
export function readNative(bytes: Uint8Array): NativeBlock[] {
  const blocks: NativeBlock[] = []
  for (let at = 0; at < bytes.length;) {
    const { block, next } = readNativeBlock(bytes, at)
    at = next
    if (block.rows > 0) blocks.push(block)
  }
  return blocks
}

/** Columns by name; the caller knows what it asked for. @throws TypeError when it is of another class */
export function fixedColumn(block: NativeBlock, name: string): FixedValues {
  return columnOf(block, name, FixedValues)
}
export function textColumn(block: NativeBlock, name: string): TextValues {
  return columnOf(block, name, TextValues)
}
export function wordColumn(block: NativeBlock, name: string): WordValues {
  return columnOf(block, name, WordValues)
}
export function nestedColumn(block: NativeBlock, name: string): NestedValues {
  return columnOf(block, name, NestedValues)
}

function columnOf<Values extends NativeValues>(
  block: NativeBlock,
  name: string,
  kind: new (...parts: never[]) => Values,
): Values {
  const values = block.columns.get(name)
  if (!(values instanceof kind)) throw new TypeError(`the answer has no ${kind.name} named ${name}`)
  return values
}
