// The rows of the waterfall: which spans are shown, in which order, how deep. Pure: from the columns that the server
// answered (parents before their children) and what is collapsed or filtered.
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import type { ConsoleSpanFlags, ConsoleTraceColumns } from '../../../fnscope/src/api/console-trace-types.ts'

export const FLAG: ConsoleSpanFlags = {
  error: 1,
  fault: 2,
  throttle: 4,
  inProgress: 8,
  segment: 16,
  coldStart: 32,
  orphan: 64,
  exception: 128,
  links: 256,
  joined: 512,
}
export const FAILED = FLAG.error | FLAG.fault | FLAG.throttle

export interface SpanTree {
  readonly columns: ConsoleTraceColumns
  readonly count: number
  readonly depth: Int32Array
  /** Row after the last one below it: all of row..end-1 is the row and what is below. */
  readonly end: Int32Array
  /** Direct children that are not here. */
  readonly hidden: Int32Array
  readonly rowOf: ReadonlyMap<string, number>
  /** Hue of each service by its place in `words`: 0 to 7, by first appearance. */
  readonly hueOf: ReadonlyMap<number, number>
  /** Of the whole trace, microseconds; never 0. */
  readonly lengthUs: number
}

const HUES = 8

export function buildTree(columns: ConsoleTraceColumns): SpanTree {
  const { id, parent, children, service } = columns.spans
  const count = id.length
  const depth = new Int32Array(count)
  const end = new Int32Array(count)
  const hidden = Int32Array.from(children)
  const hueOf = new Map<number, number>()
  for (let row = 0; row < count; row++) {
    const above = parent[row]!
    if (above >= 0) {
      depth[row] = depth[above]! + 1
      hidden[above]! -= 1
    }
    if (!hueOf.has(service[row]!)) hueOf.set(service[row]!, hueOf.size % HUES)
  }
  for (let row = count - 1; row >= 0; row--) {
    if (end[row] === 0) end[row] = row + 1
    const above = parent[row]!
    if (above >= 0 && end[above]! < end[row]!) end[above] = end[row]!
  }
  const rowOf = new Map(id.map((spanId, row) => [spanId, row]))
  return { columns, count, depth, end, hidden, rowOf, hueOf, lengthUs: Math.max(columns.durationMs * 1000, 0.001) }
}

/** A span; a note of children that are not here; a log line below the span it belongs to. */
export type Row =
  | { readonly kind: 'span'; readonly span: number }
  | { readonly kind: 'more'; readonly span: number }
  | { readonly kind: 'log'; readonly span: number; readonly line: ConsoleLogLine }

export interface RowsOptions {
  readonly collapsed: ReadonlySet<string>
  /** Only these spans and what is above them. */
  readonly only?: ReadonlySet<number> | undefined
  /** Lines to show, by span. */
  readonly logs?: ReadonlyMap<number, readonly ConsoleLogLine[]> | undefined
}

export function visibleRows(tree: SpanTree, { collapsed, only, logs }: RowsOptions): Row[] {
  const { id } = tree.columns.spans
  const kept = only && withAncestors(tree, only)
  const rows: Row[] = []
  // Spans whose `more` row is due, innermost last: it stands after all that is below them.
  const due: number[] = []
  const settle = (until: number): void => {
    while (due.length > 0 && tree.end[due.at(-1)!]! <= until) rows.push({ kind: 'more', span: due.pop()! })
  }
  for (let row = 0; row < tree.count;) {
    settle(row)
    if (kept && !kept.has(row)) {
      row += 1
      continue
    }
    rows.push({ kind: 'span', span: row })
    for (const line of logs?.get(row) ?? []) rows.push({ kind: 'log', span: row, line })
    if (collapsed.has(id[row]!)) row = tree.end[row]!
    else {
      if (tree.hidden[row]! > 0 && !kept) due.push(row)
      row += 1
    }
  }
  settle(tree.count)
  return rows
}

/** The rows and everything above them. */
export function withAncestors({ columns }: SpanTree, rows: Iterable<number>): Set<number> {
  const kept = new Set<number>()
  for (const row of rows) for (let at = row; at >= 0 && !kept.has(at); at = columns.spans.parent[at]!) kept.add(at)
  return kept
}

/** Ids of all spans that have something below them, from a depth on. */
export function foldable(tree: SpanTree, fromDepth = 0): string[] {
  const ids: string[] = []
  for (let row = 0; row < tree.count; row++)
    if (tree.end[row]! > row + 1 && tree.depth[row]! >= fromDepth) ids.push(tree.columns.spans.id[row]!)
  return ids
}

/** What must be opened to see the span. */
export function foldedAbove(tree: SpanTree, row: number, collapsed: ReadonlySet<string>): string[] {
  const { id, parent } = tree.columns.spans
  const found: string[] = []
  for (let at = parent[row]!; at >= 0; at = parent[at]!) if (collapsed.has(id[at]!)) found.push(id[at]!)
  return found
}

export interface SpanTime {
  readonly startUs: number
  readonly endUs: number
}

/** One in progress lasts until the end of what is known. */
export function timeOf({ columns, lengthUs }: SpanTree, row: number): SpanTime {
  const startUs = columns.spans.startUs[row]!
  const durationUs = columns.spans.durationUs[row]!
  return { startUs, endUs: durationUs < 0 ? Math.max(lengthUs, startUs) : startUs + durationUs }
}

/** The parts of a span's own time that one of its children covers, merged, in order. */
export function childTime(tree: SpanTree, row: number): SpanTime[] {
  const own = timeOf(tree, row)
  const times: SpanTime[] = []
  for (let child = row + 1; child < tree.end[row]!; child = tree.end[child]!) {
    const { startUs, endUs } = timeOf(tree, child)
    const from = Math.max(startUs, own.startUs)
    const to = Math.min(endUs, own.endUs)
    if (from < to) times.push({ startUs: from, endUs: to })
  }
  times.sort((a, b) => a.startUs - b.startUs)
  const merged: SpanTime[] = []
  for (const time of times) {
    const last = merged.at(-1)
    if (last && time.startUs <= last.endUs)
      merged[merged.length - 1] = { ...last, endUs: Math.max(last.endUs, time.endUs) }
    else merged.push(time)
  }
  return merged
}

export function selfUs(tree: SpanTree, row: number): number {
  const { startUs, endUs } = timeOf(tree, row)
  return childTime(tree, row).reduce((left, time) => left - (time.endUs - time.startUs), endUs - startUs)
}

/** Where a span lies outside of its parent's time: before it, after it; undefined when it does not. */
export function outside(
  tree: SpanTree,
  row: number,
): { readonly beforeUs: number; readonly afterUs: number } | undefined {
  const parent = tree.columns.spans.parent[row]!
  if (parent < 0) return undefined
  const [own, above] = [timeOf(tree, row), timeOf(tree, parent)]
  const beforeUs = Math.max(0, Math.min(above.startUs, own.endUs) - own.startUs)
  const afterUs = Math.max(0, own.endUs - Math.max(above.endUs, own.startUs))
  return beforeUs > 0 || afterUs > 0 ? { beforeUs, afterUs } : undefined
}
