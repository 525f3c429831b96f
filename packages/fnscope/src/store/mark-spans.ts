// What only the batch in which spans came can tell, as bits of their flags, before they are stored: lists know by them of
// which traces rows of `roots` say all, and which traces may lack a span, without looking at the spans.
import { viewOf } from '../span/column-views.ts'
import { SPAN_FLAG, type SpanBatch } from '../span/span-batch.ts'

/** Their SDKs send a span once, when it has ended, under an id of its own. */
const SENT_ONCE: ReadonlySet<string> = new Set(['otlp', 'datadog', 'jaeger', 'dataway'])

/** Nobody can send ids that all fall into one slot. */
const SEED = globalThis.crypto.getRandomValues(new Uint32Array(1))[0]! | 0

/** Of the ids of one batch, by trace and span: a slot holds row + 1, 0 when it is free. Used again. */
let slots = new Uint32Array(2 ** 12)

/** Sets SPAN_FLAG.revisable, SPAN_FLAG.apart and SPAN_FLAG.told of each row. */
export function markSpans(spans: SpanBatch): void {
  const { rows } = spans
  if (rows === 0) return
  const flags = spans.flags.bytes()
  const isRevisable = spans.source.words.map((word) => !SENT_ONCE.has(word))
  const sources = viewOf(spans.source.indexBytes())
  const ids = idsOf(spans)
  for (let row = 0; row < rows; row++) {
    let more = isRevisable[sources.getUint32(row * 4, true)] === true ? SPAN_FLAG.revisable : 0
    const isSegment = (flags[row * 2]! & SPAN_FLAG.segment) !== 0
    if (!isSegment && !ids.isZeroParent(row) && !ids.hasParent(row)) more |= SPAN_FLAG.apart
    flags[row * 2] = flags[row * 2]! | (more & 0xff)
    flags[row * 2 + 1] = flags[row * 2 + 1]! | (more >>> 8)
  }
  const mark = (row: number): void => {
    flags[row * 2 + 1]! |= SPAN_FLAG.told >>> 8
  }
  spans.cause.eachText(mark)
  spans.events.eachText(mark)
}

interface BatchIds {
  readonly isZeroParent: (row: number) => boolean
  readonly hasParent: (row: number) => boolean
}

function idsOf(spans: SpanBatch): BatchIds {
  const traces = viewOf(spans.traceId.bytes())
  const own = viewOf(spans.spanId.bytes())
  const parents = viewOf(spans.parentId.bytes())
  const size = 2 ** Math.ceil(Math.log2(spans.rows * 2))
  if (slots.length < size) slots = new Uint32Array(size)
  else slots.fill(0, 0, size)
  const mask = size - 1
  const isOfTrace = (row: number, other: number): boolean =>
    traces.getUint32(row * 16 + 12) === traces.getUint32(other * 16 + 12) &&
    traces.getUint32(row * 16 + 8) === traces.getUint32(other * 16 + 8) &&
    traces.getUint32(row * 16 + 4) === traces.getUint32(other * 16 + 4) &&
    traces.getUint32(row * 16) === traces.getUint32(other * 16)
  /** Of the span with that id in the trace of `row`: its slot, or the free one. */
  const find = (row: number, id: DataView): number => {
    const [high, low] = [id.getUint32(row * 8), id.getUint32(row * 8 + 4)]
    let at = mixed(traces.getUint32(row * 16 + 12), high, low) & mask
    for (; slots[at] !== 0; at = (at + 1) & mask) {
      const other = slots[at]! - 1
      if (own.getUint32(other * 8 + 4) === low && own.getUint32(other * 8) === high && isOfTrace(row, other)) break
    }
    return at
  }
  for (let row = 0; row < spans.rows; row++) slots[find(row, own)] = row + 1
  return {
    isZeroParent: (row) => parents.getUint32(row * 8) === 0 && parents.getUint32(row * 8 + 4) === 0,
    hasParent: (row) => slots[find(row, parents)] !== 0,
  }
}

function mixed(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ SEED ^ Math.imul(b, 0x85ebca6b), 0xc2b2ae35) ^ Math.imul(c, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
