// One data point of OTLP, of any of the five kinds: which of its fields stands behind which tag, and what a MetricPoint
// takes of them.
import { exactText, typeOf, type Attributes } from '../span/attribute-value.ts'
import type { BucketRun, Exemplar, MetricPoint } from '../span/metric-point.ts'
import { setOwn } from './json.ts'
import { idBetween, integerOf, putAttribute, type OwnAttributes } from './otlp-objects.ts'
import { fieldsOf, tagOf, WIRE, type ProtobufReader } from './protobuf-reader.ts'
import { requestIdIn } from './semantic-log.ts'

export type PointKind = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary'

type Field =
  | 'start'
  | 'time'
  | 'double'
  | 'integer'
  | 'count'
  | 'sum'
  | 'min'
  | 'max'
  | 'flags'
  | 'scale'
  | 'zeroCount'
  | 'zeroThreshold'
  | 'bucketCounts'
  | 'bucketCount'
  | 'bounds'
  | 'bound'
  | 'positive'
  | 'negative'
  | 'quantile'
  | 'attribute'
  | 'exemplar'

/** The fields of one kind of point by their tags, which all take one byte. */
export interface PointTable {
  readonly fields: readonly (Field | undefined)[]
  /** For `ProtobufReader.skip`. */
  readonly known: number
}

const { varint, fixed64, bytes } = WIRE

function tableOf(fields: readonly (readonly [number: number, wire: number, field: Field])[]): PointTable {
  const byTag: (Field | undefined)[] = Array.from({ length: 128 }, () => undefined)
  for (const [number, wire, field] of fields) byTag[tagOf(number, wire)] = field
  return { fields: byTag, known: fieldsOf(...fields.map(([number]) => number)) }
}

const NUMBER = tableOf([
  [2, fixed64, 'start'],
  [3, fixed64, 'time'],
  [4, fixed64, 'double'],
  [5, bytes, 'exemplar'],
  [6, fixed64, 'integer'],
  [7, bytes, 'attribute'],
  [8, varint, 'flags'],
])

export const POINT_FIELDS: Readonly<Record<PointKind, PointTable>> = {
  gauge: NUMBER,
  sum: NUMBER,
  // A list of numbers comes packed; a sender may still write them one by one.
  histogram: tableOf([
    [2, fixed64, 'start'],
    [3, fixed64, 'time'],
    [4, fixed64, 'count'],
    [5, fixed64, 'sum'],
    [6, bytes, 'bucketCounts'],
    [6, fixed64, 'bucketCount'],
    [7, bytes, 'bounds'],
    [7, fixed64, 'bound'],
    [8, bytes, 'exemplar'],
    [9, bytes, 'attribute'],
    [10, varint, 'flags'],
    [11, fixed64, 'min'],
    [12, fixed64, 'max'],
  ]),
  exponential: tableOf([
    [1, bytes, 'attribute'],
    [2, fixed64, 'start'],
    [3, fixed64, 'time'],
    [4, fixed64, 'count'],
    [5, fixed64, 'sum'],
    [6, varint, 'scale'],
    [7, fixed64, 'zeroCount'],
    [8, bytes, 'positive'],
    [9, bytes, 'negative'],
    [10, varint, 'flags'],
    [11, bytes, 'exemplar'],
    [12, fixed64, 'min'],
    [13, fixed64, 'max'],
    [14, fixed64, 'zeroThreshold'],
  ]),
  summary: tableOf([
    [2, fixed64, 'start'],
    [3, fixed64, 'time'],
    [4, fixed64, 'count'],
    [5, fixed64, 'sum'],
    [6, bytes, 'quantile'],
    [7, bytes, 'attribute'],
    [8, varint, 'flags'],
  ]),
}

const BUCKETS_FIELDS = fieldsOf(1, 2)
const QUANTILE_FIELDS = fieldsOf(1, 2)
const EXEMPLAR_FIELDS = fieldsOf(2, 3, 4, 5, 6, 7)
const NO_BUCKETS: BucketRun = { offset: 0, counts: [] }
const NO_ATTRIBUTES: Attributes = {}
const TWO_32 = 2 ** 32

/** Filled again for every point; what it hands out is the caller's. */
export class PointFields {
  readonly #reader: ProtobufReader
  time = 0n
  #start = 0n
  #value = Number.NaN
  #integer: bigint | undefined
  #count = 0
  #min = Number.NaN
  #max = Number.NaN
  #flags = 0
  #scale = 0
  #zeroCount = 0
  #zeroThreshold = 0
  #positive = NO_BUCKETS
  #negative = NO_BUCKETS
  #bounds: number[] = []
  #counts: number[] = []
  #attributes: OwnAttributes = {}
  #exemplars: Exemplar[] = []

