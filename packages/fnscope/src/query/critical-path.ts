// The critical path of a trace: at every moment of its time the one span that, had it been shorter, would have made the
// trace end earlier. Walked backwards from the end: the child that ended last before what follows it is waited for.
// What goes on after its parent has gone (asynchronous calls) is waited for by nobody.
import type { Span } from '../span/span.ts'
import type { TraceIndex } from './trace-index.ts'

/** A stretch of time in which `span` itself, and none of its children, was waited for. */
export interface CriticalStretch {
  readonly span: Span
  readonly startNanos: bigint
  readonly endNanos: bigint
}

interface Frame {
  readonly span: Span | undefined
  readonly from: bigint
  /** What lies after it is settled. */
  cursor: bigint
  /** By end, the last one first. */
  readonly children: readonly Span[]
  next: number
}

/** In order of time, without gaps in a span's own time. A span in progress goes on until `endNanos`. */
export function criticalPath(index: TraceIndex, endNanos: bigint): CriticalStretch[] {
  const endOf = (span: Span): bigint => span.endNanos ?? endNanos
  const byEnd = (spans: readonly Span[]): readonly Span[] =>
    spans.toSorted((a, b) => (endOf(a) === endOf(b) ? 0 : endOf(a) > endOf(b) ? -1 : 1))
  const tops = index.spans.filter((span) => !index.parents.has(span))
  const first = tops[0]
  if (first === undefined) return []
  const found: CriticalStretch[] = []
  const stretch = (span: Span | undefined, startNanos: bigint, end: bigint): void => {
    if (span !== undefined && startNanos < end) found.push({ span, startNanos, endNanos: end })
  }
  // Without recursion: a trace may be as deep as it is long.
  const frames: Frame[] = [
    { span: undefined, from: first.startNanos, cursor: endNanos, children: byEnd(tops), next: 0 },
  ]
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const child = frame.cursor > frame.from ? frame.children[frame.next++] : undefined
    if (child === undefined) {
      stretch(frame.span, frame.from, frame.cursor)
      frames.pop()
      continue
    }
    const end = endOf(child) < frame.cursor ? endOf(child) : frame.cursor
    const from = child.startNanos > frame.from ? child.startNanos : frame.from
    if (from >= end) continue
    // What its parent outlived it by is the parent's own; what outlived its parent is nobody's.
    stretch(frame.span, end, frame.cursor)
    frame.cursor = from
    frames.push({ span: child, from, cursor: end, children: byEnd(index.children.get(child) ?? []), next: 0 })
  }
  return found.reverse()
}
