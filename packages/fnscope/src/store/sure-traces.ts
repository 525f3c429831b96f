// Of which traces of a list the tables alone tell that they are in it: TraceRow.isSure. A trace is settled where its spans,
// read whole, would say what its rows do.
import { ROOT_RANK, SPAN_FLAG } from '../span/span-batch.ts'
import { checkTraces } from './check-traces.ts'
import { isOfRow, metByRow } from './compile-trace.ts'
import type { Connection } from './connection.ts'
import { fixedColumn } from './native-read.ts'
import type { OpenSpans } from './open-spans.ts'
import { smallRead } from './small-read.ts'
import { inTraces } from './trace-ids.ts'
import type { TracePlace } from './trace-places.ts'
import { isOfDuration, type DurationQuery } from './trace-duration.ts'
import type { SpanQuery, TraceQuery } from './trace-query.ts'

/** What a settled trace must meet yet, by what it takes to know. */
export interface SureRule {
  /** Of the row at which the trace stands. */
  readonly standing: SpanQuery | undefined
  /** Of any row of the trace: enough, and not needed. */
  readonly any: SpanQuery | undefined
  readonly durations: readonly DurationQuery[]
  /** What no row shows, `any` too: the engine is asked of these traces. */
  readonly others: TraceQuery | undefined
}

export function sureRule(query: TraceQuery): SureRule {
  const conditions = query.is === 'and' ? query.of : [query]
  const durations = conditions.filter((one) => one.is === 'duration')
  const ofRow = conditions.flatMap((one) => (one.is === 'root' && isOfRow(one) ? [one.where] : []))
  const others = conditions.filter((one) => one.is !== 'duration' && !(one.is === 'root' && isOfRow(one)))
  const rest: TraceQuery | undefined = others.length === 0 ? undefined : { is: 'and', of: others }
  return {
    standing: ofRow.length === 0 ? undefined : { is: 'and', of: ofRow },
    any: rest && metByRow(rest),
    durations,
    others: rest,
  }
}

/**
 * Those of the traces that are settled and meet the rule, but for what their standing rows say.
 * @param shown traces of which a row showed `any`
 */
export async function sureTraces(
  connection: Connection,
  openSpans: OpenSpans,
  rule: SureRule,
  places: readonly TracePlace[],
  shown: ReadonlySet<string>,
): Promise<Set<string>> {
  const asked = places.filter((one) => rule.durations.every((test) => isOfDuration(one, test)))
  const settled = await settledAmong(connection, openSpans, asked)
  const doubtful = rule.others === undefined ? [] : settled.filter(({ traceId }) => !shown.has(traceId))
  const met = rule.others === undefined ? shown : await checkTraces(connection, doubtful, rule.others)
  return new Set(
    settled.flatMap(({ traceId }) =>
      rule.others === undefined || shown.has(traceId) || met.has(traceId) ? [traceId] : [],
    ),
  )
}

export async function settledAmong(
  connection: Connection,
  openSpans: OpenSpans,
  places: readonly TracePlace[],
): Promise<TracePlace[]> {
  const settled = places.filter(isSettled)
  const open = await openAmong(connection, openSpans, settled)
  return settled.filter(({ traceId }) => !open.has(traceId))
}

function isSettled({ rank, flags }: TracePlace): boolean {
  return rank === ROOT_RANK.root && (flags & (SPAN_FLAG.revisable | SPAN_FLAG.unsampled)) === 0
}

async function openAmong(
  connection: Connection,
  openSpans: OpenSpans,
  places: readonly TracePlace[],
): Promise<Set<string>> {
  if (places.length === 0 || !(await openSpans.mayBe())) return new Set()
  const traceIds = places.map(({ traceId }) => traceId)
  const blocks = await connection.queryNative(
    `SELECT trace_id FROM ${connection.database}.open_spans WHERE trace_id ${inTraces(traceIds)}
     SETTINGS ${smallRead(connection)}`,
    { traceIds },
  )
  return new Set(
    blocks.flatMap((block) => {
      const ids = fixedColumn(block, 'trace_id')
      return Array.from({ length: block.rows }, (_, row) => ids.hex(row))
    }),
  )
}
