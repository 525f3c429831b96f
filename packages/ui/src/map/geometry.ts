// What a node and an edge of the map look like in numbers: the ring's shares, an edge's width and path.
import type { ConsoleCalls } from '../../../fnscope/src/api/console-types.ts'
import type { Point } from './layout.ts'

export const RING_PX = 22
const STROKE_LEAST = 1.2
const STROKE_MOST = 7

export const RING_STATUSES = ['ok', 'error', 'throttle', 'fault'] as const
export type RingStatus = (typeof RING_STATUSES)[number]

export interface RingPart {
  readonly status: RingStatus
  /** Shares of the ring, from the top, clockwise: 0 to 1. */
  readonly from: number
  readonly to: number
}

/** A share that is there is seen. */
const LEAST_SHARE = 0.03

/** The ring of a node, its parts in order; together whole. Nothing without calls. */
export function ringParts(calls: Pick<ConsoleCalls, RingStatus> | undefined): RingPart[] {
  if (calls === undefined) return []
  const total = RING_STATUSES.reduce((sum, status) => sum + calls[status], 0)
  if (total === 0) return []
  const shares = RING_STATUSES.map((status) => (calls[status] === 0 ? 0 : Math.max(LEAST_SHARE, calls[status] / total)))
  const whole = shares.reduce((sum, share) => sum + share, 0)
  let from = 0
  return RING_STATUSES.flatMap((status, index) => {
    const share = shares[index]! / whole
    if (share === 0) return []
    const part = { status, from, to: from + share }
    from += share
    return [part]
  })
}

/** Pixels: by the order of magnitude of the rate. */
export function edgeWidth(perSecond: number): number {
  return Math.min(STROKE_MOST, STROKE_LEAST + Math.log10(1 + perSecond * 60) * 1.4)
}

/** From ring to ring through its bends; a call of oneself is a loop above the node. */
export function edgePath(from: Point, to: Point, bends: readonly Point[]): string {
  if (from.x === to.x && from.y === to.y && bends.length === 0) {
    const top = from.y - RING_PX
    return `M ${from.x - 8} ${top} C ${from.x - 34} ${top - 44}, ${from.x + 34} ${top - 44}, ${from.x + 8} ${top}`
  }
  const forwards = to.x >= from.x
  const gap = RING_PX + 4
  // In one rank the curve leaves and arrives at the right side: straight down it would run through the nodes between.
  const side = to.x === from.x ? 1 : forwards ? 1 : -1
  const start = { x: from.x + gap * side, y: from.y }
  const end = { x: to.x - gap * (to.x === from.x ? -1 : side), y: to.y }
  let path = `M ${start.x} ${start.y}`
  let last = start
  for (const point of [...bends, end]) {
    const reach = to.x === from.x ? 60 : (point.x - last.x) / 2
    const back = to.x === from.x ? -60 : reach
    path += ` C ${last.x + reach} ${last.y}, ${point.x - back} ${point.y}, ${point.x} ${point.y}`
    last = point
  }
  return path
}

/** In the middle of the way: where an edge's label stands. */
export function edgeMiddle(from: Point, to: Point, bends: readonly Point[]): Point {
  const points = [from, ...bends, to]
  const at = (points.length - 1) / 2
  const [a, b] = [points[Math.floor(at)]!, points[Math.ceil(at)]!]
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}
