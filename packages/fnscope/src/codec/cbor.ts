// CBOR (RFC 8949) as AWS's Smithy RPC v2 uses it: maps with text keys, lists, texts, bytes, numbers, booleans, null, and
// tag 1 for times. Anything else is refused. Not a general CBOR library: no streams, no other tags.
import { setOwn } from './json.ts'

/** The bytes are no such CBOR. */
export class CborError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CborError'
  }
}

/** Deeper than any request of AWS's, and far from the end of the stack. */
const MAX_DEPTH = 64
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6, simple: 7 } as const
const INDEFINITE = 31
const BREAK = 0xff
const EPOCH_TAG = 1
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The one value in the bytes. Integers beyond 2^53 are bigint; a time (tag 1) is its epoch seconds; undefined is null.
 * @throws CborError
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new CborReader(bytes)
  const value = reader.read(0)
  if (!reader.atEnd) throw new CborError('there are bytes after the value')
  return value
}

class CborReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    // Of a Buffer, slice() would be a view of memory that is used again.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  read(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new CborError(`nested deeper than ${MAX_DEPTH}`)
    const head = this.#byte()
    const major = head >> 5
    const low = head & 31
    switch (major) {
      case MAJOR.unsigned:
        return safe(this.#argument(low))
      case MAJOR.negative:
        return safe(-1n - BigInt(this.#argument(low)))
      case MAJOR.bytes:
        return this.#whole(low, MAJOR.bytes)
      case MAJOR.text:
        return this.#text(low)
      case MAJOR.list:
        return this.#list(low, depth)
      case MAJOR.map:
        return this.#map(low, depth)
      case MAJOR.tag:
        return this.#tagged(low, depth)
      default:
        return this.#simple(low)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new CborError('ends in the middle of a value')
    this.#at += 1
    return byte
  }

  #take(size: number): number {
    if (size > this.#bytes.length - this.#at) throw new CborError('ends in the middle of a value')
    const from = this.#at
    this.#at += size
    return from
  }

  #argument(low: number): number | bigint {
    if (low < 24) return low
    if (low === 24) return this.#byte()
    if (low === 25) return this.#view.getUint16(this.#take(2))
    if (low === 26) return this.#view.getUint32(this.#take(4))
    if (low === 27) return this.#view.getBigUint64(this.#take(8))
    throw new CborError('a length that is none')
  }

  // An entry takes a byte at least: a length beyond what is left is a lie, told before memory is taken for it.
  #length(low: number): number {
    const length = Number(this.#argument(low))
    if (length > this.#bytes.length - this.#at) throw new CborError('ends in the middle of a value')
    return length
  }

  #atBreak(): boolean {
    if (this.#bytes[this.#at] !== BREAK) return false
    this.#at += 1
    return true
  }

  #whole(low: number, major: number): Uint8Array {
    if (low !== INDEFINITE) {
      const length = this.#length(low)
      const from = this.#take(length)
      return this.#bytes.slice(from, from + length)
    }
    const pieces: Uint8Array[] = []
    while (!this.#atBreak()) {
      const head = this.#byte()
      if (head >> 5 !== major || (head & 31) === INDEFINITE) throw new CborError('a piece of another type in a string')
      pieces.push(this.#whole(head & 31, major))
    }
    return Buffer.concat(pieces)
  }

  #text(low: number): string {
    const bytes = this.#whole(low, MAJOR.text)
    try {
      return UTF8.decode(bytes)
    } catch {
      throw new CborError('a text is no UTF-8')
    }
  }

  #list(low: number, depth: number): unknown[] {
    const list: unknown[] = []
    if (low === INDEFINITE) while (!this.#atBreak()) list.push(this.read(depth + 1))
    else for (let left = this.#length(low); left > 0; left--) list.push(this.read(depth + 1))
    return list
  }

  #map(low: number, depth: number): { readonly [key: string]: unknown } {
    const map: { [key: string]: unknown } = {}
    const entry = (): void => {
      const key = this.read(depth + 1)
      if (typeof key !== 'string') throw new CborError('a key that is no text')
      setOwn(map, key, this.read(depth + 1))
    }
    if (low === INDEFINITE) while (!this.#atBreak()) entry()
    else for (let left = this.#length(low); left > 0; left--) entry()
    return map
  }

  #tagged(low: number, depth: number): unknown {
    const tag = this.#argument(low)
    const value = this.read(depth + 1)
    if (tag === EPOCH_TAG && (typeof value === 'number' || typeof value === 'bigint')) return value
    throw new CborError(`tag ${tag} is not known here`)
  }

  #simple(low: number): unknown {
    if (low === 20 || low === 21) return low === 21
    if (low === 22 || low === 23) return null
    if (low === 25) return this.#view.getFloat16(this.#take(2))
    if (low === 26) return this.#view.getFloat32(this.#take(4))
    if (low === 27) return this.#view.getFloat64(this.#take(8))
    throw new CborError(`simple value ${low} is not known here`)
  }
}

function safe(value: number | bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Integers as such, other numbers as 64-bit floats, a Date as tag 1; undefined members are left out. */
export function encodeCbor(value: unknown): Buffer {
  const pieces: Uint8Array[] = []
  write(value, pieces)
  return Buffer.concat(pieces)
}

function write(value: unknown, pieces: Uint8Array[]): void {
  if (value === null || value === undefined) pieces.push(Buffer.of(0xf6))
  else if (typeof value === 'boolean') pieces.push(Buffer.of(value ? 0xf5 : 0xf4))
  else if (typeof value === 'number' && Number.isSafeInteger(value)) writeInteger(BigInt(value), pieces)
  else if (typeof value === 'bigint') writeInteger(value, pieces)
  else if (typeof value === 'number') writeDouble(value, pieces)
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    pieces.push(head(MAJOR.text, BigInt(bytes.length)), bytes)
  } else if (value instanceof Date) {
    pieces.push(head(MAJOR.tag, BigInt(EPOCH_TAG)))
    writeDouble(value.getTime() / 1000, pieces)
  } else if (value instanceof Uint8Array) pieces.push(head(MAJOR.bytes, BigInt(value.length)), value)
  else if (Array.isArray(value)) {
    pieces.push(head(MAJOR.list, BigInt(value.length)))
    for (const one of value) write(one, pieces)
  } else {
    const members = value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)] : Object.entries(value)
    const entries = members.filter(([, member]) => member !== undefined)
    pieces.push(head(MAJOR.map, BigInt(entries.length)))
    for (const [key, member] of entries) {
      write(key, pieces)
      write(member, pieces)
    }
  }
}

function writeInteger(value: bigint, pieces: Uint8Array[]): void {
  pieces.push(value < 0n ? head(MAJOR.negative, -1n - value) : head(MAJOR.unsigned, value))
}

function writeDouble(value: number, pieces: Uint8Array[]): void {
  const bytes = Buffer.alloc(9)
  bytes[0] = 0xfb
  bytes.writeDoubleBE(value, 1)
  pieces.push(bytes)
}

function head(major: number, argument: bigint): Buffer {
  const type = major << 5
  if (argument < 24n) return Buffer.of(type | Number(argument))
  if (argument < 0x100n) return Buffer.of(type | 24, Number(argument))
  const bytes = Buffer.alloc(argument < 0x10000n ? 3 : argument < 0x100000000n ? 5 : 9)
  bytes[0] = type | (bytes.length === 3 ? 25 : bytes.length === 5 ? 26 : 27)
  if (bytes.length === 3) bytes.writeUInt16BE(Number(argument), 1)
  else if (bytes.length === 5) bytes.writeUInt32BE(Number(argument), 1)
  else bytes.writeBigUInt64BE(argument, 1)
  return bytes
}
