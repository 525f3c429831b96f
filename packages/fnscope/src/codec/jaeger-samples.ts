// For tests of Jaeger's codecs: batches of jaeger.thrift from little, and what was decoded of bytes.
import type { Attributes, AttributeValue } from '../span/attribute-value.ts'
import { readSpans } from '../span/read-span.ts'
import { SpanBatch } from '../span/span-batch.ts'
import type { Span } from '../span/span.ts'
import type { RowContext } from './span-row-writer.ts'
import type { Taken } from './taken.ts'
import type { ThriftStruct, ThriftValue } from './thrift-samples.ts'

export const CONTEXT: RowContext = {
  receivedNanos: 1_800_000_000_000_000_000n,
  bounds: { minNanos: 1n, maxNanos: 1n << 62n },
}

export interface SampleSpan {
  readonly traceLow?: bigint
  readonly traceHigh?: bigint
  readonly spanId?: bigint
  readonly parentId?: bigint
  readonly name?: string
  readonly references?: readonly SampleReference[]
  readonly flags?: number
  readonly startMicros?: bigint
  readonly durationMicros?: bigint
  readonly tags?: Attributes
  readonly logs?: readonly { readonly micros: bigint; readonly fields: Attributes }[]
}

export interface SampleReference {
  readonly type: number
  readonly traceLow: bigint
  readonly traceHigh?: bigint
  readonly spanId: bigint
}

export const START_MICROS = 1_795_248_398_461_823n

export function thriftTag(key: string, value: AttributeValue): ThriftValue {
  const tag = (type: number, field: number, vValue: ThriftValue): ThriftValue => ({
    struct: { 1: { text: key }, 2: { i32: type }, [field]: vValue },
  })
  if (typeof value === 'string') return tag(0, 3, { text: value })
  if (typeof value === 'number') return tag(1, 4, { double: value })
  if (typeof value === 'boolean') return tag(2, 5, { bool: value })
  if (typeof value === 'bigint') return tag(3, 6, { i64: value })
  return tag(4, 7, { text: value as Uint8Array })
}

export function thriftTags(tags: Attributes): ThriftValue {
  return { list: Object.entries(tags).map(([key, value]) => thriftTag(key, value)) }
}

export function thriftSpan(span: SampleSpan): ThriftValue {
  const { references, logs, tags } = span
  return {
    struct: {
      1: { i64: span.traceLow ?? 7n },
      2: { i64: span.traceHigh ?? 0n },
      3: { i64: span.spanId ?? 9n },
      4: { i64: span.parentId ?? 0n },
      5: { text: span.name ?? 'op' },
      6: references && { list: references.map(thriftReference) },
      7: { i32: span.flags ?? 1 },
      8: { i64: span.startMicros ?? START_MICROS },
      9: { i64: span.durationMicros ?? 1000n },
      10: tags && thriftTags(tags),
      11: logs && {
        list: logs.map(({ micros, fields }) => ({ struct: { 1: { i64: micros }, 2: thriftTags(fields) } })),
      },
    },
  }
}

function thriftReference({ type, traceLow, traceHigh = 0n, spanId }: SampleReference): ThriftValue {
  return { struct: { 1: { i32: type }, 2: { i64: traceLow }, 3: { i64: traceHigh }, 4: { i64: spanId } } }
}

/** A Batch. */
export function thriftBatch(
  spans: readonly SampleSpan[],
  process: { readonly serviceName: string; readonly tags?: Attributes } = { serviceName: 'svc' },
): ThriftStruct {
  return {
    1: { struct: { 1: { text: process.serviceName }, 2: process.tags && thriftTags(process.tags) } },
    2: { list: spans.map(thriftSpan) },
  }
}

export interface Decoded {
  readonly taken: Taken
  readonly spans: readonly Span[]
}

/** What was decoded, read back through the columns. */
export function decoded(
  decode: (body: Uint8Array, into: SpanBatch, context: RowContext) => Taken,
  body: Uint8Array,
  context = CONTEXT,
): Decoded {
  const batch = new SpanBatch()
  const taken = decode(body, batch, context)
  batch.checkRows()
  return { taken, spans: readSpans(batch) }
}
