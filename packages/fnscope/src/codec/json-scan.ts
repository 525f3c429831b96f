// Walks over JSON in bytes without making anything of it. Only what needs no thought: ASCII without escapes, not very
// deep. Whatever else it meets, also what is no JSON, is answered with -1: then JSON.parse has to look at it.

const SPACE = 32
const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const MAX_DEPTH = 64

/** The first byte from `at` on that is no blank. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let to = at
  for (;;) {
    const byte = bytes[to]!
    if (byte !== SPACE && byte !== 10 && byte !== 13 && byte !== 9) return to
    to += 1
  }
}

/** From the opening quote behind the closing one. */
export function skipText(bytes: Uint8Array, at: number): number {
  for (let to = at + 1; ; to++) {
    const byte = bytes[to]!
    if (byte === QUOTE) return to + 1
    // Past the end it is undefined, and no comparison with that is true.
    if (!(byte >= SPACE && byte < 128) || byte === BACKSLASH) return -1
  }
}

/** Behind the colon and the blanks that follow a member's key. */
export function skipColon(bytes: Uint8Array, at: number): number {
  const to = skipSpace(bytes, at)
  return bytes[to] === COLON ? skipSpace(bytes, to + 1) : -1
}

/** From the first byte of a value behind its last. */
export function skipValue(bytes: Uint8Array, at: number, depth = 0): number {
  const first = bytes[at]!
  if (first === QUOTE) return skipText(bytes, at)
  if (first === OPEN_BRACE) return depth < MAX_DEPTH ? skipObject(bytes, at, depth + 1) : -1
  if (first === OPEN_BRACKET) return depth < MAX_DEPTH ? skipArray(bytes, at, depth + 1) : -1
  if (first === MINUS || (first >= ZERO && first <= NINE)) return skipNumber(bytes, at)
  return skipWord(bytes, at)
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
  let to = skipSpace(bytes, at + 1)
  if (bytes[to] === CLOSE_BRACE) return to + 1
  for (;;) {
    if (bytes[to] !== QUOTE) return -1
    to = skipText(bytes, to)
    if (to === -1) return -1
    to = skipColon(bytes, to)
    if (to === -1) return -1
    to = skipValue(bytes, to, depth)
    if (to === -1) return -1
    to = skipSpace(bytes, to)
    if (bytes[to] === CLOSE_BRACE) return to + 1
    if (bytes[to] !== COMMA) return -1
    to = skipSpace(bytes, to + 1)
  }
}

function skipArray(bytes: Uint8Array, at: number, depth: number): number {
  let to = skipSpace(bytes, at + 1)
  if (bytes[to] === CLOSE_BRACKET) return to + 1
  for (;;) {
    to = skipValue(bytes, to, depth)
    if (to === -1) return -1
    to = skipSpace(bytes, to)
    if (bytes[to] === CLOSE_BRACKET) return to + 1
    if (bytes[to] !== COMMA) return -1
    to = skipSpace(bytes, to + 1)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let to = at
  while (isDigit(bytes[to])) to += 1
  return to
}

function skipNumber(bytes: Uint8Array, at: number): number {
  let to = bytes[at] === MINUS ? at + 1 : at
  if (!isDigit(bytes[to])) return -1
  to = bytes[to] === ZERO ? to + 1 : skipDigits(bytes, to)
  if (bytes[to] === POINT) {
    if (!isDigit(bytes[to + 1])) return -1
    to = skipDigits(bytes, to + 1)
  }
  // Rare enough for JSON.parse: an exponent.
  return bytes[to] === 101 || bytes[to] === 69 ? -1 : to
}

function skipWord(bytes: Uint8Array, at: number): number {
  if (isTrue(bytes, at)) return at + 4
  if (isNull(bytes, at)) return at + 4
  const isFalse =
    bytes[at] === 102 && bytes[at + 1] === 97 && bytes[at + 2] === 108 && bytes[at + 3] === 115 && bytes[at + 4] === 101
  return isFalse ? at + 5 : -1
}

export function isTrue(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 116 && bytes[at + 1] === 114 && bytes[at + 2] === 117 && bytes[at + 3] === 101
}

export function isNull(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 110 && bytes[at + 1] === 117 && bytes[at + 2] === 108 && bytes[at + 3] === 108
}

/** Calls `member` for each of an object that skipValue has walked over: where its key and its value begin and end. */
export function eachMember(
  bytes: Uint8Array,
  object: number,
  member: (key: number, keyEnd: number, value: number, valueEnd: number) => void,
): void {
  let at = skipSpace(bytes, object + 1)
  while (bytes[at] !== CLOSE_BRACE) {
    const keyEnd = skipText(bytes, at)
    const value = skipColon(bytes, keyEnd)
    const valueEnd = skipValue(bytes, value)
    member(at + 1, keyEnd - 1, value, valueEnd)
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
}
