// Text that is put together from wire bytes, as bytes: attribute JSON (span/attribute-value.ts says how it looks),
// numbers, URLs. Strings of the wire need not be UTF-8 though they should: what is not is replaced by U+FFFD here.
import { isUtf8 } from 'node:buffer'
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import type { TextColumn } from '../span/text-column.ts'

const FIRST_BYTES = 4096
/** A writer that grew further for one large value does not stay so. */
const KEPT_BYTES = 1024 * 1024
const QUOTE = 34
const BACKSLASH = 92
const DIGITS = '0123456789abcdef'
const TWO_32 = 2 ** 32

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

const ESCAPES = Array.from({ length: 32 }, (_, code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1))

export function bytesOf(source: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(source.buffer, source.byteOffset + start, end - start)
}

/** Bytes as a JS string, U+FFFD in place of what is not UTF-8. */
export function stringOf(source: DataView, start: number, end: number): string {
  return decoder.decode(bytesOf(source, start, end))
}

/** Appends a string of the wire as a row. */
export function pushText(column: TextColumn, source: DataView, start: number, end: number): void {
  if (start === end) column.pushEmpty()
  else if (!column.pushAscii(source, start, end)) pushUnicode(column, source, start, end)
}

function pushUnicode(column: TextColumn, source: DataView, start: number, end: number): void {
  const bytes = bytesOf(source, start, end)
  if (isUtf8(bytes)) column.pushBytes(bytes)
  else column.push(decoder.decode(bytes))
}

/** The index of a string of the wire. */
export function indexOfText(column: DictionaryColumn, source: DataView, start: number, end: number): number {
  const known = column.findWire(source, start, end)
  if (known !== -1) return known
  const bytes = bytesOf(source, start, end)
  return isUtf8(bytes) ? column.indexOfWire(source, start, end) : column.indexOf(decoder.decode(bytes))
}

/** Decimal digits of a signed 64-bit integer in two halves, of either sign. */
export function integerText(low: number, high: number): string {
  const value = (high | 0) * TWO_32 + (low >>> 0)
  return Number.isSafeInteger(value) ? String(value) : String((BigInt(high | 0) << 32n) | BigInt(low >>> 0))
}

/** As attributeText spells it, and a negative zero as such. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

export class TextWriter {
  bytes = new Uint8Array(FIRST_BYTES)
  view = new DataView(this.bytes.buffer)
  length = 0

  clear(): void {
    this.length = 0
    if (this.bytes.length > KEPT_BYTES) this.#resize(FIRST_BYTES)
  }

  #resize(size: number): void {
    const next = new Uint8Array(size)
    next.set(this.bytes.subarray(0, this.length))
    this.bytes = next
    this.view = new DataView(next.buffer)
  }

  #reserve(size: number): void {
    const needed = this.length + size
    if (needed > this.bytes.length) this.#resize(Math.max(needed, this.bytes.length * 2))
  }

  /** One byte of ASCII. */
  byte(code: number): void {
    if (this.length === this.bytes.length) this.#reserve(1)
    this.bytes[this.length++] = code
  }

  /** One byte more at `at`. */
  insert(at: number, code: number): void {
    this.#reserve(1)
    this.bytes.copyWithin(at + 1, at, this.length)
    this.bytes[at] = code
    this.length += 1
  }

  text(value: string): void {
    this.#reserve(value.length * 3)
    this.length += encoder.encodeInto(value, this.bytes.subarray(this.length)).written
  }

  /** ASCII alone. */
  ascii(value: string): void {
    this.#reserve(value.length)
    for (let i = 0; i < value.length; i++) this.bytes[this.length++] = value.charCodeAt(i)
  }

  /** Bytes of the wire as they stand. */
  copy(source: DataView, start: number, end: number): void {
    this.#reserve(end - start)
    let to = this.length
    let at = start
    for (; at + 4 <= end; at += 4, to += 4) this.view.setInt32(to, source.getInt32(at))
    for (; at < end; at++) this.bytes[to++] = source.getUint8(at)
    this.length = to
  }

  /** A string of the wire as a JSON string. */
  quoted(source: DataView, start: number, end: number): void {
    const before = this.length
    this.#reserve(end - start + 2)
    this.bytes[this.length++] = QUOTE
    let all = 0
    for (let at = start; at < end; at++) {
      const byte = source.getUint8(at)
      all |= byte
      if (byte < 32) {
        this.ascii(ESCAPES[byte]!)
        this.#reserve(end - at + 2)
      } else {
        if (byte === QUOTE || byte === BACKSLASH) {
          this.bytes[this.length++] = BACKSLASH
          this.#reserve(end - at + 2)
        }
        this.bytes[this.length++] = byte
      }
    }
    this.byte(QUOTE)
    if (all > 127 && !isUtf8(bytesOf(source, start, end))) {
      this.length = before
      this.text(JSON.stringify(stringOf(source, start, end)))
    }
  }

  integer(low: number, high: number): void {
    this.ascii(integerText(low, high))
  }

  unsigned(low: number, high: number): void {
    if (high >= 0) this.integer(low, high)
    else this.ascii(String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)))
  }

  double(value: number): void {
    if (!Number.isFinite(value)) this.ascii(`{"$double":"${String(value)}"}`)
    else {
      const text = doubleText(value)
      this.ascii(/[.e]/.test(text) ? text : `${text}.0`)
    }
  }

  hex(source: DataView, start: number, end: number): void {
    this.#reserve((end - start) * 2)
    for (let at = start; at < end; at++) {
      const byte = source.getUint8(at)
      this.bytes[this.length++] = DIGITS.charCodeAt(byte >>> 4)
      this.bytes[this.length++] = DIGITS.charCodeAt(byte & 15)
    }
  }

  toString(): string {
    return decoder.decode(this.bytes.subarray(0, this.length))
  }

  base64(source: DataView, start: number, end: number): void {
    this.ascii(base64Of(source, start, end))
  }
}

export function base64Of(source: DataView, start: number, end: number): string {
  return Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('base64')
}
