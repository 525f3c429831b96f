// The columns that every codec fills and the writer reads. The hot path makes no span objects.
// A row is complete when every column has one more entry: `checkRows` says where one was forgotten.
import { DictionaryColumn, FixedColumn, ListColumn, MapColumn, TextColumn } from './columns.ts'

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

export class SpanBatch {
  readonly traceId = new FixedColumn(16)
  readonly spanId = new FixedColumn(8)
  /** Zero bytes when there is none. */
  readonly parentId = new FixedColumn(8)
  readonly startNanos = new FixedColumn(8)
  readonly durationNanos = new FixedColumn(8)
  /** OpenTelemetry's SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind = new FixedColumn(1)
  /** True where X-Ray has a segment: the span by which a service is entered. */
  readonly segment = new FixedColumn(1)
  readonly rootRank = new FixedColumn(1)
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
  readonly error = new FixedColumn(1)
  readonly fault = new FixedColumn(1)
  readonly throttle = new FixedColumn(1)
  readonly coldStart = new FixedColumn(1)
  /** OpenTelemetry's status: 0 unset, 1 ok, 2 error. */
  readonly statusCode = new FixedColumn(1)
  readonly statusMessage = new TextColumn()
  readonly httpMethod = new DictionaryColumn()
  readonly httpUrl = new TextColumn()
  /** 0 when unknown. */
  readonly httpStatus = new FixedColumn(2)
  readonly httpUserAgent = new DictionaryColumn()
  readonly httpClientIp = new TextColumn()
  readonly user = new TextColumn()
  /** The Lambda request id: joins logs that carry no trace id. */
  readonly requestId = new TextColumn()
  /** What a client span calls, as an X-Ray node: name and type. Empty when it calls nothing. */
  readonly peerName = new DictionaryColumn()
  readonly peerType = new DictionaryColumn()
  /** The callee was asked to report a segment (X-Ray http.request.traced). */
  readonly traced = new FixedColumn(1)
  readonly resource = new MapColumn(new TextColumn())
  /** Resource attributes that are no strings, as literals (attribute-value.ts). */
  readonly resourceTyped = new MapColumn(new TextColumn())
  readonly attributes = new MapColumn(new TextColumn())
  readonly attributesTyped = new MapColumn(new TextColumn())
  readonly scopeName = new DictionaryColumn()
  readonly scopeVersion = new DictionaryColumn()
  readonly scopeAttributes = new MapColumn(new TextColumn())
  readonly traceFlags = new FixedColumn(4)
  readonly traceState = new TextColumn()
  readonly droppedAttributes = new FixedColumn(4)
  readonly droppedEvents = new FixedColumn(4)
  readonly droppedLinks = new FixedColumn(4)
  /** Annotations: indexed, typed. */
  readonly annotationStrings = new MapColumn(new TextColumn())
  readonly annotationNumbers = new MapColumn(new FixedColumn(8))
  readonly annotationBooleans = new MapColumn(new FixedColumn(1))
  /** X-Ray metadata as JSON text: kept, never indexed. */
  readonly metadata = new TextColumn()
  /** X-Ray cause as JSON text: an object, or the quoted id of an exception elsewhere in the trace. */
  readonly cause = new TextColumn()
  readonly eventNanos = new ListColumn(new FixedColumn(8))
  readonly eventNames = new ListColumn(new DictionaryColumn())
  /** Each event's attributes as JSON text. */
  readonly eventAttributes = new ListColumn(new TextColumn())
  readonly linkTraceIds = new ListColumn(new FixedColumn(16))
  readonly linkSpanIds = new ListColumn(new FixedColumn(8))
  readonly linkStates = new ListColumn(new TextColumn())
  /** Each link's attributes as JSON text. */
  readonly linkAttributes = new ListColumn(new TextColumn())
  /** When fnscope took it: the newest wins among copies of one span. */
  readonly receivedNanos = new FixedColumn(8)

  get rows(): number {
    return this.receivedNanos.rows
  }

  /** Throws when some column has not one entry a row: a codec's bug, found at its first test. */
  checkRows(): void {
    for (const [name, column] of Object.entries(this)) {
      const { rows } = column as { readonly rows: number }
      if (rows !== this.rows) throw new Error(`SpanBatch.${name} has ${rows} rows where the batch has ${this.rows}`)
    }
  }
}
