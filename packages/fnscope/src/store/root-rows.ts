// Rows of `roots`: the listed spans in order of time, as far as lists want them.
import { SPAN_FLAG } from '../span/span-batch.ts'
import { fixedColumn, textColumn, wordColumn, type NativeBlock } from './native-read.ts'
import type { TraceDetails } from './store.ts'

type Root = TraceDetails['root']

export interface RootRow {
  readonly traceId: string
  readonly startNanos: bigint
  readonly rank: number
  /** Only when a condition was asked for: does the row meet it? */
  readonly met: boolean
  /** Only with the root. */
  readonly receivedNanos: bigint
  /** Only when its columns were asked for. */
  readonly root: Root | undefined
}

const PLACE = 'trace_id, start_nanos, root_rank'
const DETAILS =
  'service, name, source, origin, kind, duration_nanos, flags, http_method, http_url, http_status, received_nanos'

/** `met`: a condition that each row is to be asked. */
export function rootColumns(details: boolean, met?: string): string {
  const columns = details ? `${PLACE}, ${DETAILS}` : PLACE
  return met === undefined ? columns : `${columns}, if(${met}, 1, 0) AS met`
}

export function rootRowsOf(blocks: readonly NativeBlock[], details: boolean): RootRow[] {
  return blocks.flatMap((block) => {
    const ids = fixedColumn(block, 'trace_id')
    const starts = fixedColumn(block, 'start_nanos')
    const ranks = fixedColumn(block, 'root_rank')
    const met = block.columns.has('met') ? fixedColumn(block, 'met') : undefined
    const detail = details ? detailReader(block) : undefined
    const received = details ? fixedColumn(block, 'received_nanos') : undefined
    return Array.from({ length: block.rows }, (_, row) => ({
      traceId: ids.hex(row),
      startNanos: starts.i64(row),
      rank: ranks.u8(row),
      met: met?.u8(row) === 1,
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
