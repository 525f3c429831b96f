// ExportMetricsServiceRequest in JSON: written out as protobuf and decoded as such. Not the hot path.
import type { MetricPoint } from '../span/metric-point.ts'
import type { JsonObject } from './json.ts'
import { writeSources } from './otlp-json-source.ts'
import {
  booleanOf,
  countOf,
  doubleOf,
  doublesOf,
  enumOf,
  idOf,
  integerOf,
  integersOf,
  objectOf,
  objectsOf,
  stringOf,
  writeAttributes,
  writeCount,
  writeText,
} from './otlp-json.ts'
import { decodeOtlpMetrics } from './otlp-metrics.ts'
import type { OtlpSignalOptions } from './otlp-source.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'
import type { Taken } from './taken.ts'

const NAMES = { resources: 'resourceMetrics', scopes: 'scopeMetrics', records: 'metrics' }
const TEMPORALITIES = ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((name) => `AGGREGATION_TEMPORALITY_${name}`)

type WritePoint = (writer: ProtobufWriter, point: JsonObject) => void

/** The kinds of data of a Metric: their field there, and who writes their points. */
const DATA: Readonly<Record<string, readonly [field: number, write: WritePoint]>> = {
  gauge: [5, writeNumber],
  sum: [7, writeNumber],
  histogram: [9, writeHistogram],
  exponentialHistogram: [10, writeExponential],
  summary: [11, writeSummary],
}

/**
 * Appends the request's points to `into`. Unknown fields, snake_case ones among them, are ignored.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpMetricsJson(body: Uint8Array, into: MetricPoint[], options: OtlpSignalOptions): Taken {
  return decodeOtlpMetrics(writeSources(body, NAMES, writeMetric), into, options)
}

function writeMetric(writer: ProtobufWriter, metric: JsonObject): void {
  writeText(writer, 1, stringOf(metric, 'name'))
  writeText(writer, 2, stringOf(metric, 'description'))
  writeText(writer, 3, stringOf(metric, 'unit'))
  for (const [name, [field, writePoint]] of Object.entries(DATA)) {
    const data = objectOf(metric, name)
    if (data === undefined) continue
    const mark = writer.open(field)
    for (const point of objectsOf(data, 'dataPoints')) {
      const pointMark = writer.open(1)
      writePoint(writer, point)
      writer.close(pointMark)
    }
    if (name !== 'gauge' && name !== 'summary')
      writeCount(writer, 2, enumOf(data, 'aggregationTemporality', TEMPORALITIES))
    if (name === 'sum' && booleanOf(data, 'isMonotonic')) writer.varint(3, 1)
    writer.close(mark)
  }
  writeAttributes(writer, 12, metric, 'metadata')
}

function writeTimes(writer: ProtobufWriter, point: JsonObject): void {
  writer.fixed64(2, integerOf(point, 'startTimeUnixNano'))
  writer.fixed64(3, integerOf(point, 'timeUnixNano'))
}

/** Nothing where the member is absent: that is not the same as 0. */
function writeDouble(writer: ProtobufWriter, field: number, parent: JsonObject, name: string): void {
  if (parent[name] !== undefined && parent[name] !== null) writer.double(field, doubleOf(parent, name))
}

function writeInteger(writer: ProtobufWriter, field: number, parent: JsonObject, name: string): void {
  if (parent[name] !== undefined && parent[name] !== null) writer.fixed64(field, integerOf(parent, name))
}

function writeNumber(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writeDouble(writer, 4, point, 'asDouble')
  writeExemplars(writer, 5, point)
  writeInteger(writer, 6, point, 'asInt')
  writeAttributes(writer, 7, point)
  writeCount(writer, 8, countOf(point, 'flags'))
}

function writeHistogram(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writeInteger(writer, 4, point, 'count')
  writeDouble(writer, 5, point, 'sum')
  for (const count of integersOf(point, 'bucketCounts')) writer.fixed64(6, count)
  for (const bound of doublesOf(point, 'explicitBounds')) writer.double(7, bound)
  writeExemplars(writer, 8, point)
  writeAttributes(writer, 9, point)
  writeCount(writer, 10, countOf(point, 'flags'))
  writeDouble(writer, 11, point, 'min')
  writeDouble(writer, 12, point, 'max')
}

function writeExponential(writer: ProtobufWriter, point: JsonObject): void {
  writeAttributes(writer, 1, point)
  writeTimes(writer, point)
  writeInteger(writer, 4, point, 'count')
  writeDouble(writer, 5, point, 'sum')
  writer.varint(6, zigzag(point, 'scale'))
  writeInteger(writer, 7, point, 'zeroCount')
  writeBuckets(writer, 8, point, 'positive')
  writeBuckets(writer, 9, point, 'negative')
  writeCount(writer, 10, countOf(point, 'flags'))
  writeExemplars(writer, 11, point)
  writeDouble(writer, 12, point, 'min')
  writeDouble(writer, 13, point, 'max')
  writeDouble(writer, 14, point, 'zeroThreshold')
}

function writeBuckets(writer: ProtobufWriter, field: number, point: JsonObject, name: string): void {
  const buckets = objectOf(point, name)
  if (buckets === undefined) return
  const mark = writer.open(field)
  writer.varint(1, zigzag(buckets, 'offset'))
  for (const count of integersOf(buckets, 'bucketCounts')) writer.varint64(2, count)
  writer.close(mark)
}

/** A signed number of 32 bits as the wire has it. */
function zigzag(parent: JsonObject, name: string): number {
  const value = Number(BigInt.asIntN(32, integerOf(parent, name)))
  return ((value << 1) ^ (value >> 31)) >>> 0
}

function writeSummary(writer: ProtobufWriter, point: JsonObject): void {
  writeTimes(writer, point)
  writeInteger(writer, 4, point, 'count')
  writeDouble(writer, 5, point, 'sum')
  for (const one of objectsOf(point, 'quantileValues')) {
    const mark = writer.open(6)
    writeDouble(writer, 1, one, 'quantile')
    writeDouble(writer, 2, one, 'value')
    writer.close(mark)
  }
  writeAttributes(writer, 7, point)
  writeCount(writer, 8, countOf(point, 'flags'))
}

function writeExemplars(writer: ProtobufWriter, field: number, point: JsonObject): void {
  for (const exemplar of objectsOf(point, 'exemplars')) {
    const mark = writer.open(field)
    writer.fixed64(2, integerOf(exemplar, 'timeUnixNano'))
    writeDouble(writer, 3, exemplar, 'asDouble')
    writer.bytes(4, idOf(exemplar, 'spanId'))
    writer.bytes(5, idOf(exemplar, 'traceId'))
    writeInteger(writer, 6, exemplar, 'asInt')
    writeAttributes(writer, 7, exemplar, 'filteredAttributes')
    writer.close(mark)
  }
}
