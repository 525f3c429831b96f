// What a door hands to ingest at once: the three signals, and X-Ray's own texts.
import { DocumentBatch } from './document-batch.ts'
import type { LogRecord } from './log-record.ts'
import type { MetricPoint } from './metric-point.ts'
import { SpanBatch } from './span-batch.ts'

/** The raw text of one X-Ray document, kept so that every field of it comes back. */
export interface RawDocument {
  readonly traceId: string
  readonly spanId: string
  readonly parentId?: string
  readonly startNanos: bigint
  readonly receivedNanos: bigint
  readonly inProgress: boolean
  /** False for a subsegment that was sent alone. */
  readonly segment: boolean
  readonly text: string
}

export interface Batch {
  /** Completed spans. */
  readonly spans: SpanBatch
  /** Spans in progress, replaced by their completion. */
  readonly openSpans: SpanBatch
  readonly documents: DocumentBatch
  readonly logs: LogRecord[]
  readonly metrics: MetricPoint[]
}

export function newBatch(): Batch {
  return { spans: new SpanBatch(), openSpans: new SpanBatch(), documents: new DocumentBatch(), logs: [], metrics: [] }
}

/** An empty batch of the memory of one that nobody reads any more. The lists are new: who listens may hold on to them. */
export function emptied({ spans, openSpans, documents }: Batch): Batch {
  spans.clear()
  openSpans.clear()
  documents.clear()
  return { spans, openSpans, documents, logs: [], metrics: [] }
}
