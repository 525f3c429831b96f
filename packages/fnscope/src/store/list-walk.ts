// What a walk through the list is about, for the files that share it: list-traces.ts goes, list-steps.ts reads rows,
// list-standing.ts keeps those at which traces stand, list-windows.ts says how far.
import type { Connection } from './connection.ts'
import type { Window } from './list-ranges.ts'
import type { OpenSpans } from './open-spans.ts'
import type { TraceListOptions } from './store.ts'
import type { SureRule } from './sure-traces.ts'
import type { DurationQuery } from './trace-duration.ts'
import type { TraceQuery } from './trace-query.ts'

export interface Walk {
  readonly connection: Connection
  readonly openSpans: OpenSpans
  readonly options: TraceListOptions
  readonly where: TraceQuery | undefined
  /** Of `where`, what is asked of the traces that meet the rest, not of all: it looks at every span of theirs. */
  readonly deep: readonly TraceQuery[]
  /** The trace's whole duration: known with its place, so that the newest need not be asked for it. */
  readonly durations: readonly DurationQuery[]
  readonly sure: SureRule | undefined
  readonly bounds: Window
}

/**
 * check: the newest rows are taken as they come, and those of them looked at that may be in the list: what is common is
 * found at once. select: the engine looks for rows with such a trace, which for something common would be a set of all.
 */
export type Way = 'check' | 'select'
