// All rows of one table in one segment into the store. What is refused for good is halved, between two requests before
// inside of one, until each bad row stands alone: it cannot fail its neighbours. Retries are the caller's.
import type { StoreError } from '../store/store.ts'
import type { Segment } from './wal-segment.ts'

/** So many pieces of one request refused and none taken: it is not worth more inserts, all of it is dropped. */
const MAX_REFUSED_OF_ONE = 200
/** So many refused that were of one request each, and none taken of any: it is not the rows. */
const MAX_REFUSED_OF_ALL = 500

export interface Block {
  readonly bytes: Uint8Array
  readonly rows: number
}

export interface TableInsert {
  readonly segment: Segment
  readonly table: string
  /** One a request, or chunk of datagrams, in their order. */
  readonly blocks: readonly Block[]
  /** Tokens whose insert was refused before: the whole must not be tried again, parts of it may be stored. */
  readonly refused: ReadonlySet<string>
}

export interface Bisecting {
  /** The error when the store refuses for good, undefined when it took the rows. `rows`: of these blocks, not all. */
  readonly tryInsert: (
    blocks: readonly Uint8Array[],
    token: string,
    rows: RowRange | undefined,
  ) => Promise<StoreError | undefined>
  /** The token was refused, and that must be known after a crash too. */
  readonly onRefused: (token: string, error: StoreError, range: RowRange) => Promise<void>
}

/** Rows [from, to). */
export interface RowRange {
  readonly from: number
  readonly to: number
}

export interface Bisected {
  readonly taken: number
  /** Rows that are dropped. */
  readonly poisoned: readonly RowRange[]
  /** Nothing was taken, though much was tried: it is not the rows. */
  readonly hopeless: boolean
}

/** One request's rows, and what became of them. */
interface Part extends RowRange {
  readonly bytes: Uint8Array
  taken: boolean
  refused: number
}

/**
 * Level by level, the largest ranges first: what is good is stored before anything is given up. Tokens are made of the
 * ranges, which are the same in every process that meets the segment.
 */
export async function insertBisecting(insert: TableInsert, { tryInsert, onRefused }: Bisecting): Promise<Bisected> {
  const parts = partsOf(insert.blocks)
  const rows = parts.at(-1)?.to ?? 0
  const poisoned: RowRange[] = []
  let taken = 0
  let refusedAlone = 0
  const ranges: RowRange[] = [{ from: 0, to: rows }]
  for (const range of ranges) {
    if (taken === 0 && refusedAlone >= MAX_REFUSED_OF_ALL) break
    const { from, to } = range
    const inside = parts.filter((part) => part.from < to && part.to > from)
    if (inside.length === 1 && isHopeless(inside[0]!)) {
      poisoned.push(range)
      continue
    }
    const whole = from === 0 && to === rows
    const token = `${insert.segment.token}-${insert.table}${whole ? '' : `-${from}-${to}`}`
    if (!insert.refused.has(token)) {
      const bytes = inside.map((part) => part.bytes)
      const error = await tryInsert(bytes, token, within(inside, range))
      if (error === undefined) {
        taken += to - from
        for (const part of inside) part.taken = true
        continue
      }
      await onRefused(token, error, range)
    }
    if (inside.length === 1) {
      inside[0]!.refused += 1
      refusedAlone += 1
    }
    if (to - from === 1) poisoned.push(range)
    else {
      const middle = middleOf(inside, range)
      ranges.push({ from, to: middle }, { from: middle, to })
    }
  }
  return { taken, poisoned, hopeless: taken === 0 && rows > 1 }
}

function isHopeless(part: Part): boolean {
  return !part.taken && part.refused >= MAX_REFUSED_OF_ONE
}

function partsOf(blocks: readonly Block[]): Part[] {
  let from = 0
  return blocks.map(({ bytes, rows }) => {
    const part = { bytes, from, to: from + rows, taken: false, refused: 0 }
    from = part.to
    return part
  })
}

/** The range as rows of these parts alone; undefined when it is all of them. */
function within(parts: readonly Part[], { from, to }: RowRange): RowRange | undefined {
  const first = parts[0]!.from
  return from === first && to === parts.at(-1)!.to ? undefined : { from: from - first, to: to - first }
}

/** Where the range is cut: between two parts, as near to its middle as it goes; inside of one part in its middle. */
function middleOf(parts: readonly Part[], { from, to }: RowRange): number {
  const middle = from + Math.floor((to - from) / 2)
  let best = middle
  let distance = Infinity
  for (const part of parts.slice(1)) {
    const off = Math.abs(part.from - middle)
    if (off >= distance) break
    best = part.from
    distance = off
  }
  return best
}
