// Where an arrow key leads on the map: right to what a node calls, left to who calls it, up and down within its rank.
import type { ConsoleMapEdge } from '../../../fnscope/src/api/console-types.ts'
import type { Point } from './layout.ts'

export type Arrow = 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown'
export const ARROWS: readonly string[] = ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']

/** The next node; the same one where there is none that way. */
export function walk(
  at: number,
  arrow: Arrow,
  { points, edges }: { readonly points: readonly Point[]; readonly edges: readonly ConsoleMapEdge[] },
): number {
  const here = points[at]
  if (here === undefined) return at
  const sideways = arrow === 'ArrowRight' || arrow === 'ArrowLeft'
  const along = edges
    .filter(({ from, to }) => from !== to && (arrow === 'ArrowRight' ? from === at : to === at))
    .map(({ from, to }) => (arrow === 'ArrowRight' ? to : from))
  const down = arrow === 'ArrowDown'
  const beside = points.flatMap(({ x, y }, node) => (x === here.x && (down ? y > here.y : y < here.y) ? [node] : []))
  const distance = (node: number): number => Math.abs(points[node]!.y - here.y)
  const nearest = (sideways ? along : beside).toSorted((a, b) => distance(a) - distance(b))
  return nearest[0] ?? at
}
