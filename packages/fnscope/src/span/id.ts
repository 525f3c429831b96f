// Trace and span ids: raw big-endian bytes inside, hex only at the edges. X-Ray's `1-8hex-24hex` is the same 32 digits.

const HEX = /^[0-9a-f]+$/
const XRAY = /^1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})$/

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex of `bytes[offset, offset + length)`. */
export function formatHex(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  let text = ''
  for (let i = offset; i < offset + length; i++) text += DIGITS[bytes[i]!]!
  return text
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/** Bytes of `size` from exactly `2 * size` hex digits, any case; undefined when it is anything else. */
export function parseHex(text: string, size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  return writeHex(text, bytes) ? bytes : undefined
}

/** Fills `target[offset, offset + size)` from exactly `2 * size` hex digits; false when it is anything else. */
export function writeHex(text: string, target: Uint8Array, offset = 0, size = target.length - offset): boolean {
  if (text.length !== size * 2) return false
  for (let i = 0; i < size; i++) {
    const high = digit(text.charCodeAt(i * 2))
    const low = digit(text.charCodeAt(i * 2 + 1))
    if (high < 0 || low < 0) return false
    target[offset + i] = high * 16 + low
  }
  return true
}

/** 32 lower-case hex digits from X-Ray's `1-5759e988-bd862e3fe1be46a994272793` or from 32 digits; undefined otherwise. */
export function parseTraceId(text: string): string | undefined {
  const xray = XRAY.exec(text)
  if (xray) return (xray[1]! + xray[2]!).toLowerCase()
  const lower = text.toLowerCase()
  return lower.length === 32 && HEX.test(lower) ? lower : undefined
}

/** X-Ray's spelling of 32 hex digits. */
export function formatXrayTraceId(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
}

/** 16 lower-case hex digits, or undefined. */
export function parseSpanId(text: string): string | undefined {
  const lower = text.toLowerCase()
  return lower.length === 16 && HEX.test(lower) ? lower : undefined
}

export const NO_SPAN_ID = '0000000000000000'

const RANDOM = new Uint8Array(2048)
let randomUsed = RANDOM.length

/** Random bytes are asked for in bulk: a call costs the same for one id and for a hundred. */
function randomHex(size: number): string {
  if (randomUsed + size > RANDOM.length) {
    globalThis.crypto.getRandomValues(RANDOM)
    randomUsed = 0
  }
  const text = formatHex(RANDOM, randomUsed, size)
  randomUsed += size
  return text
}

/** A fresh span id: 16 hex digits, never all zero. */
export function newSpanId(): string {
  const id = randomHex(8)
  return id === NO_SPAN_ID ? newSpanId() : id
}

/** A fresh trace id in 32 hex digits whose first 8 are the epoch second, as X-Ray makes them. */
export function newTraceId(epochSeconds: number): string {
  return Math.floor(epochSeconds).toString(16).padStart(8, '0') + randomHex(12)
}
