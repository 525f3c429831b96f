// Of a batch the spans at which traces begin, as far as a list shows them; the other rows are not looked at.
import { viewOf, wordsOf } from './column-views.ts'
import { formatHex } from './id.ts'
import { ROOT_RANK, SPAN_FLAG, type SpanBatch } from './span-batch.ts'

export interface RootNote {
  /** 32 hex digits. */
  readonly traceId: string
  readonly startNanos: bigint
  readonly durationNanos: bigint
  readonly service: string
  readonly name: string
  readonly source: string
  readonly httpMethod: string
  /** 0 when unknown. */
  readonly httpStatus: number
  readonly error: boolean
  readonly fault: boolean
  readonly throttle: boolean
}

/** @param most so many, the first; `more` says how many others there are. None of traces that were not sampled */
export function readRoots(
  batch: SpanBatch,
  most: number,
): { readonly roots: readonly RootNote[]; readonly more: number } {
  const ranks = batch.rootRank.bytes()
  const flags = viewOf(batch.flags.bytes())
  const rows: number[] = []
  let more = 0
  for (let row = 0; row < ranks.length; row++) {
    if (ranks[row] !== ROOT_RANK.root || (flags.getUint16(row * 2, true) & SPAN_FLAG.unsampled) !== 0) continue
    if (rows.length < most) rows.push(row)
    else more += 1
  }
  if (rows.length === 0) return { roots: [], more }
  const ids = batch.traceId.bytes()
  const statuses = viewOf(batch.httpStatus.bytes())
  const [service, name] = [wordsOf(batch.service), wordsOf(batch.name)]
  const [source, method] = [wordsOf(batch.source), wordsOf(batch.httpMethod)]
  const roots = rows.map((row): RootNote => {
    const has = (flag: number): boolean => (flags.getUint16(row * 2, true) & flag) !== 0
    return {
      traceId: formatHex(ids, row * 16, 16),
      startNanos: batch.startNanos.i64(row),
      durationNanos: batch.durationNanos.i64(row),
      service: service(row),
      name: name(row),
      source: source(row),
      httpMethod: method(row),
      httpStatus: statuses.getUint16(row * 2, true),
      error: has(SPAN_FLAG.error),
      fault: has(SPAN_FLAG.fault),
      throttle: has(SPAN_FLAG.throttle),
    }
  })
  return { roots, more }
}
