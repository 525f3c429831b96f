// Stored stretches of the graph that were read before: a version never changes, and the next question is mostly for the
// same hours. Bounded, and let go when nobody asks for a while.
import type { GraphRows } from '../span/graph-rows.ts'
import { NodeTable } from '../span/graph-spans.ts'
import type { Reader, StoredPeriod } from '../store/store.ts'

const MAX_BYTES = 48 * 1024 * 1024
const MAX_NODES = 50_000
const IDLE_MS = 60_000

interface Entry {
  readonly pieces: readonly GraphRows[]
  readonly bytes: number
}

export class GraphCache {
  /** Of all rows in it. */
  nodes = new NodeTable()
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #idle: NodeJS.Timeout | undefined

  async read(reader: Pick<Reader, 'readGraph'>, periods: readonly StoredPeriod[]): Promise<GraphRows[]> {
    const nodes = this.nodes
    const found: GraphRows[] = []
    const missing: StoredPeriod[] = []
    for (const period of periods) {
      const key = keyOf(period)
      const entry = this.#entries.get(key)
      if (entry === undefined) {
        missing.push(period)
        continue
      }
      // The last used is the last to go.
      this.#entries.delete(key)
      this.#entries.set(key, entry)
      found.push(...entry.pieces)
    }
    if (missing.length > 0) {
      for (const [period, pieces] of await reader.readGraph(missing, nodes)) {
        found.push(...pieces)
        if (nodes === this.nodes) this.#keep(keyOf(period), pieces)
      }
    }
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#clear(), IDLE_MS)
    this.#idle.unref()
    if (this.nodes.keys.length > MAX_NODES) this.#clear()
    return found
  }

  #keep(key: string, pieces: readonly GraphRows[]): void {
    const bytes = pieces.reduce((sum, rows) => sum + rows.size * 80 + rows.codes.length * 6, 200)
    this.#entries.set(key, { pieces, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= MAX_BYTES) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }

  #clear(): void {
    this.nodes = new NodeTable()
    this.#entries.clear()
    this.#bytes = 0
  }
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
