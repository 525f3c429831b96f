// Rows of `roots`: the listed spans in order of time, as far as lists want them.
import { SPAN_FLAG } from '../span/span-batch.ts'
import { fixedColumn, textColumn, wordColumn, type NativeBlock } from './native-read.ts'
import type { TraceDetails } from './store.ts'

type Root = TraceDetails['root']

export interface RootRow {
  readonly traceId: string
  readonly startNanos: bigint
  readonly rank: number
  /** Does the row meet the conditions that were asked for? */
  readonly met: RowAnswers
  /** Only with the root. */
  readonly receivedNanos: bigint
  /** Only when its columns were asked for. */
  readonly root: Root | undefined
}

/** Conditions that each row is to be asked, as SQL. */
export interface RowConditions {
  /** By itself it brings its trace into the list. */
  readonly where?: string | undefined
  /** As SureRule has them. */
  readonly any?: string | undefined
  readonly standing?: string | undefined
}

/** What was not asked is false, but for `standing`: nothing is wanted of that row. */
type RowAnswers = Readonly<Record<keyof RowConditions, boolean>>

const PLACE = 'trace_id, start_nanos, root_rank'
const DETAILS =
  'service, name, source, origin, kind, duration_nanos, flags, http_method, http_url, http_status, received_nanos'

export function rootColumns(details: boolean, { where, any, standing }: RowConditions = {}): string {
  const asked = { where_met: where, any_met: any, standing_met: standing }
  return [
    PLACE,
    ...(details ? [DETAILS] : []),
    ...Object.entries(asked).flatMap(([name, sql]) => (sql === undefined ? [] : [`if(${sql}, 1, 0) AS ${name}`])),
  ].join(', ')
}

export function rootRowsOf(blocks: readonly NativeBlock[], details: boolean): RootRow[] {
  return blocks.flatMap((block) => {
    const ids = fixedColumn(block, 'trace_id')
    const starts = fixedColumn(block, 'start_nanos')
    const ranks = fixedColumn(block, 'root_rank')
    const answers = (name: string, otherwise: boolean): ((row: number) => boolean) => {
      if (!block.columns.has(name)) return () => otherwise
      const column = fixedColumn(block, name)
      return (row) => column.u8(row) === 1
    }
    const [where, any, standing] = [
      answers('where_met', false),
      answers('any_met', false),
      answers('standing_met', true),
    ]
    const detail = details ? detailReader(block) : undefined
    const received = details ? fixedColumn(block, 'received_nanos') : undefined
    return Array.from({ length: block.rows }, (_, row) => ({
      traceId: ids.hex(row),
      startNanos: starts.i64(row),
      rank: ranks.u8(row),
      met: { where: where(row), any: any(row), standing: standing(row) },
      receivedNanos: received?.i64(row) ?? 0n,
      root: detail?.(row),
    }))
  })
}

/** Newest first; of one trace's rows at one time the best rank first, where it may stand, and of copies the newest received. */
export function sortRootRows(rows: RootRow[]): RootRow[] {
  return rows.sort((a, b) => {
    if (a.startNanos !== b.startNanos) return a.startNanos > b.startNanos ? -1 : 1
    if (a.traceId !== b.traceId) return a.traceId > b.traceId ? -1 : 1
    if (a.rank !== b.rank) return a.rank - b.rank
    return a.receivedNanos === b.receivedNanos ? 0 : a.receivedNanos > b.receivedNanos ? -1 : 1
  })
}

function detailReader(block: NativeBlock): (row: number) => Root {
  const service = wordColumn(block, 'service')
  const name = wordColumn(block, 'name')
  const source = wordColumn(block, 'source')
  const origin = wordColumn(block, 'origin')
  const kind = fixedColumn(block, 'kind')
  const duration = fixedColumn(block, 'duration_nanos')
  const flags = fixedColumn(block, 'flags')
  const method = wordColumn(block, 'http_method')
  const url = textColumn(block, 'http_url')
  const status = fixedColumn(block, 'http_status')
  return (row) => ({
    service: service.text(row),
    name: name.text(row),
    source: source.text(row),
    origin: origin.text(row),
    kind: kind.u8(row),
    durationNanos: duration.i64(row),
    error: (flags.u16(row) & SPAN_FLAG.error) !== 0,
    fault: (flags.u16(row) & SPAN_FLAG.fault) !== 0,
    throttle: (flags.u16(row) & SPAN_FLAG.throttle) !== 0,
    httpMethod: method.text(row),
    httpUrl: url.text(row),
    httpStatus: status.u16(row),
  })
}
