// Where the newest traces lie, for a store that nobody else writes to: each question saves a statement. It answers for a
// trace only when it knows of every span of it. Ids of traces that it does not hold, as those it forgot, stand in a filter
// that may name one too many and never one too few.
import { viewOf } from '../span/column-views.ts'
import { IdFilter, mixedId } from './id-filter.ts'
import { fixedColumn, readFixedColumns, type NativeBlock } from './native-read.ts'
import type { TracePlace } from './trace-places.ts'

/** 58 bytes each: 30 MB, five million spans. */
const MAX_TRACES = 2 ** 19
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

/** How far spans begin before and after the span at which their trace stands. */
export interface SpanReach {
  readonly early: bigint
  readonly late: bigint
}

export class RecentTraces {
  readonly maxTraces: number
  readonly #pages: Uint32Array[] = []
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
  // Nanoseconds, as SpanReach; Infinity once a trace is known in part.
  #early = 0
  #late = 0
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
    const columns = readFixedColumns(block)
    const ids = columnView(columns, 'trace_id')
    const starts = columnView(columns, 'start_nanos')
    const durations = columnView(columns, 'duration_nanos')
    const ranks = fixedColumn(columns, 'root_rank')
    const flags = fixedColumn(columns, 'flags')
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
      this.#note(id, sum, traitsOf(ranks.u8(row), flags.u16(row)) | (isStored ? 0 : IS_PART))
    }
    return columns.rows
  }

  /** Undefined when not all of it is known. A trace without a listed span has rank NO_RANK. @param traceId 32 hex digits */
  find(traceId: string): TracePlace | undefined {
    if (!this.#isComplete || this.#isGivenUp) return undefined
    const id = new Uint32Array(4)
    for (let word = 0; word < 4; word++) id[word] = Number.parseInt(traceId.slice(word * 8, word * 8 + 8), 16)
    const entry = this.#find(id)
    if (entry < 0) return undefined
    const page = this.#pageOf(entry)
    const at = (entry % PAGE) * ENTRY_WORDS
    const traits = page[at + TRAITS]!
    if ((traits & IS_PART) !== 0) return undefined
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

  /** Of all traces that stand at `from` or later, at most; undefined where something of one is not known. */
  reachSince(from: bigint): SpanReach | undefined {
    if (!this.#holdsAllSince(from) || this.#late === Infinity) return undefined
    return { early: BigInt(this.#early), late: BigInt(this.#late) }
  }

  /**
   * Ids of the traces that stand in the range and last so long, and of those of which not every span is known.
   * @returns undefined where some may be missing, or they are more than `most`
   */
  lasting(
    { from, to }: { readonly from: bigint; readonly to: bigint },
    isMet: (durationNanos: number) => boolean,
    most: number,
  ): readonly string[] | undefined {
    if (!this.#holdsAllSince(from)) return undefined
    const [least, last] = [Number(from) - ROUGH_NANOS, Number(to) + ROUGH_NANOS]
    const ids: string[] = []
    for (const [number, page] of this.#pages.entries()) {
      const end = Math.min(PAGE, this.#entries - number * PAGE) * ENTRY_WORDS
      for (let at = 0; at < end; at += ENTRY_WORDS) {
        const traits = page[at + TRAITS]!
        if ((traits & IS_PART) === 0) {
          if ((traits & RANKS) === NO_RANK || !isMet(between(page, at + FIRST, at + END))) continue
          const listed = roughNanosOf(page, at + LISTED_START)
          if (listed < least || listed > last) continue
        }
        if (ids.length === most) return undefined
        ids.push(Array.from(page.subarray(at, at + 4), (word) => word.toString(16).padStart(8, '0')).join(''))
      }
    }
    return ids
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

  #note(id: Uint32Array, sum: Uint32Array, traits: number): void {
    if ((traits & RANKS) !== NO_RANK && roughNanosOf(sum, 6) > this.#newest) {
      this.#newest = roughNanosOf(sum, 6)
      this.newestNanos = nanosOf(sum, 6)
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
      return
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
      if (entry % PAGE === 0) this.#pages.push(new Uint32Array(Math.min(PAGE, this.maxTraces - entry) * ENTRY_WORDS))
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

function isLess(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  const [high, other] = [a[atA + 1]!, b[atB + 1]!]
  return high < other || (high === other && a[atA]! < b[atB]!)
}

function copy(from: Uint32Array, at: number, to: Uint32Array, toAt: number): void {
  to[toAt] = from[at]!
  to[toAt + 1] = from[at + 1]!
}
