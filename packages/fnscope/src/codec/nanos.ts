// Times of other units as nanoseconds in two halves of 32 bits: what no double holds, without a bigint a span.

const TWO_16 = 2 ** 16
const TWO_32 = 2 ** 32
/** Nanoseconds end in the year 2262: what is beyond is the last of them, and refused where times are looked at. */
const MAX_HIGH = 0x7fff_ffff
const MAX_SECONDS = 2 ** 33
const NANOS_A_SECOND = 1_000_000_000

/** Nanoseconds, signed. */
export class Nanos {
  low = 0
  high = 0
  // What it was made of, for its digits.
  #units = 0
  #rest = 0
  #restDigits = 0

  #set(low: number, high: number): void {
    const fits = high >= -MAX_HIGH && high <= MAX_HIGH
    this.low = fits ? low | 0 : high < 0 ? 0 : -1
    this.high = fits ? high : high < 0 ? -MAX_HIGH : MAX_HIGH
  }

  /** @param low and @param high halves of a signed number of microseconds */
  setMicros(low: number, high: number): void {
    const product = (low >>> 0) * 1000
    const carry = Math.floor(product / TWO_32)
    this.#set(product - carry * TWO_32, (high | 0) * 1000 + carry)
    this.#units = (high | 0) * TWO_32 + (low >>> 0)
    this.#rest = 0
    this.#restDigits = 3
  }

  /** google.protobuf's Timestamp and Duration. @param low and @param high halves of a signed number of seconds */
  setSeconds(low: number, high: number, nanos: number): void {
    const seconds = (high | 0) * TWO_32 + (low >>> 0)
    this.#units = seconds
    this.#rest = nanos
    this.#restDigits = 9
    if (Math.abs(seconds) > MAX_SECONDS) {
      this.#set(0, seconds < 0 ? -TWO_32 : TWO_32)
      return
    }
    const upper = Math.floor(seconds / TWO_16)
    const product = upper * NANOS_A_SECOND
    const carried = Math.floor(product / TWO_16)
    const rest = (product - carried * TWO_16) * TWO_16 + (seconds - upper * TWO_16) * NANOS_A_SECOND + nanos
    const carry = Math.floor(rest / TWO_32)
    this.#set(rest - carry * TWO_32, carried + carry)
  }
  /** In decimal: without a bigint where there is a shorter way, for a log has a time too. */
  digits(): string {
    const isPlain = this.#units > 0 && this.#units <= Number.MAX_SAFE_INTEGER && this.high !== MAX_HIGH
    if (isPlain && this.#rest >= 0 && this.#rest < NANOS_A_SECOND)
      return String(this.#units) + String(this.#rest).padStart(this.#restDigits, '0')
    return String((BigInt(this.high) << 32n) | BigInt(this.low >>> 0))
  }
}
