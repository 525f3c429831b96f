// Response times of a node or edge as duration → count. Durations are kept as codes: three significant digits, so that
// none is off by more than 0.5 %; X-Ray's own are about as coarse. A row with many different ones keeps them in 24 even
// steps a decade instead, off by 5 % at most, so that no histogram grows without bound. Which of the two depends on all
// that is counted alone, never on who summed it in which parts.

/** Ascending by code. Codes with COARSE set stand for a class of durations. */
export interface Histogram {
  readonly codes: Uint16Array
  readonly counts: Float64Array | Uint32Array
}

export const EMPTY_HISTOGRAM = { codes: new Uint16Array(0), counts: new Float64Array(0) }

/** Different codes of one row before it becomes coarse. */
const FINE_MAX = 32
/** Room that a coarse histogram gets to both sides of what it needs: a cache line. */
const SOME_CLASSES = 8
export const COARSE = 0x8000

const STEPS = Array.from({ length: 24 }, (_, i) => Math.round(100 * 10 ** (i / 24)))
/** Codes below it are whole nanoseconds; from it on 900 a decade. */
const FIRST_DECADE = 100
const DECADES = 14
const CODES = FIRST_DECADE + DECADES * 900
/** The steps begin at 1 µs: what is shorter, but not 0, counts there. */
const COARSE_FROM = 2

/** The code of a duration in nanoseconds: 0 for none, negative and unknown ones. */
export function codeOf(nanos: number): number {
  if (!(nanos > 0)) return 0
  if (nanos < FIRST_DECADE) return Math.floor(nanos)
  let decade = 0
  let unit = 1
  while (nanos >= unit * 1000 && decade < DECADES - 1) {
    unit *= 10
    decade += 1
  }
  // 999.6 of a unit is 100 of the next: the codes run on.
  const digits = Math.min(1000, Math.floor(nanos / unit + 0.5))
  return Math.min(CODES - 1, decade * 900 + digits)
}

/** Seconds that a code stands for, as short a decimal as it can be. */
export function secondsOfCode(code: number): number {
  return SECONDS[code & ~COARSE]!
}

const SECONDS = Float64Array.from({ length: CODES }, (_, code) => {
  if (code < FIRST_DECADE) return Number(`${code}e-9`)
  const decade = Math.floor((code - FIRST_DECADE) / 900)
  return Number(`${code - decade * 900}e${decade - 9}`)
})

/** Coarse class of a code, 0 for no time at all; and back to the code of its number. */
const CLASSES = 1 + STEPS.length * (DECADES - COARSE_FROM)
const CODE_OF_CLASS = Uint16Array.from({ length: CLASSES }, (_, index) => {
  if (index === 0) return 0
  const decade = COARSE_FROM + Math.floor((index - 1) / STEPS.length)
  return (decade - 1) * 900 + STEPS[(index - 1) % STEPS.length]!
})
const CLASS_OF_CODE = Uint16Array.from({ length: CODES }, (_, code) => {
  if (code === 0) return 0
  let index = 1
  while (index + 1 < CLASSES && isNearer(CODE_OF_CLASS[index + 1]!, CODE_OF_CLASS[index]!, code)) index += 1
  return index
})

function isNearer(next: number, than: number, code: number): boolean {
  return SECONDS[code]! - SECONDS[than]! >= SECONDS[next]! - SECONDS[code]!
}

/** Counts being summed. */
export class HistogramSum {
  /** Ascending codes and their counts, as long as there are few; nothing once #classes is there. */
  #size = 0
  #codes: Uint16Array = EMPTY_HISTOGRAM.codes
  #counts: Float64Array = EMPTY_HISTOGRAM.counts
  /** Counts by class from #firstClass on, once there were more than FINE_MAX codes. */
  #classes: Float64Array | undefined
  #firstClass = 0

