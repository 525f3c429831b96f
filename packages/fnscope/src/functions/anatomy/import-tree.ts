// Lines of imports, each written at its end and those within it before it, as a tree in time. How long each took is what
// the runtime measured; where it lies is when its line was read, moved so that nothing overlaps. Pure.
import type { ImportLine } from './import-lines.ts'

export interface ImportNode {
  readonly name: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  /** Without the imports within it. */
  readonly selfNanos: bigint
  readonly children: readonly ImportNode[]
}

interface Placed {
  readonly line: ImportLine
  readonly children: readonly Placed[]
}

/** @param bounds everything lies within */
export function importTree(
  lines: readonly ImportLine[],
  bounds: { readonly startNanos: bigint; readonly endNanos: bigint },
): ImportNode[] {
  return place(nest(lines), bounds)
}

function nest(lines: readonly ImportLine[]): Placed[] {
  /** By depth: what awaits the line that it lies in. */
  const open: Placed[][] = []
  for (const line of lines) {
    const children = open[line.depth + 1] ?? []
    open.length = line.depth + 1
    ;(open[line.depth] ??= []).push({ line, children })
  }
  // Those whose outer import never ended: it failed, or still runs.
  return open.flat()
}

const NANOS_PER_MICRO = 1000n

function place(
  siblings: readonly Placed[],
  bounds: { readonly startNanos: bigint; readonly endNanos: bigint },
): ImportNode[] {
  let limit = bounds.endNanos
  const nodes: ImportNode[] = []
  // From the last one back: a line is never read before its import has ended.
  for (const { line, children } of siblings.toReversed()) {
    const tookNanos = BigInt(line.cumulativeMicros) * NANOS_PER_MICRO
    const endNanos = max(bounds.startNanos, min(line.atNanos, limit))
    const startNanos = max(bounds.startNanos, endNanos - tookNanos)
    limit = startNanos
    nodes.push({
      name: line.name,
      startNanos,
      endNanos,
      selfNanos: BigInt(line.selfMicros) * NANOS_PER_MICRO,
      children: place(children, { startNanos, endNanos }),
    })
  }
  return nodes.reverse()
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
