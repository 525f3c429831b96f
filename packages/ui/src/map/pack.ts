// The parts of a map that no call joins: which they are, and where each stands so that the whole is about as wide as a
// screen.
import type { Layout, LayoutInput, Point } from './layout.ts'

export interface Component {
  /** Of the whole map. */
  readonly nodes: readonly number[]
  readonly edges: readonly number[]
}

/** The largest first; alike ones by their first node. */
export function componentsOf({ nodes, edges }: LayoutInput): readonly Component[] {
  const above = Int32Array.from({ length: nodes }, (_, node) => node)
  const rootOf = (node: number): number => {
    let at = node
    while (above[at] !== at) at = above[at] = above[above[at]!]!
    return at
  }
  for (const { from, to } of edges) above[rootOf(from)] = rootOf(to)
  const found = new Map<number, { readonly nodes: number[]; readonly edges: number[] }>()
  for (let node = 0; node < nodes; node++) {
    const root = rootOf(node)
    const component = found.get(root)
    if (component) component.nodes.push(node)
    else found.set(root, { nodes: [node], edges: [] })
  }
  for (const [edge, { from }] of edges.entries()) found.get(rootOf(from))!.edges.push(edge)
  return [...found.values()].sort((a, b) => b.nodes.length - a.nodes.length || a.nodes[0]! - b.nodes[0]!)
}

/** Width to height of what is aimed at. */
const ASPECT = 1.7

/** Shelves, each as high as its first component. */
export function packed(input: LayoutInput, components: readonly Component[], laid: readonly Layout[]): Layout {
  const area = laid.reduce((sum, { width, height }) => sum + width * height, 0)
  const widest = Math.max(...laid.map(({ width }) => width), Math.sqrt(area * ASPECT))
  const points: Point[] = Array.from({ length: input.nodes })
  const bends: (readonly Point[])[] = Array.from({ length: input.edges.length })
  let [x, y, shelf, width] = [0, 0, 0, 0]
  for (const [at, component] of components.entries()) {
    const own = laid[at]!
    if (x > 0 && x + own.width > widest) [x, y, shelf] = [0, y + shelf, 0]
    const moved = (point: Point): Point => ({ x: point.x + x, y: point.y + y })
    for (const [index, node] of component.nodes.entries()) points[node] = moved(own.points[index]!)
    for (const [index, edge] of component.edges.entries()) bends[edge] = own.bends[index]!.map(moved)
    x += own.width
    shelf = Math.max(shelf, own.height)
    width = Math.max(width, x)
  }
  return { points, bends, width, height: y + shelf }
}
