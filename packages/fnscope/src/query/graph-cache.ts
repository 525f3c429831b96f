// Stored stretches of the graph that were read before, sums of them, and the last answer: a version never changes, and the
// next question is mostly for the same hours. Bounded, and let go when nobody asks for a while.
import { type GraphPeriod, type GraphRows } from '../span/graph-rows.ts'
import { NodeTable } from '../span/graph-spans.ts'
import type { Reader, StoredPeriod } from '../store/store.ts'
import { orderGraph, type OrderedGraph } from './graph-order.ts'
import { GraphSum } from './graph-statistics.ts'

const MAX_BYTES = 48 * 1024 * 1024
const MAX_NODES = 50_000
const IDLE_MS = 60_000
/** Stretches that are summed together: of a range that moves on only the first and the last sum are made anew. */
const GROUP_NANOS = 600_000_000_000n

interface Entry {
  readonly pieces: readonly GraphRows[]
  readonly bytes: number
}

export class GraphCache {
  /** Of all rows in it. */
  #nodes = new NodeTable()
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #last: { readonly key: string; readonly graph: OrderedGraph } | undefined
  #idle: NodeJS.Timeout | undefined

  /**
   * The graph of the periods, none of which is over another, and of what is derived. The same object as the last time when
   * it is of the same.
   */
  async graph(
    reader: Pick<Reader, 'readGraph'>,
    periods: readonly StoredPeriod[],
    derived: readonly GraphRows[],
  ): Promise<OrderedGraph> {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#clear(), IDLE_MS)
    this.#idle.unref()
    const key = periods.map(keyOf).join(',')
    const some = derived.filter(({ size }) => size > 0)
    if (some.length === 0 && this.#last?.key === key) return this.#last.graph
    const nodes = this.#nodes
    const groups = Map.groupBy(periods, ({ startNanos }) => startNanos - (startNanos % GROUP_NANOS))
    const parts = await this.#read(reader, periods, [...groups.values()], nodes)
    const graph = orderGraph(sumOf([...parts, ...some], nodes))
    if (some.length === 0 && nodes === this.#nodes) this.#last = { key, graph }
    if (nodes.keys.length > MAX_NODES) this.#clear()
    return graph
  }

  /** Rows of the groups: their sums, where one is of several stretches. */
  async #read(
    reader: Pick<Reader, 'readGraph'>,
    periods: readonly StoredPeriod[],
    groups: readonly (readonly StoredPeriod[])[],
    nodes: NodeTable,
  ): Promise<GraphRows[]> {
    const sums = groups.map((group) => (group.length > 1 ? this.#use(group.map(keyOf).join(',')) : undefined))
    const needed = groups.filter((_, i) => sums[i] === undefined).flat()
    const found = new Map<GraphPeriod, readonly GraphRows[]>()
    for (const period of needed) {
      const pieces = this.#use(keyOf(period))
      if (pieces) found.set(period, pieces)
    }
    const missing = needed.filter((period) => !found.has(period))
    if (missing.length > 0) {
      for (const [period, pieces] of await reader.readGraph(missing, nodes)) {
        found.set(period, pieces)
        this.#keep(keyOf(period), pieces, nodes)
      }
    }
    return groups.flatMap((group, i) => {
      const sum = sums[i]
      if (sum !== undefined) return sum
      const pieces = group.flatMap((period) => found.get(period) ?? [])
      if (group.length === 1) return pieces
      const summed = [sumOf(pieces, nodes)]
      this.#keep(group.map(keyOf).join(','), summed, nodes)
      return summed
    })
  }

  #use(key: string): readonly GraphRows[] | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    // The last used is the last to go.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.pieces
  }

  #keep(key: string, pieces: readonly GraphRows[], nodes: NodeTable): void {
    // Meanwhile it may have been cleared.
    if (nodes !== this.#nodes || this.#entries.has(key)) return
    const bytes = pieces.reduce(
      (sum, rows) => sum + rows.size * 80 + rows.codes.byteLength + rows.counts.byteLength,
      200,
    )
    this.#entries.set(key, { pieces, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= MAX_BYTES) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }

  #clear(): void {
    this.#nodes = new NodeTable()
    this.#entries.clear()
    this.#bytes = 0
    this.#last = undefined
  }
}

function sumOf(parts: readonly GraphRows[], nodes: NodeTable): GraphRows {
  const sum = new GraphSum(parts[0]?.baseNanos ?? 0n, nodes)
  for (const rows of parts) sum.addRows(rows)
  return sum.rows()
}

function keyOf({ seconds, startNanos, version }: StoredPeriod): string {
  return `${seconds} ${startNanos} ${version}`
}

const caches = new WeakMap<object, GraphCache>()

/** One for each store. */
export function cacheOf(reader: object): GraphCache {
  let cache = caches.get(reader)
  if (!cache) caches.set(reader, (cache = new GraphCache()))
  return cache
}