  /** `code` may have COARSE set: then all of the sum becomes coarse. */
  add(code: number, count: number): void {
    if (this.#classes === undefined) this.#addCode(code, count)
    else this.#addClass(CLASS_OF_CODE[code & ~COARSE]!, count)
  }

  #addCode(code: number, count: number): void {
    const codes = this.#codes
    let at = this.#size
    // Backwards: what is added in order is at home at once.
    while (at > 0 && codes[at - 1]! > code) at -= 1
    if (at > 0 && codes[at - 1] === code) {
      this.#counts[at - 1]! += count
      return
    }
    if (this.#size === FINE_MAX || code >= COARSE) {
      this.#coarsen()
      this.add(code, count)
      return
    }
    if (this.#size === codes.length) this.#grow()
    this.#codes.copyWithin(at + 1, at, this.#size)
    this.#counts.copyWithin(at + 1, at, this.#size)
    this.#codes[at] = code
    this.#counts[at] = count
    this.#size += 1
  }

  #grow(): void {
    const [codes, counts] = [this.#codes, this.#counts]
    this.#codes = new Uint16Array(Math.max(4, codes.length * 2))
    this.#counts = new Float64Array(this.#codes.length)
    this.#codes.set(codes)
    this.#counts.set(counts)
  }

  /** Adds entries [from, to) of what another histogram holds. */
  addRange(codes: Uint16Array, counts: Float64Array | Uint32Array, from: number, to: number): void {
    let i = from
    while (i < to && this.#classes === undefined) {
      this.#addCode(codes[i]!, counts[i]!)
      i += 1
    }
    for (; i < to; i++) {
      const index = CLASS_OF_CODE[codes[i]! & ~COARSE]!
      const at = index - this.#firstClass
      const classes = this.#classes!
      if (at >= 0 && at < classes.length) classes[at]! += counts[i]!
      else this.#addClass(index, counts[i]!)
    }
  }

  /** Counts each of the codes [from, to) once; none of them is coarse. */
  addCodes(codes: Uint16Array, from: number, to: number): void {
    let i = from
    while (i < to && this.#classes === undefined) this.#addCode(codes[i++]!, 1)
    for (; i < to; i++) {
      const index = CLASS_OF_CODE[codes[i]!]!
      const at = index - this.#firstClass
      const classes = this.#classes!
      if (at >= 0 && at < classes.length) classes[at]! += 1
      else this.#addClass(index, 1)
    }
  }

  #addClass(index: number, count: number): void {
    const at = index - this.#firstClass
    const classes = this.#classes!
    if (at >= 0 && at < classes.length) {
      classes[at]! += count
      return
    }
    const first = Math.max(0, Math.min(this.#firstClass, index - SOME_CLASSES))
    const last = Math.min(CLASSES, Math.max(this.#firstClass + classes.length, index + 1 + SOME_CLASSES))
    const wider = new Float64Array(last - first)
    wider.set(classes, this.#firstClass - first)
    this.#classes = wider
    this.#firstClass = first
    this.#addClass(index, count)
  }

  #coarsen(): void {
    const [codes, counts, size] = [this.#codes, this.#counts, this.#size]
    // Classes stand in the order of their codes.
    const first = size === 0 ? 0 : CLASS_OF_CODE[codes[0]!]!
    const last = size === 0 ? 0 : CLASS_OF_CODE[codes[size - 1]!]!
    this.#firstClass = Math.max(0, first - SOME_CLASSES)
    this.#classes = new Float64Array(Math.min(CLASSES, last + 1 + SOME_CLASSES) - this.#firstClass)
    for (let i = 0; i < size; i++) this.#addClass(CLASS_OF_CODE[codes[i]!]!, counts[i]!)
    this.#size = 0
    this.#codes = EMPTY_HISTOGRAM.codes
    this.#counts = EMPTY_HISTOGRAM.counts
  }

  /** Entries that readInto writes at most. */
  get room(): number {
    return this.#classes?.length ?? this.#size
  }

  /** Writes what is counted so far, ascending by seconds, from `at` on. Answers where it ends. */
  readInto(codes: Uint16Array, counts: Float64Array, at: number): number {
    const classes = this.#classes
    let to = at
    if (classes === undefined) {
      for (let i = 0; i < this.#size; i++) {
        codes[to] = this.#codes[i]!
        counts[to++] = this.#counts[i]!
      }
      return to
    }
    for (let i = 0; i < classes.length; i++) {
      if (classes[i] === 0) continue
      codes[to] = CODE_OF_CLASS[this.#firstClass + i]! | COARSE
      counts[to++] = classes[i]!
    }
    return to
  }
}
