// The columns that every codec fills and the writer reads. The hot path makes no span objects.
// A row is complete when every column has one more entry: `checkRows` says where one was forgotten.
import { DictionaryColumn } from './dictionary-column.ts'
import { FixedColumn } from './fixed-column.ts'
import { MapColumn } from './nested-columns.ts'
import { TextColumn } from './text-column.ts'

/** Where a span stands when traces are listed: what `SpanBatch.rootRank` holds. */
export const ROOT_RANK = {
  /** No parent: the trace begins here. */
  root: 0,
  /** Has a parent, and is where a service is entered: a segment, a server or consumer span. */
  entry: 1,
  /** A subsegment that was sent alone; lists a trace of which nothing better has come. */
  detached: 2,
  /** Not listed. */
  inner: 255,
} as const

/** Bits of `SpanBatch.flags`. */
export const SPAN_FLAG = {
  error: 1,
  fault: 2,
  throttle: 4,
  coldStart: 8,
  /** Where X-Ray has a segment: the span by which a service is entered. */
  segment: 16,
  /** The callee was asked to report a segment (X-Ray http.request.traced). */
  traced: 32,
  /** Reported although its trace was not sampled: kept, found by its id, and in no list and no statistics. */
  unsampled: 64,
  /**
   * It may be sent again with other content, shares its id, or is folded into another: what rows say of its trace may not
   * be what it comes to. Set when it is stored, as `apart`.
   */
  revisable: 128,
  /** Its parent did not come with it, and it is no segment: its trace may lack a span. */
  apart: 256,
  /** It has a cause or events, where messages stand. Set when it is stored. */
  told: 512,
} as const

export class SpanBatch {
  readonly traceId = new FixedColumn(16)
  readonly spanId = new FixedColumn(8)
  /** Zero bytes when there is none. */
  readonly parentId = new FixedColumn(8)
  readonly startNanos = new FixedColumn(8)
  readonly durationNanos = new FixedColumn(8)
  /** OpenTelemetry's SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind = new FixedColumn(1)
  readonly rootRank = new FixedColumn(1)
  /** SPAN_FLAG. */
  readonly flags = new FixedColumn(2)
  /** OpenTelemetry's status: 0 unset, 1 ok, 2 error. */
  readonly statusCode = new FixedColumn(1)
  /** Which door's format it came in: xray, lambda (the local platform), otlp, datadog, jaeger, zipkin, dataway, fc. */
  readonly source = new DictionaryColumn()
  /** The node's name; empty for a streamed subsegment, whose segment alone knows it. */
  readonly service = new DictionaryColumn()
  readonly name = new DictionaryColumn()
  /** X-Ray's origin: AWS::Lambda, AWS::Lambda::Function … */
  readonly origin = new DictionaryColumn()
  /** X-Ray's namespace: aws, remote, local. */
  readonly namespace = new DictionaryColumn()
  readonly accountId = new DictionaryColumn()
  readonly resourceArn = new DictionaryColumn()
  readonly statusMessage = new TextColumn()
  readonly httpMethod = new DictionaryColumn()
  /** Of makes that keep it among the attributes too: only where traces are searched by it (segment, root). */
  readonly httpUrl = new TextColumn()
  /** 0 when unknown. */
  readonly httpStatus = new FixedColumn(2)
  /** As httpUrl. */
  readonly httpUserAgent = new DictionaryColumn()
  /** As httpUrl. */
  readonly httpClientIp = new TextColumn()
  readonly user = new TextColumn()
  /** The Lambda request id, where it is not among the attributes (request-id.ts): joins logs that carry no trace id. */
  readonly requestId = new TextColumn()
  /** What a client span calls, as an X-Ray node: name and type. Empty when it calls nothing. */
  readonly peerName = new DictionaryColumn()
  readonly peerType = new DictionaryColumn()
  /** Resource attributes as attribute JSON (attribute-value.ts); '' for none. The same word for all spans of a sender. */
  readonly resource = new DictionaryColumn()
  /** `{"name","version","attributes","droppedAttributes","schemaUrl"}`, absent members left out; '' for none. */
  readonly scope = new DictionaryColumn()
  /** Every attribute as it reads, and its type in attributeTypes. */
  readonly attributes = new MapColumn(new TextColumn())
  /** One TypeLetter an entry of `attributes`; '' when all are strings. */
  readonly attributeTypes = new DictionaryColumn()
  /**
   * What else the wire says: `{"flags","state","droppedAttributes","droppedEvents","droppedLinks",
   * "droppedResourceAttributes","schemaUrl"}` (flags and counts as numbers), absent members left out; '' for none.
   */
  readonly details = new DictionaryColumn()
  /** Indexed for search. X-Ray: the annotations. Other makes: attributes of the user's own, which stand here alone. */
  readonly annotations = new MapColumn(new TextColumn())
  /** As attributeTypes. */
  readonly annotationTypes = new DictionaryColumn()
  /** X-Ray metadata as JSON text: kept, never indexed. */
  readonly metadata = new TextColumn()
  /** X-Ray cause as JSON text: an object, or the quoted id of an exception elsewhere in the trace. */
  readonly cause = new TextColumn()
  /** Attribute JSON `[{"nanos","name","attributes","droppedAttributes"}]`, absent members left out; '' for none. */
  readonly events = new TextColumn()
  /** Attribute JSON `[{"traceId","spanId","state","flags","attributes","droppedAttributes"}]`; '' for none. */
  readonly links = new TextColumn()
  /** When fnscope took it: the newest wins among copies of one span. */
  readonly receivedNanos = new FixedColumn(8)

  get rows(): number {
    return this.receivedNanos.rows
  }

  /** No rows any more. The columns keep their memory: filling a batch again costs half of filling a new one. */
  clear(): void {
    for (const column of Object.values(this)) (column as { clear(): void }).clear()
  }

  /** Throws when some column has not one entry a row: a codec's bug, found at its first test. */
  checkRows(): void {
    for (const [name, column] of Object.entries(this)) {
      const { rows } = column as { readonly rows: number }
      if (rows !== this.rows) throw new Error(`SpanBatch.${name} has ${rows} rows where the batch has ${this.rows}`)
    }
  }
}