  constructor(reader: ProtobufReader) {
    this.#reader = reader
  }

  #clear(): void {
    this.time = this.#start = 0n
    this.#value = this.#min = this.#max = Number.NaN
    this.#integer = undefined
    this.#count = this.#flags = this.#scale = this.#zeroCount = this.#zeroThreshold = 0
    this.#positive = this.#negative = NO_BUCKETS
    this.#bounds = []
    this.#counts = []
    this.#attributes = {}
    this.#exemplars = []
  }

  /** Reads the point between `reader.at` and `end`. */
  read(end: number, { fields, known }: PointTable): void {
    this.#clear()
    const reader = this.#reader
    while (reader.at < end) {
      const tag = reader.tag()
      const field = fields[tag]
      if (field === undefined) reader.skip(tag, end, known)
      else if ((tag & 7) === WIRE.bytes) {
        const fieldEnd = reader.length(end)
        this.#readBytes(field, reader.at, fieldEnd)
        reader.at = fieldEnd
      } else if ((tag & 7) === WIRE.varint) this.#readVarint(field)
      else this.#readFixed(field, reader.fixed64(end))
    }
    reader.checkEnd(end)
  }

  #readVarint(field: Field): void {
    const value = this.#reader.varint()
    if (field === 'flags') this.#flags = value >>> 0
    // Zigzag.
    else this.#scale = (value >>> 1) ^ -(value & 1)
  }

  #readFixed(field: Field, at: number): void {
    const { view } = this.#reader
    switch (field) {
      case 'start':
        this.#start = view.getBigUint64(at, true)
        break
      case 'time':
        this.time = view.getBigUint64(at, true)
        break
      case 'double':
      case 'sum':
        this.#value = view.getFloat64(at, true)
        this.#integer = undefined
        break
      case 'integer':
        this.#integer = integerOf(view.getInt32(at, true), view.getInt32(at + 4, true))
        this.#value = Number(this.#integer)
        break
      case 'count':
        this.#count = unsignedAt(view, at)
        break
      case 'zeroCount':
        this.#zeroCount = unsignedAt(view, at)
        break
      case 'bucketCount':
        this.#counts.push(unsignedAt(view, at))
        break
      case 'bound':
        this.#bounds.push(view.getFloat64(at, true))
        break
      case 'min':
        this.#min = view.getFloat64(at, true)
        break
      case 'max':
        this.#max = view.getFloat64(at, true)
        break
      case 'zeroThreshold':
        this.#zeroThreshold = view.getFloat64(at, true)
        break
      default:
    }
  }

  #readBytes(field: Field, start: number, end: number): void {
    const reader = this.#reader
    switch (field) {
      case 'attribute':
        putAttribute(reader, start, end, this.#attributes)
        break
      case 'exemplar':
        this.#exemplars.push(readExemplar(reader, end))
        break
      case 'bucketCounts':
        eachFixed(reader, end, (at) => this.#counts.push(unsignedAt(reader.view, at)))
        break
      case 'bounds':
        eachFixed(reader, end, (at) => this.#bounds.push(reader.view.getFloat64(at, true)))
        break
      case 'positive':
        this.#positive = readBuckets(reader, end)
        break
      case 'negative':
        this.#negative = readBuckets(reader, end)
        break
      case 'quantile':
        this.#readQuantile(end)
        break
      default:
    }
  }

  /** Into bounds and counts, as MetricPoint has it of summaries. */
  #readQuantile(end: number): void {
    const reader = this.#reader
    let quantile = 0
    let value = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x09) quantile = reader.view.getFloat64(reader.fixed64(end), true)
      else if (tag === 0x11) value = reader.view.getFloat64(reader.fixed64(end), true)
      else reader.skip(tag, end, QUANTILE_FIELDS)
    }
    reader.checkEnd(end)
    this.#bounds.push(quantile)
    this.#counts.push(value)
  }

  /** False for a histogram whose counts are not one more than its bounds; it may have neither. */
  fitBuckets(kind: MetricPoint['kind']): boolean {
    if (kind !== 'histogram') return true
    const { length } = this.#counts
    return length === this.#bounds.length + 1 || (length === 0 && this.#bounds.length === 0)
  }

  /** What a MetricPoint takes of it. */
  values(kind: MetricPoint['kind']): PointValues {
    const number = kind === 'gauge' || kind === 'sum'
    const none = number && Number.isNaN(this.#value)
    const letters = lettersOf(this.#attributes)
    const requestId = requestIdIn(this.#attributes)
    return {
      namespace: '',
      dimensions: textsOf(this.#attributes),
      ...(letters === '' ? undefined : { dimensionTypes: letters }),
      timeNanos: this.time,
      // One that no column holds says nothing of a time.
      ...(this.#start === 0n || this.#start > MAX_INT64 ? undefined : { startNanos: this.#start }),
      value: this.#value,
      ...(this.#integer === undefined ? undefined : { integer: this.#integer }),
      count: number ? (none ? 0 : 1) : this.#count,
      min: number ? this.#value : this.#min,
      max: number ? this.#value : this.#max,
      bounds: this.#bounds,
      counts: this.#counts,
      ...(kind === 'exponential'
        ? {
            exponential: {
              scale: this.#scale,
              zeroCount: this.#zeroCount,
              zeroThreshold: this.#zeroThreshold,
              positive: this.#positive,
              negative: this.#negative,
            },
          }
        : undefined),
      ...(this.#flags === 0 ? undefined : { flags: this.#flags }),
      ...(this.#exemplars.length === 0 ? undefined : { exemplars: this.#exemplars }),
      resolutionSeconds: 60,
      attributes: NO_ATTRIBUTES,
      ...(requestId === undefined ? undefined : { requestId }),
    }
  }
}

type PointValues = Omit<
  MetricPoint,
  | 'name'
  | 'unit'
  | 'description'
  | 'kind'
  | 'service'
  | 'resource'
  | 'scope'
  | 'details'
  | 'receivedNanos'
  | 'temporality'
  | 'monotonic'
>

const MAX_INT64 = 2n ** 63n - 1n

/** A count; above 2^53 the nearest double. */
function unsignedAt(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
}

/** Calls `take` with the place of each number of a packed list. */
function eachFixed(reader: ProtobufReader, end: number, take: (at: number) => void): void {
  while (reader.at < end) take(reader.fixed64(end))
}

function readBuckets(reader: ProtobufReader, end: number): BucketRun {
  const counts: number[] = []
  let offset = 0
  const count = (): number => (reader.varint() >>> 0) + (reader.high >>> 0) * TWO_32
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x08) {
      const value = reader.varint()
      offset = (value >>> 1) ^ -(value & 1)
    } else if (tag === 0x12) {
      const listEnd = reader.length(end)
      while (reader.at < listEnd) counts.push(count())
      reader.checkEnd(listEnd)
    } else if (tag === 0x10) counts.push(count())
    else reader.skip(tag, end, BUCKETS_FIELDS)
  }
  reader.checkEnd(end)
  return { offset, counts }
}

function readExemplar(reader: ProtobufReader, end: number): Exemplar {
  const { view } = reader
  const attributes: OwnAttributes = {}
  let timeNanos = 0n
  let value: number | bigint = Number.NaN
  let traceId: string | undefined
  let spanId: string | undefined
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x11) timeNanos = view.getBigUint64(reader.fixed64(end), true)
    else if (tag === 0x19) value = view.getFloat64(reader.fixed64(end), true)
    else if (tag === 0x31) {
      const at = reader.fixed64(end)
      value = integerOf(view.getInt32(at, true), view.getInt32(at + 4, true))
    } else if (tag === 0x22 || tag === 0x2a || tag === 0x3a) {
      const fieldEnd = reader.length(end)
      if (tag === 0x22) spanId = idBetween(reader, reader.at, fieldEnd, 8)
      else if (tag === 0x2a) traceId = idBetween(reader, reader.at, fieldEnd, 16)
      else putAttribute(reader, reader.at, fieldEnd, attributes)
      reader.at = fieldEnd
    } else reader.skip(tag, end, EXEMPLAR_FIELDS)
  }
  reader.checkEnd(end)
  return {
    timeNanos,
    value,
    ...(traceId === undefined ? undefined : { traceId }),
    ...(spanId === undefined ? undefined : { spanId }),
    attributes,
  }
}

/** How the values read. */
function textsOf(attributes: Attributes): { readonly [name: string]: string } {
  const texts: { [name: string]: string } = {}
  for (const [key, value] of Object.entries(attributes)) setOwn(texts, key, exactText(value))
  return texts
}

/** Their types; '' when all are strings. */
function lettersOf(attributes: Attributes): string {
  let letters = ''
  let plain = true
  for (const value of Object.values(attributes)) {
    const letter = typeOf(value)
    letters += letter
    if (letter !== 's') plain = false
  }
  return plain ? '' : letters
}
