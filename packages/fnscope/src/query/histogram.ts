// Response times of a node or edge as duration → count. Durations are kept as codes: three significant digits, so that
// none is off by more than 0.5 %; X-Ray's own are about as coarse. A row with many different ones keeps them in 24 even
// steps a decade instead, off by 5 % at most, so that no histogram grows without bound. Which of the two depends on all
// that is counted alone, never on who summed it in which parts.

/** Ascending by code. Codes with COARSE set stand for a class of durations. Longer arrays than `size` are never handed out. */
export interface Histogram {
  readonly codes: Uint16Array
  readonly counts: Float64Array
}

export const EMPTY_HISTOGRAM: Histogram = { codes: new Uint16Array(0), counts: new Float64Array(0) }

/** Different codes of one row before it becomes coarse. */
const FINE_MAX = 64
/** Room that a coarse histogram gets beyond what it needs: a cache line. */
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
  #size = 0
  /** Open addressing: code + 1, 0 where a slot is free, and beside it the count. */
  #slots: Uint16Array = new Uint16Array(8)
  #counts: Float64Array = new Float64Array(8)
  /** Counts by class from #firstClass on, once there were more than FINE_MAX codes. */
  #classes: Float64Array | undefined
  #firstClass = 0

  /** `code` may have COARSE set: then all of the sum becomes coarse. */
  add(code: number, count: number): void {
    if (this.#classes !== undefined) {
      this.#addClass(CLASS_OF_CODE[code & ~COARSE]!, count)
      return
    }
    const slots = this.#slots
    const mask = slots.length - 1
    // Neighbouring codes get neighbouring slots: that is how they come.
    let slot = code & mask
    for (let found = slots[slot]!; found !== 0; found = slots[slot]!) {
      if (found === code + 1) {
        this.#counts[slot]! += count
        return
      }
      slot = (slot + 1) & mask
    }
    this.#enter(code, count, slot)
  }

  #enter(code: number, count: number, slot: number): void {
    if (this.#size === FINE_MAX || code >= COARSE) {
      this.#coarsen()
      this.add(code, count)
      return
    }
    this.#slots[slot] = code + 1
    this.#counts[slot] = count
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
  }

  /** Adds entries [from, to) of what another histogram holds. */
  addRange(codes: Uint16Array, counts: Float64Array | Uint32Array, from: number, to: number): void {
    if (this.#classes === undefined) {
      for (let i = from; i < to; i++) this.add(codes[i]!, counts[i]!)
      return
    }
    for (let i = from; i < to; i++) this.#addClass(CLASS_OF_CODE[codes[i]! & ~COARSE]!, counts[i]!)
  }

  /** Counts each of the codes [from, to) once; none of them is coarse. */
  addCodes(codes: Uint16Array, from: number, to: number): void {
    let i = from
    while (i < to && this.#classes === undefined) this.add(codes[i++]!, 1)
    for (; i < to; i++) this.#addClass(CLASS_OF_CODE[codes[i]!]!, 1)
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

  #grow(): void {
    const [slots, counts] = [this.#slots, this.#counts]
    this.#slots = new Uint16Array(slots.length * 4)
    this.#counts = new Float64Array(slots.length * 4)
    this.#size = 0
    for (let slot = 0; slot < slots.length; slot++) if (slots[slot] !== 0) this.add(slots[slot]! - 1, counts[slot]!)
  }

  #coarsen(): void {
    const used = [...this.#slots.keys()].filter((slot) => this.#slots[slot] !== 0)
    const indexes = used.map((slot) => CLASS_OF_CODE[this.#slots[slot]! - 1]!)
    this.#firstClass = Math.min(...indexes, CLASSES - 1)
    this.#classes = new Float64Array(Math.max(...indexes, this.#firstClass) + 1 - this.#firstClass)
    for (let i = 0; i < used.length; i++) this.#addClass(indexes[i]!, this.#counts[used[i]!]!)
    this.#slots = EMPTY_HISTOGRAM.codes
    this.#counts = EMPTY_HISTOGRAM.counts
  }

  /** What is counted so far, a copy. */
  read(): Histogram {
    return this.#classes === undefined ? this.#readFine() : readCoarse(this.#classes, this.#firstClass)
  }

  #readFine(): Histogram {
    const used = [...this.#slots.keys()].filter((slot) => this.#slots[slot] !== 0)
    used.sort((a, b) => this.#slots[a]! - this.#slots[b]!)
    return {
      codes: Uint16Array.from(used, (slot) => this.#slots[slot]! - 1),
      counts: Float64Array.from(used, (slot) => this.#counts[slot]!),
    }
  }
}

function readCoarse(classes: Float64Array, firstClass: number): Histogram {
  const used = [...classes.keys()].filter((at) => classes[at] !== 0)
  return {
    codes: Uint16Array.from(used, (at) => CODE_OF_CLASS[firstClass + at]! | COARSE),
    counts: Float64Array.from(used, (at) => classes[at]!),
  }
}

/** Ascending by seconds. */
export function histogramEntries(histogram: Histogram): (readonly [seconds: number, count: number])[] {
  return Array.from(histogram.codes, (code, i) => [secondsOfCode(code), histogram.counts[i]!])
}
