// What lies on the bars: stretches of the critical path, and events, by row.
import type { SpanTree } from './rows.ts'
import type { SpanMarks } from './WaterfallRow.tsx'

export function marksOf({ columns: { path, events, words } }: SpanTree): ReadonlyMap<number, SpanMarks> {
  const found = new Map<number, { path: (readonly [number, number])[]; events: (readonly [number, string])[] }>()
  const of = (row: number) => {
    const known = found.get(row) ?? { path: [], events: [] }
    found.set(row, known)
    return known
  }
  for (const [at, row] of path.row.entries()) of(row).path.push([path.fromUs[at]!, path.toUs[at]!])
  for (const [at, row] of events.row.entries()) of(row).events.push([events.atUs[at]!, words[events.name[at]!]!])
  for (const marks of found.values()) marks.events.sort((a, b) => a[0] - b[0])
  return found
}
