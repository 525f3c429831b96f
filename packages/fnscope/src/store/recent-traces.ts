// Where the newest traces lie, for a store that nobody else writes to: each question saves a statement. It answers for a
// trace only when it knows of every span of it. Ids of traces that it does not hold, as those it forgot, stand in a filter
// that may name one too many and never one too few.
import { viewOf } from '../span/column-views.ts'
import { IdFilter, mixedId } from './id-filter.ts'
import { fixedColumn, readColumns, type NativeBlock } from './native-read.ts'
import { NewestEntries } from './newest-entries.ts'
import { nameBitsOf } from './block-sketches.ts'
import { isTimed, metBy, type TraceFacts } from './trace-facts.ts'
import { addBits, SKETCH_WORDS, traitsSketched, type NameBits } from './trace-sketch.ts'
import { isOfRough, type RoughDuration } from './trace-duration.ts'
import type { TracePlace } from './trace-places.ts'

/** 124 bytes each: 130 MB when that many are stored, ten million spans. */
const MAX_TRACES = 2 ** 20
/** Traces of one allocation. */
const PAGE = 2 ** 14

// Words of an entry; numbers of 64 bits have two, the low one first. From FIRST on as in a sum.
const ID = 0
const FIRST = 4
const LAST_START = 6
const END = 8
const LISTED_START = 10
/** Rank, and above it flags, and above them whether spans of the trace were not seen. */
const TRAITS = 12
const NEXT = 13
const ENTRY_WORDS = 14
const SUM_WORDS = 8

/** More than a number of this size may be off by. */
const ROUGH_NANOS = 1000

const CHAIN_SEED = 0x9e3779b1

export const NO_RANK = 0xff
const RANKS = 0xff
const FLAGS_AT = 8
const IS_PART = 2 ** 24

/** Of a block of spans, what is noted. */
const NOTED: ReadonlySet<string> = new Set([
  'trace_id',
  'start_nanos',
  'duration_nanos',
  'root_rank',
  'flags',
  'service',
  'origin',
  'http_status',
  'user',
  'peer_name',
  'peer_type',
])

/** How far spans begin before and after the span at which their trace stands. */
export interface SpanReach {
  readonly early: bigint
  readonly late: bigint
}

export class RecentTraces {
  readonly maxTraces: number
  readonly #pages: Uint32Array[] = []
  /** SKETCH_WORDS an entry, apart: a search goes through all of them. */
  readonly #sketches: Uint32Array[] = []
  /** Where the newest trace of each page ever stood. */
  readonly #newestOfPages: number[] = []
  /** Entry + 1 of the first in each chain. */
  readonly #heads: Uint32Array
  #entries = 0
  /** The oldest entry, once there is no room. */
  #oldest = 0
  readonly #others = new IdFilter()
  /** Where the last span begins of all that it does not hold. */
  #forgottenNanos = -1n
  /** Where the newest listed span begins, of those that it holds or forgot; 0 for none. */
  newestNanos = 0n
  #newest = 0
  #first = Infinity
  // Nanoseconds, as SpanReach; Infinity once a trace is known in part.
  #early = 0
  #late = 0
  /** Entries of which not every span is known. */
  readonly #parts = new Set<number>()
  #isComplete = false
  #isGivenUp = false

  /** Knows nothing until complete() was called. */
  constructor(maxTraces = MAX_TRACES) {
    this.maxTraces = maxTraces
    this.#heads = new Uint32Array(2 ** Math.ceil(Math.log2(maxTraces)))
  }

