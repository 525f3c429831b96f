// Of a batch the spans that say what calls of functions were made of (function-phases.ts); the other rows are not looked at.
import { FUNCTION_ORIGINS, PHASE_NAMES, type PhaseSpan } from './function-phases.ts'
import { formatHex } from './id.ts'
import { SPAN_FLAG, type SpanBatch } from './span-batch.ts'
import { viewOf, wordsOf } from './column-views.ts'

const PHASES = new Set(PHASE_NAMES)
const ORIGINS = new Set(FUNCTION_ORIGINS)

/** None of traces that were not sampled. */
export function readPhaseSpans(batch: SpanBatch): PhaseSpan[] {
  const origins = batch.origin.words
  const flags = viewOf(batch.flags.bytes())
  const has = (row: number, flag: number): boolean => (flags.getUint16(row * 2, true) & flag) !== 0
  // A batch without functions is told by its words, without a look at its rows.
  const mayBeCold = (): boolean => {
    for (let row = 0; row < batch.rows; row++) if (has(row, SPAN_FLAG.coldStart)) return true
    return false
  }
  if (!origins.some((origin) => ORIGINS.has(origin)) && !mayBeCold()) return []
  const [name, origin, service] = [wordsOf(batch.name), wordsOf(batch.origin), wordsOf(batch.service)]
  const [traceIds, spanIds, parentIds] = [batch.traceId.bytes(), batch.spanId.bytes(), batch.parentId.bytes()]
  const spans: PhaseSpan[] = []
  for (let row = 0; row < batch.rows; row++) {
    const coldStart = has(row, SPAN_FLAG.coldStart)
    if (!(coldStart || ORIGINS.has(origin(row)) || PHASES.has(name(row)))) continue
    if (has(row, SPAN_FLAG.unsampled)) continue
    spans.push({
      traceId: formatHex(traceIds, row * 16, 16),
      spanId: formatHex(spanIds, row * 8, 8),
      parentId: formatHex(parentIds, row * 8, 8),
      name: name(row),
      origin: origin(row),
      service: service(row),
      coldStart,
      startNanos: batch.startNanos.i64(row),
      durationNanos: batch.durationNanos.i64(row),
    })
  }
  return spans
}
