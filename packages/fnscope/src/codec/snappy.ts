// Snappy's block format, read: what Prometheus' remote write compresses with. Not the framed format of files and streams.
// https://github.com/google/snappy/blob/main/format_description.txt
import { MalformedError } from './taken.ts'

const LITERAL = 0
const COPY_1 = 1
const COPY_2 = 2
/** The best that a copy of three bytes can do is 64: a block that promises more than this lies. */
const MAX_RATIO = 22

/**
 * The plain bytes, in memory of their own.
 * @param maxBytes of the plain bytes
 * @throws MalformedError when it is no block, or its plain bytes would be more
 */
export function decodeSnappy(block: Uint8Array, maxBytes: number): Uint8Array {
  const { size, at } = readSize(block)
  if (size > maxBytes)
    throw new MalformedError(`The body is ${size} bytes when inflated, at most ${maxBytes} are taken.`)
  if (size > block.length * MAX_RATIO) throw broken('a length that its bytes cannot hold', 0)
  const plain = new Uint8Array(size)
  const end = fill(plain, block, at)
  if (end !== size) throw broken(`${end} plain bytes where ${size} were announced`, block.length)
  return plain
}

function readSize(block: Uint8Array): { readonly size: number; readonly at: number } {
  let size = 0
  for (let at = 0; at < 5; at++) {
    const byte = block[at]
    if (byte === undefined) throw broken('no length', at)
    size += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) return { size, at: at + 1 }
  }
  throw broken('a length of more than 32 bits', 0)
}

/** Carries out all elements of the block from `start` on. @returns how many bytes of `plain` they made */
function fill(plain: Uint8Array, block: Uint8Array, start: number): number {
  let from = start
  let to = 0
  while (from < block.length) {
    const tag = block[from]!
    const kind = tag & 3
    let size = tag >>> 2
    if (kind === LITERAL) {
      const extra = size < 60 ? 0 : size - 59
      if (extra > 0) size = littleEndian(block, from + 1, extra)
      from += 1 + extra
      size += 1
      if (from + size > block.length) throw broken('a literal beyond the end', from)
      if (to + size > plain.length) throw broken('more plain bytes than announced', from)
      if (size < SHORT) for (let i = 0; i < size; i++) plain[to + i] = block[from + i]!
      else plain.set(block.subarray(from, from + size), to)
      from += size
    } else {
      const width = kind === COPY_1 ? 1 : kind === COPY_2 ? 2 : 4
      let offset = littleEndian(block, from + 1, width)
      if (kind === COPY_1) {
        offset += (tag >>> 5) << 8
        size = (size & 7) + 4
      } else size += 1
      from += 1 + width
      if (offset === 0 || offset > to) throw broken('a copy from before the beginning', from)
      if (to + size > plain.length) throw broken('more plain bytes than announced', from)
      // Byte by byte: a copy may read what it writes.
      for (let i = 0; i < size; i++) plain[to + i] = plain[to + i - offset]!
    }
    to += size
  }
  return to
}

/** Below it a loop is done before a call has begun. */
const SHORT = 32

function littleEndian(block: Uint8Array, at: number, width: number): number {
  if (at + width > block.length) throw broken('an element that ends within', at)
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + block[at + i]!
  return value
}

function broken(what: string, at: number): MalformedError {
  return new MalformedError(`The body is no snappy block: ${what} at byte ${at}.`)
}
