// Ids and times of X-Ray documents as they stand in the bytes.
import type { FixedColumn } from '../span/fixed-column.ts'
import { secondsToMicros } from './xray-time.ts'

/** A hex digit's value by its byte; 255 for all that is none. */
const DIGITS = new Uint8Array(256).fill(255)
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  DIGITS[digit.charCodeAt(0)] = DIGITS[digit.toUpperCase().charCodeAt(0)] = value
}

const NO_DIGIT = 255
const DASH = 45
const POINT = 46
const ZERO = 48
const ONE = 49

/** Whether `"16 hex digits"` stands there, whatever they are. */
export function isHexIdAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 18) return false
  for (let at = start + 1; at < end - 1; at++) if (DIGITS[bytes[at]!] === NO_DIGIT) return false
  return true
}

export function isZeroIdAt(bytes: Uint8Array, start: number): boolean {
  for (let at = start + 1; at < start + 17; at++) if (bytes[at] !== ZERO) return false
  return true
}

/** Whether `"1-8hex-24hex"` stands there. */
export function isTraceIdAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 37 || bytes[start + 1] !== ONE || bytes[start + 2] !== DASH || bytes[start + 11] !== DASH)
    return false
  for (let at = start + 3; at < end - 1; at++) if (at !== start + 11 && DIGITS[bytes[at]!] === NO_DIGIT) return false
  return true
}

const ID = new Uint8Array(8)
const ID_VIEW = new DataView(ID.buffer)

/** The id behind the quote at `start`. */
export function pushIdAt(column: FixedColumn, bytes: Uint8Array, start: number): void {
  for (let i = 0, at = start + 1; i < 8; i++, at += 2) ID[i] = DIGITS[bytes[at]!]! * 16 + DIGITS[bytes[at + 1]!]!
  column.pushWire(ID_VIEW, 0)
}

/** Digits of a whole number of seconds that a double still holds to the half microsecond. */
const MAX_WHOLE_DIGITS = 10
const MOST_SECONDS = 2 ** 32

/** Seconds as microseconds, as secondsToMicros rounds them; -1 for what is no number above or equal to 0. */
export function microsAt(bytes: Buffer, start: number, end: number): number {
  let at = start
  let whole = 0
  for (; at < end && bytes[at] !== POINT; at++) whole = whole * 10 + digitAt(bytes, at)
  let micros = 0
  const fraction = end - at - 1
  if (at - start > MAX_WHOLE_DIGITS || !(whole < MOST_SECONDS) || fraction > 6) return slowMicros(bytes, start, end)
  if (fraction > 0) {
    for (at += 1; at < end; at++) micros = micros * 10 + digitAt(bytes, at)
    micros *= 10 ** (6 - fraction)
  }
  const all = whole * 1e6 + micros
  return all >= 0 ? all : -1
}

function digitAt(bytes: Uint8Array, at: number): number {
  const digit = bytes[at]! - ZERO
  return digit >= 0 && digit <= 9 ? digit : Number.NaN
}

function slowMicros(bytes: Buffer, start: number, end: number): number {
  const seconds = Number(bytes.toString('latin1', start, end))
  return seconds >= 0 && seconds < MOST_SECONDS ? secondsToMicros(seconds) : -1
}