  /** Rows of `traces`: what is stored already. Those of which `isKept` says no are remembered by their ids alone. */
  noteSums(sums: NativeBlock, isKept: (lastStartNanos: bigint) => boolean): void {
    const ids = columnView(sums, 'trace_id')
    const numbers = ['first', 'last', 'end', 'listed_start'].map((name) => columnView(sums, name))
    const lasts = fixedColumn(sums, 'last')
    const ranks = fixedColumn(sums, 'rank')
    const flags = fixedColumn(sums, 'flag_bits')
    const id = new Uint32Array(4)
    const sum = new Uint32Array(SUM_WORDS)
    for (let row = 0; row < sums.rows; row++) {
      readId(ids, row * 16, id)
      const last = lasts.i64(row)
      if (!isKept(last)) {
        this.#others.add(id)
        if (last > this.#forgottenNanos) this.#forgottenNanos = last
        continue
      }
      for (const [at, view] of numbers.entries()) readNanos(view, row, sum, at * 2)
      this.#note(id, sum, traitsOf(ranks.u8(row), flags.u16(row)))
    }
  }

  /** Of rows of `spans` or `roots` that are stored already; of their traces those are noted that noteSums kept. */
  noteNames(block: NativeBlock): void {
    const ids = columnView(block, 'trace_id')
    const names = nameBitsOf(block)
    const id = new Uint32Array(4)
    for (let row = 0; row < block.rows; row++) {
      readId(ids, row * 16, id)
      const entry = this.#find(id)
      if (entry >= 0) this.#addNames(entry, names, row)
    }
  }

  /** Something was stored that could not be noted: it answers for nothing any more. */
  giveUp(): void {
    this.#isGivenUp = true
  }

  /** All that were stored before are noted. */
  complete(): void {
    for (let entry = 0; entry < this.#entries; entry++) {
      const page = this.#pageOf(entry)
      const at = (entry % PAGE) * ENTRY_WORDS
      if (!this.#others.has(page.subarray(at, at + 4))) continue
      page[at + TRAITS]! |= IS_PART
      this.#parts.add(entry)
      this.#late = Infinity
    }
    this.#isComplete = true
  }

  /**
   * Rows of `spans` that were stored just now; with isStored false, that may have been.
   * @param block Native, as inserted
   * @returns how many rows the block has
   */
  note(block: Uint8Array, { isStored = true, from = 0, to = Infinity } = {}): number {
    const columns = readColumns(block, NOTED)
    const ids = columnView(columns, 'trace_id')
    const starts = columnView(columns, 'start_nanos')
    const durations = columnView(columns, 'duration_nanos')
    const ranks = fixedColumn(columns, 'root_rank')
    const flags = fixedColumn(columns, 'flags')
    const names = nameBitsOf(columns)
    const id = new Uint32Array(4)
    const sum = new Uint32Array(SUM_WORDS)
    for (let row = from; row < Math.min(to, columns.rows); row++) {
      readId(ids, row * 16, id)
      readNanos(starts, row, sum, 0)
      copy(sum, 0, sum, 2)
      copy(sum, 0, sum, 6)
      // As the engine adds: what is beyond 64 bits is lost.
      const low = sum[0]! + durations.getUint32(row * 8, true)
      sum[4] = low
      sum[5] = sum[1]! + durations.getUint32(row * 8 + 4, true) + (low > 0xffffffff ? 1 : 0)
      const entry = this.#note(id, sum, traitsOf(ranks.u8(row), flags.u16(row)) | (isStored ? 0 : IS_PART))
      this.#addNames(entry, names, row)
    }
    return columns.rows
  }

  /** Undefined when not all of it is known. A trace without a listed span has rank NO_RANK. @param traceId 32 hex digits */
  find(traceId: string): TracePlace | undefined {
    if (!this.#isComplete || this.#isGivenUp) return undefined
    const entry = this.#find(wordsOf(traceId))
    if (entry < 0) return undefined
    return this.#isPart(entry) ? undefined : this.#placeOf(entry, traceId)
  }

  #isPart(entry: number): boolean {
    return (this.#pageOf(entry)[(entry % PAGE) * ENTRY_WORDS + TRAITS]! & IS_PART) !== 0
  }

  #placeOf(entry: number, traceId = this.#hexOf(entry)): TracePlace {
    const page = this.#pageOf(entry)
    const at = (entry % PAGE) * ENTRY_WORDS
    const traits = page[at + TRAITS]!
    return {
      traceId,
      rank: traits & RANKS,
      startNanos: nanosOf(page, at + LISTED_START),
      firstNanos: nanosOf(page, at + FIRST),
      lastStartNanos: nanosOf(page, at + LAST_START),
      endNanos: nanosOf(page, at + END),
      flags: (traits >>> FLAGS_AT) & 0xffff,
    }
  }

  #hexOf(entry: number): string {
    const at = (entry % PAGE) * ENTRY_WORDS
    const words = this.#pageOf(entry).subarray(at, at + 4)
    return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
  }

  /** Of all traces that stand at `from` or later, at most; undefined where something of one is not known. */
  reachSince(from: bigint): SpanReach | undefined {
    if (!this.#holdsAllSince(from) || this.#late === Infinity) return undefined
    return { early: BigInt(this.#early), late: BigInt(this.#late) }
  }

  /**
   * Traces that stand in the range and have these facts, the newest `most` of them, and ids of all traces of which not
   * every span is known. What stands there at the very ends may lie without.
   * @returns undefined where some may be missing, or more than `most` are known in part
   */
  newest(
    { from, to }: { readonly from: bigint; readonly to: bigint },
    facts: TraceFacts,
    most: number,
  ): { readonly places: TracePlace[]; readonly parts: readonly string[]; readonly isCut: boolean } | undefined {
    if (!this.#holdsAllSince(from) || this.#parts.size > most) return undefined
    const [least, last] = [Number(from) - ROUGH_NANOS, Number(to) + ROUGH_NANOS]
    const newest = new NewestEntries(most, least, ROUGH_NANOS)
    const isMet = metBy(facts)
    const timed = isTimed(facts)
    // The newest came last, for the most part.
    for (let number = this.#pages.length - 1; number >= 0; number--) {
      if (this.#newestOfPages[number]! < newest.least) continue
      const page = this.#pages[number]!
      const sketches = this.#sketches[number]!
      for (let row = Math.min(PAGE, this.#entries - number * PAGE) - 1; row >= 0; row--) {
        const at = row * ENTRY_WORDS
        if (!isMet(sketches, row * SKETCH_WORDS, timed ? lastedNanos(page, at) : Infinity)) continue
        const traits = page[at + TRAITS]!
        if ((traits & IS_PART) !== 0 || (traits & RANKS) === NO_RANK) continue
        const listed = roughNanosOf(page, at + LISTED_START)
        if (listed < newest.least || listed > last) continue
        if (!isOfAll(between(page, at + FIRST, at + END), facts.durations)) continue
        newest.add(number * PAGE + row, listed)
      }
    }
    const { entries, isCut } = newest.take()
    return {
      places: entries.map((entry) => this.#placeOf(entry)),
      parts: Array.from(this.#parts, (entry) => this.#hexOf(entry)),
      isCut,
    }
  }

  /** Answers false of a trace that surely has not all of these; true also of one that it does not hold. Not of durations. */
  mayHave(facts: TraceFacts): (traceId: string) => boolean {
    if (!this.#isComplete || this.#isGivenUp) return () => true
    const isMet = metBy(facts)
    return (traceId) => {
      const entry = this.#find(wordsOf(traceId))
      if (entry < 0 || this.#isPart(entry)) return true
      return isMet(this.#sketches[Math.floor(entry / PAGE)]!, (entry % PAGE) * SKETCH_WORDS, Infinity)
    }
  }

  /** How many traces it holds for each nanosecond between the oldest and the newest. */
  get density(): number {
    const length = this.#newest - this.#first
    return length > 0 ? this.#entries / length : 0
  }

  #holdsAllSince(from: bigint): boolean {
    return this.#isComplete && !this.#isGivenUp && this.#forgottenNanos < from
  }

  /** What a trace that is held says of all. */
  #noteReach(page: Uint32Array, at: number): void {
    const traits = page[at + TRAITS]!
    if ((traits & IS_PART) !== 0) this.#late = Infinity
    if ((traits & RANKS) === NO_RANK) return
    this.#early = Math.max(this.#early, between(page, at + FIRST, at + LISTED_START))
    this.#late = Math.max(this.#late, between(page, at + LISTED_START, at + LAST_START))
  }

  #addNames(entry: number, names: (row: number) => readonly NameBits[], row: number): void {
    const sketches = this.#sketches[Math.floor(entry / PAGE)]!
    const at = (entry % PAGE) * SKETCH_WORDS
    for (const bits of names(row)) addBits(sketches, at, bits)
  }

  /** @returns its entry */
  #note(id: Uint32Array, sum: Uint32Array, traits: number): number {
    const entry = this.#noteTrace(id, sum, traits)
    this.#sketches[Math.floor(entry / PAGE)]![(entry % PAGE) * SKETCH_WORDS]! |= traitsSketched(
      (traits >>> FLAGS_AT) & 0xffff,
      traits & RANKS,
    )
    if (this.#isPart(entry)) this.#parts.add(entry)
    const page = Math.floor(entry / PAGE)
    const listed = (traits & RANKS) === NO_RANK ? 0 : roughNanosOf(sum, 6)
    if (listed > this.#newestOfPages[page]!) this.#newestOfPages[page] = listed
    return entry
  }

  #noteTrace(id: Uint32Array, sum: Uint32Array, traits: number): number {
    if ((traits & RANKS) !== NO_RANK) {
      const listed = roughNanosOf(sum, 6)
      if (listed < this.#first) this.#first = listed
      if (listed > this.#newest) {
        this.#newest = listed
        this.newestNanos = nanosOf(sum, 6)
      }
    }
    let entry = this.#find(id)
    if (entry < 0) {
      entry = this.#newEntry(id)
      const page = this.#pageOf(entry)
      const at = (entry % PAGE) * ENTRY_WORDS
      page.set(id, at + ID)
      page.set(sum, at + FIRST)
      page[at + TRAITS] = this.#others.has(id) ? traits | IS_PART : traits
      this.#noteReach(page, at)
      return entry
    }
    const page = this.#pageOf(entry)
    const at = (entry % PAGE) * ENTRY_WORDS
    if (isLess(sum, 0, page, at + FIRST)) copy(sum, 0, page, at + FIRST)
    if (isLess(page, at + LAST_START, sum, 2)) copy(sum, 2, page, at + LAST_START)
    if (isLess(page, at + END, sum, 4)) copy(sum, 4, page, at + END)
    const known = page[at + TRAITS]!
    const [rank, best] = [traits & RANKS, known & RANKS]
    if (rank < best || (rank === best && isLess(sum, 6, page, at + LISTED_START))) {
      copy(sum, 6, page, at + LISTED_START)
      page[at + TRAITS] = (known & ~RANKS) | traits
    } else page[at + TRAITS] = known | (traits & ~RANKS)
    this.#noteReach(page, at)
    return entry
  }

  #pageOf(entry: number): Uint32Array {
    return this.#pages[Math.floor(entry / PAGE)]!
  }

  /** -1 when there is none. */
  #find(id: Uint32Array): number {
    let next = this.#heads[this.#chainOf(id)]!
    while (next !== 0) {
      const entry = next - 1
      const page = this.#pageOf(entry)
      const at = (entry % PAGE) * ENTRY_WORDS
      if (page[at] === id[0] && page[at + 1] === id[1] && page[at + 2] === id[2] && page[at + 3] === id[3]) return entry
      next = page[at + NEXT]!
    }
    return -1
  }

  #chainOf(id: Uint32Array): number {
    return mixedId(id, CHAIN_SEED) & (this.#heads.length - 1)
  }

  /** Its page and place are taken, and it stands in its chain. */
  #newEntry(id: Uint32Array): number {
    let entry = this.#entries
    if (entry === this.maxTraces) {
      entry = this.#oldest
      this.#oldest = (this.#oldest + 1) % this.maxTraces
      this.#forget(entry)
    } else {
      if (entry % PAGE === 0) {
        const size = Math.min(PAGE, this.maxTraces - entry)
        this.#pages.push(new Uint32Array(size * ENTRY_WORDS))
        this.#sketches.push(new Uint32Array(size * SKETCH_WORDS))
        this.#newestOfPages.push(0)
      }
      this.#entries += 1
    }
    const chain = this.#chainOf(id)
    this.#pageOf(entry)[(entry % PAGE) * ENTRY_WORDS + NEXT] = this.#heads[chain]!
    this.#heads[chain] = entry + 1
    return entry
  }

  #forget(entry: number): void {
    const page = this.#pageOf(entry)
    const at = (entry % PAGE) * ENTRY_WORDS
    const id = page.subarray(at, at + 4)
    this.#others.add(id)
    this.#parts.delete(entry)
    const sketch = (entry % PAGE) * SKETCH_WORDS
    this.#sketches[Math.floor(entry / PAGE)]!.fill(0, sketch, sketch + SKETCH_WORDS)
    const last = nanosOf(page, at + LAST_START)
    if (last > this.#forgottenNanos) this.#forgottenNanos = last
    const chain = this.#chainOf(id)
    const after = page[at + NEXT]!
    if (this.#heads[chain] === entry + 1) {
      this.#heads[chain] = after
      return
    }
    let before = this.#heads[chain]! - 1
    for (;;) {
      const word = (before % PAGE) * ENTRY_WORDS + NEXT
      const next = this.#pageOf(before)[word]!
      if (next === entry + 1) {
        this.#pageOf(before)[word] = after
        return
      }
      before = next - 1
    }
  }
}

function isOfAll(duration: number, tests: readonly RoughDuration[]): boolean {
  for (const test of tests) if (!isOfRough(duration, test)) return false
  return true
}

function wordsOf(traceId: string): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, word) => Number.parseInt(traceId.slice(word * 8, word * 8 + 8), 16))
}

function columnView(block: NativeBlock, column: string): DataView {
  return viewOf(fixedColumn(block, column).bytes)
}

function traitsOf(rank: number, flags: number): number {
  return rank | (flags << FLAGS_AT)
}

function readId(view: DataView, at: number, into: Uint32Array): void {
  for (let word = 0; word < 4; word++) into[word] = view.getUint32(at + word * 4)
}

function readNanos(view: DataView, row: number, into: Uint32Array, at: number): void {
  into[at] = view.getUint32(row * 8, true)
  into[at + 1] = view.getUint32(row * 8 + 4, true)
}

function nanosOf(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!)
}

const TWO_32 = 2 ** 32

function roughNanosOf(words: Uint32Array, at: number): number {
  return words[at + 1]! * TWO_32 + words[at]!
}

/** Nanoseconds from one to the other: exact up to 104 days. */
function between(words: Uint32Array, from: number, to: number): number {
  return ((words[to + 1]! | 0) - (words[from + 1]! | 0)) * TWO_32 + (words[to]! - words[from]!)
}

/** No less than any span of it did; Infinity where its end is beyond what the engine can add. */
function lastedNanos(page: Uint32Array, at: number): number {
  const lasted = between(page, at + FIRST, at + END)
  return lasted < 0 ? Infinity : lasted
}

function isLess(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  const [high, other] = [a[atA + 1]!, b[atB + 1]!]
  return high < other || (high === other && a[atA]! < b[atB]!)
}

function copy(from: Uint32Array, at: number, to: Uint32Array, toAt: number): void {
  to[toAt] = from[at]!
  to[toAt + 1] = from[at + 1]!
}
