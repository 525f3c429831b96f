// An initialization as a flame graph: where each part stands, in percent of what is shown, and how the keyboard goes from
// one to another. No drawing.
import type { ConsoleColdStartPart } from '../../../fnscope/src/api/console-types.ts'

export interface FlameBar {
  readonly part: ConsoleColdStartPart
  readonly depth: number
  /** Place of the part that it lies in; -1 for none. */
  readonly parent: number
}

/** All parts, each before what lies in it, in order of time. */
export function flameBars(parts: readonly ConsoleColdStartPart[]): FlameBar[] {
  const bars: FlameBar[] = []
  const add = (part: ConsoleColdStartPart, depth: number, parent: number): void => {
    const place = bars.push({ part, depth, parent }) - 1
    for (const child of part.children.toSorted(byTime)) add(child, depth + 1, place)
  }
  for (const part of parts.toSorted(byTime)) add(part, 0, -1)
  return bars
}

const byTime = (a: ConsoleColdStartPart, b: ConsoleColdStartPart): number => a.offsetMs - b.offsetMs

export interface FlameView {
  readonly fromMs: number
  readonly ms: number
}

/** From the start of the first part to the end of the last. */
export function wholeView(bars: readonly FlameBar[]): FlameView {
  const fromMs = Math.min(...bars.map(({ part }) => part.offsetMs))
  return { fromMs, ms: Math.max(...bars.map(({ part }) => part.offsetMs + part.ms)) - fromMs }
}

/** Shorter ones would not be seen. */
const LEAST_PERCENT = 0.1

/** Undefined where nothing of it would be seen. */
export function placeIn(
  { part }: FlameBar,
  { fromMs, ms }: FlameView,
): { readonly left: number; readonly width: number } | undefined {
  const percent = (at: number): number => Math.min(100, Math.max(0, ((at - fromMs) / ms) * 100))
  const left = percent(part.offsetMs)
  const width = percent(part.offsetMs + part.ms) - left
  return width < LEAST_PERCENT ? undefined : { left, width }
}

/** Up is what a part lies in, down its first part, left and right those beside it; undefined: another key. */
export function stepFrom(bars: readonly FlameBar[], at: number, key: string): number | undefined {
  const here = bars[at]
  if (here === undefined) return key.startsWith('Arrow') || key === 'Home' || key === 'End' ? 0 : undefined
  const beside = bars.flatMap(({ parent }, place) => (parent === here.parent ? [place] : []))
  const own = beside.indexOf(at)
  const below = bars.findIndex(({ parent }) => parent === at)
  const steps: Readonly<Record<string, number>> = {
    ArrowUp: here.parent === -1 ? at : here.parent,
    ArrowDown: below === -1 ? at : below,
    ArrowLeft: beside[own - 1] ?? at,
    ArrowRight: beside[own + 1] ?? at,
    Home: 0,
    End: bars.length - 1,
  }
  return steps[key]
}
