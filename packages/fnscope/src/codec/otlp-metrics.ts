// ExportMetricsServiceRequest in protobuf: wire bytes to metric points, in one walk. What becomes of each field:
// docs/protocols/otlp-logs-metrics.md.
import type { Attributes } from '../span/attribute-value.ts'
import type { MetricDetails, MetricPoint } from '../span/metric-point.ts'
import { putAttribute, type OwnAttributes } from './otlp-objects.ts'
import { POINT_FIELDS, PointFields, type PointKind } from './otlp-point.ts'
import { MAX_ROWS, walkSources, type OtlpSignalOptions, type OtlpSource } from './otlp-source.ts'
import { MalformedError, Refusals, type RefusalReason, type Taken } from './taken.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'

const METRIC_FIELDS = fieldsOf(1, 2, 3, 5, 7, 9, 10, 11, 12)
const DATA_FIELDS = fieldsOf(1, 2, 3)

/** The tag of each kind of data within a Metric. */
const KINDS: ReadonlyMap<number, PointKind> = new Map([
  [0x2a, 'gauge'],
  [0x3a, 'sum'],
  [0x4a, 'histogram'],
  [0x52, 'exponential'],
  [0x5a, 'summary'],
])

/**
 * Appends the request's points to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpMetrics(body: Uint8Array, into: MetricPoint[], options: OtlpSignalOptions): Taken {
  const reader = new ProtobufReader()
  const metrics = new MetricReader(reader, into, options)
  reader.open(body)
  try {
    walkSources(reader, body.length, (end, source) => metrics.read(end, source))
  } catch (error) {
    if (error instanceof ProtobufError) throw new MalformedError(`The request is no OTLP metrics: ${error.message}.`)
    throw error
  }
  return metrics.taken()
}

/** What the points of one metric share. */
type Metric = Pick<
  MetricPoint,
  'name' | 'unit' | 'description' | 'kind' | 'service' | 'resource' | 'scope' | 'details' | 'receivedNanos'
>

class MetricReader {
  readonly #reader: ProtobufReader
  readonly #into: MetricPoint[]
  readonly #before: number
  readonly #options: OtlpSignalOptions
  readonly #refusals = new Refusals()
  readonly #fields: PointFields

  constructor(reader: ProtobufReader, into: MetricPoint[], options: OtlpSignalOptions) {
    this.#reader = reader
    this.#into = into
    this.#before = into.length
    this.#options = options
    this.#fields = new PointFields(reader)
  }

  taken(): Taken {
    return this.#refusals.taken(this.#into.length - this.#before)
  }

  /** The Metric that begins at `reader.at`. */
  read(end: number, source: OtlpSource): void {
    const reader = this.#reader
    const metadata: OwnAttributes = {}
    let name = ''
    let unit = ''
    let description = ''
    let kind: PointKind | undefined
    let dataStart = 0
    let dataEnd = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if ((tag & 7) !== 2) {
        reader.skip(tag, end, METRIC_FIELDS)
        continue
      }
      const fieldEnd = reader.length(end)
      const start = reader.at
      const data = KINDS.get(tag)
      if (data !== undefined) {
        kind = data
        dataStart = start
        dataEnd = fieldEnd
      } else if (tag === 0x0a) name = reader.text(start, fieldEnd)
      else if (tag === 0x12) description = reader.text(start, fieldEnd)
      else if (tag === 0x1a) unit = reader.text(start, fieldEnd)
      else if (tag === 0x62) putAttribute(reader, start, fieldEnd, metadata)
      reader.at = fieldEnd
    }
    reader.checkEnd(end)
    if (kind === undefined) return
    const details = detailsOf(source, metadata)
    const { receivedNanos } = this.#options
    const { service, resource, scope } = source
    this.#readData(dataStart, dataEnd, {
      name,
      unit,
      ...(description === '' ? undefined : { description }),
      kind,
      service,
      resource,
      ...(scope === undefined ? undefined : { scope }),
      ...(details === undefined ? undefined : { details }),
      receivedNanos,
    })
  }

  /** A Gauge, Sum, Histogram …: what is said of all points may stand behind them. */
  #readData(start: number, end: number, metric: Metric): void {
    const reader = this.#reader
    let temporality = 0
    let monotonic = false
    reader.at = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) reader.at = reader.length(end)
      else if (tag === 0x10) temporality = temporalityOf(reader.varint())
      else if (tag === 0x18) monotonic = (reader.varint() | reader.high) !== 0
      else reader.skip(tag, end, DATA_FIELDS)
    }
    reader.checkEnd(end)
    reader.at = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag !== 0x0a) {
        reader.skip(tag, end)
        continue
      }
      const pointEnd = reader.length(end)
      this.#readPoint(pointEnd, metric, temporality, monotonic)
      reader.at = pointEnd
    }
  }

  #readPoint(end: number, metric: Metric, temporality: number, monotonic: boolean): void {
    const fields = this.#fields
    fields.read(end, POINT_FIELDS[metric.kind as PointKind])
    const refusal = this.#refusalOf(metric)
    if (refusal === undefined) this.#into.push({ ...metric, ...fields.values(metric.kind), temporality, monotonic })
    else this.#refusals.add(refusal)
  }

  #refusalOf({ name, kind }: Metric): RefusalReason | undefined {
    const { time } = this.#fields
    if (name === '') return 'no_name'
    if (!this.#fields.fitBuckets(kind)) return 'bad_buckets'
    if (time < this.#options.bounds.minNanos) return 'too_old'
    if (time > this.#options.bounds.maxNanos) return 'too_new'
    return this.#into.length - this.#before >= (this.#options.maxRows ?? MAX_ROWS) ? 'too_many' : undefined
  }
}

/** 0 of one that this version of the protocol does not know. */
function temporalityOf(value: number): number {
  return value === 1 || value === 2 ? value : 0
}

function detailsOf(
  { schemaUrl, droppedResourceAttributes }: OtlpSource,
  metadata: Attributes,
): MetricDetails | undefined {
  const hasMetadata = Object.keys(metadata).length > 0
  if (!hasMetadata && schemaUrl === '' && droppedResourceAttributes === 0) return undefined
  return {
    ...(hasMetadata ? { metadata } : undefined),
    ...(droppedResourceAttributes === 0 ? undefined : { droppedResourceAttributes }),
    ...(schemaUrl === '' ? undefined : { schemaUrl }),
  }
}
