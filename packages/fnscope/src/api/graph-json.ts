// The service graph as JSON, written as bytes: its some hundred thousand entries of histograms are not made into objects
// first. What stands in it is xray-graph.ts's.
import { secondsOfCode, type Histogram } from '../query/histogram.ts'

const [BRACKET, END_BRACE, END_BRACKET, COMMA, ZERO] = Buffer.from('[}],0') as Buffer & readonly number[]
/** Bytes of an entry at most: what begins it, a count and what ends it. */
const ENTRY_BYTES = 64

/** `"Value":0.25,"Count":` by code, made when first wanted. */
const beginnings: (Uint8Array | undefined)[] = []

function beginningOf(code: number): Uint8Array {
  return (beginnings[code] ??= Buffer.from(`{"Value":${JSON.stringify(secondsOfCode(code))},"Count":`, 'latin1'))
}

export class GraphJson {
  #bytes: Buffer
  #at = 0

  /** @param bytes About how many there will be. */
  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(bytes, 1024))
  }

  text(text: string): void {
    this.#reserve(text.length * 3)
    this.#at += this.#bytes.write(text, this.#at)
  }

  /** `[{"Value":seconds,"Count":calls},…]` */
  histogram({ codes, counts }: Histogram): void {
    this.#reserve(codes.length * ENTRY_BYTES + 2)
    const bytes = this.#bytes
    let at = this.#at
    bytes[at++] = BRACKET!
    for (let i = 0; i < codes.length; i++) {
      if (i > 0) bytes[at++] = COMMA!
      const beginning = beginningOf(codes[i]!)
      for (let k = 0; k < beginning.length; k++) bytes[at++] = beginning[k]!
      at = writeDigits(bytes, at, counts[i]!)
      bytes[at++] = END_BRACE!
    }
    bytes[at++] = END_BRACKET!
    this.#at = at
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const wider = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes))
    wider.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = wider
  }
}

/** @param count A whole number, not below 0. Answers where it ends. */
function writeDigits(bytes: Uint8Array, from: number, count: number): number {
  let size = 1
  for (let rest = count; rest >= 10; rest = Math.floor(rest / 10)) size += 1
  let rest = count
  for (let at = from + size - 1; at >= from; at--) {
    const shorter = Math.floor(rest / 10)
    bytes[at] = ZERO! + (rest - shorter * 10)
    rest = shorter
  }
  return from + size
}
