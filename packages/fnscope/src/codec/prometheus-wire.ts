// The messages that both versions of Prometheus' remote write have in common, read from protobuf.
import type { BucketSpan, SparseBuckets, WrittenHistogram } from './prometheus-histogram.ts'
import type { WrittenSample } from './prometheus-series.ts'
import { integerOf } from './otlp-objects.ts'
import { fieldsOf, tagOf, WIRE, type ProtobufReader } from './protobuf-reader.ts'

const SAMPLE_FIELDS = fieldsOf(1, 2, 3)
const HISTOGRAM_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
const SPAN_FIELDS = fieldsOf(1, 2)
const TWO_32 = 2 ** 32
// 0x7ff0000000000002: no number in JavaScript says which NaN it is.
const STALE_HIGH = 0x7ff00000
const STALE_LOW = 2

/** An int64 at `reader.at`. */
export function readInteger(reader: ProtobufReader): bigint {
  const low = reader.varint()
  return integerOf(low, reader.high)
}

/** An uint64 at `reader.at`; above 2^53 the nearest double. */
function readCount(reader: ProtobufReader): number {
  const low = reader.varint()
  return (reader.high >>> 0) * TWO_32 + (low >>> 0)
}

/** A sint32 at `reader.at`. */
function readSigned(reader: ProtobufReader): number {
  const value = reader.varint()
  return (value >>> 1) ^ -(value & 1)
}

/** A sint64 at `reader.at`; beyond 2^53 the nearest double. */
function readDelta(reader: ProtobufReader): number {
  const value = readCount(reader)
  if (value < TWO_32) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  const whole = BigInt(value)
  return Number((whole >> 1n) ^ -(whole & 1n))
}

export function isStale(view: DataView, at: number): boolean {
  return view.getUint32(at + 4, true) === STALE_HIGH && view.getUint32(at, true) === STALE_LOW
}

/** The Sample between `reader.at` and `end`. */
export function readSample(reader: ProtobufReader, end: number): WrittenSample {
  const { view } = reader
  let value = 0
  let stale = false
  let timeMillis = 0n
  let startMillis = 0n
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x09) {
      const at = reader.fixed64(end)
      value = view.getFloat64(at, true)
      stale = isStale(view, at)
    } else if (tag === 0x10) timeMillis = readInteger(reader)
    else if (tag === 0x18) startMillis = readInteger(reader)
    else reader.skip(tag, end, SAMPLE_FIELDS)
  }
  reader.checkEnd(end)
  return { value, stale, timeMillis, startMillis }
}

/** The Histogram between `reader.at` and `end`. */
export function readHistogram(reader: ProtobufReader, end: number): WrittenHistogram {
  const { view } = reader
  let [count, sum, schema, zeroThreshold, zeroCount, resetHint] = [0, 0, 0, 0, 0, 0]
  let [timeMillis, startMillis] = [0n, 0n]
  let stale = false
  const positive = newSide()
  const negative = newSide()
  const customBounds: number[] = []
  while (reader.at < end) {
    const tag = reader.tag()
    switch (tag) {
      case tagOf(1, WIRE.varint):
        count = readCount(reader)
        break
      case tagOf(2, WIRE.fixed64):
        count = view.getFloat64(reader.fixed64(end), true)
        break
      case tagOf(3, WIRE.fixed64): {
        const at = reader.fixed64(end)
        sum = view.getFloat64(at, true)
        stale = isStale(view, at)
        break
      }
      case tagOf(4, WIRE.varint):
        schema = readSigned(reader)
        break
      case tagOf(5, WIRE.fixed64):
        zeroThreshold = view.getFloat64(reader.fixed64(end), true)
        break
      case tagOf(6, WIRE.varint):
        zeroCount = readCount(reader)
        break
      case tagOf(7, WIRE.fixed64):
        zeroCount = view.getFloat64(reader.fixed64(end), true)
        break
      case tagOf(14, WIRE.varint):
        resetHint = reader.varint()
        break
      case tagOf(15, WIRE.varint):
        timeMillis = readInteger(reader)
        break
      case tagOf(17, WIRE.varint):
        startMillis = readInteger(reader)
        break
      default:
        if (!readSide(reader, tag, end, 8, negative) && !readSide(reader, tag, end, 11, positive))
          if (!readDoubles(reader, tag, end, 16, customBounds)) reader.skip(tag, end, HISTOGRAM_FIELDS)
    }
  }
  reader.checkEnd(end)
  return {
    count,
    sum,
    stale,
    schema,
    zeroThreshold,
    zeroCount,
    positive,
    negative,
    resetHint,
    timeMillis,
    startMillis,
    customBounds,
  }
}

interface Side extends SparseBuckets {
  readonly spans: BucketSpan[]
  readonly deltas: number[]
  readonly counts: number[]
}

function newSide(): Side {
  return { spans: [], deltas: [], counts: [] }
}

/** Spans, deltas and counts stand under `field` and the two behind it. False when the tag is none of them. */
function readSide(reader: ProtobufReader, tag: number, end: number, field: number, side: Side): boolean {
  if (tag === tagOf(field, WIRE.bytes)) {
    const spanEnd = reader.length(end)
    side.spans.push(readSpan(reader, spanEnd))
    return true
  }
  if (tag === tagOf(field + 1, WIRE.bytes)) {
    const listEnd = reader.length(end)
    while (reader.at < listEnd) side.deltas.push(readDelta(reader))
    reader.checkEnd(listEnd)
    return true
  }
  if (tag === tagOf(field + 1, WIRE.varint)) {
    side.deltas.push(readDelta(reader))
    return true
  }
  return readDoubles(reader, tag, end, field + 2, side.counts)
}

/** A list of doubles, packed or one by one. False when the tag is not the field's. */
function readDoubles(reader: ProtobufReader, tag: number, end: number, field: number, to: number[]): boolean {
  if (tag === tagOf(field, WIRE.fixed64)) to.push(reader.view.getFloat64(reader.fixed64(end), true))
  else if (tag === tagOf(field, WIRE.bytes)) {
    const listEnd = reader.length(end)
    while (reader.at < listEnd) to.push(reader.view.getFloat64(reader.fixed64(listEnd), true))
  } else return false
  return true
}

function readSpan(reader: ProtobufReader, end: number): BucketSpan {
  let offset = 0
  let length = 0
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x08) offset = readSigned(reader)
    else if (tag === 0x10) length = reader.varint() >>> 0
    else reader.skip(tag, end, SPAN_FIELDS)
  }
  reader.checkEnd(end)
  return { offset, length }
}
