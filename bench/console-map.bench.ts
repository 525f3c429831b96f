// How long the console's service map takes to be laid out: 300 nodes and 580 edges, as a tree of services, as such a tree
// with calls back (circles), and as many small parts. Over the limit of 100 ms it fails.
//   node bench/console-map.bench.ts     RUNS=15
import { layout, type LayoutEdge } from '../packages/ui/src/map/layout.ts'
import { load, quantiles, report } from './measure.ts'

const RUNS = Number(process.env['RUNS'] ?? 15)
const NODES = 300
const EDGES = 580
const LIMIT_MS = 100

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}

/** Callers have smaller numbers than what they call, but for the calls back. */
function graph(back: number): LayoutEdge[] {
  const next = random(7)
  const below = (end: number): number => Math.floor(next() * end)
  const edges = Array.from({ length: NODES - 1 }, (_, at) => ({ from: below(at + 1), to: at + 1 }))
  while (edges.length < EDGES) {
    const [a, b] = [below(NODES), below(NODES)]
    const [from, to] = a < b === next() >= back ? [a, b] : [b, a]
    edges.push({ from, to })
  }
  return edges
}

const GRAPHS: Readonly<Record<string, readonly LayoutEdge[]>> = {
  tree: graph(0),
  circles: graph(0.3),
  parts: Array.from({ length: NODES / 2 }, (_, at) => ({ from: 2 * at, to: 2 * at + 1 })),
}

const figures: Record<string, { readonly firstMs: number; readonly ms: ReturnType<typeof quantiles> }> = {}
for (const [name, edges] of Object.entries(GRAPHS)) {
  const samples = Array.from({ length: RUNS }, () => {
    const began = performance.now()
    layout({ nodes: NODES, edges })
    return performance.now() - began
  })
  figures[name] = { firstMs: Number(samples[0]!.toFixed(3)), ms: quantiles(samples.slice(1)) }
}
report('console-map', { nodes: NODES, edges: EDGES, runs: RUNS, limitMs: LIMIT_MS, figures, load: load() })
const over = Object.entries(figures).filter(([, { ms }]) => ms.p50 > LIMIT_MS)
if (over.length > 0) throw new Error(`over ${LIMIT_MS} ms: ${over.map(([name]) => name).join(', ')}`)
