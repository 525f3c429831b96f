// Prometheus' remote write: WriteRequest of version 1 and Request of version 2 to metric points, from their snappy blocks.
// What becomes of each field: docs/protocols/prometheus-remote-write.md.
import type { MetricPoint } from '../span/metric-point.ts'
import {
  SeriesWriter,
  type Family,
  type Label,
  type PrometheusOptions,
  type Written,
  type WrittenExemplar,
  type WrittenSample,
} from './prometheus-series.ts'
import type { WrittenHistogram } from './prometheus-histogram.ts'
import { readHistogram, readInteger, readSample } from './prometheus-wire.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import { decodeSnappy } from './snappy.ts'
import { MalformedError, type Taken } from './taken.ts'

/** After inflating. */
export const MAX_PLAIN_BYTES = 20 * 1024 * 1024

/** Metadata comes apart from the samples in version 1: what was said last of so many families is remembered. */
const MAX_FAMILIES = 20_000
const MAX_HELP_LENGTH = 1024

export interface PrometheusTaken extends Taken {
  readonly written: Written
}

const REQUEST_FIELDS = fieldsOf(1, 3)
const SERIES_FIELDS = fieldsOf(1, 2, 3, 4)
const LABEL_FIELDS = fieldsOf(1, 2)
const EXEMPLAR_FIELDS = fieldsOf(1, 2, 3)
const METADATA_FIELDS = fieldsOf(1, 2, 4, 5)
const REQUEST_2_FIELDS = fieldsOf(4, 5)
const SERIES_2_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6)
const METADATA_2_FIELDS = fieldsOf(1, 3, 4)

/** One a door: it remembers what senders say of their metrics. */
export class PrometheusDecoder {
  readonly #families = new Map<string, Family>()

  /**
   * Appends the points of a WriteRequest (version 1) to `into`.
   * @throws MalformedError then `into` is in no state to be used
   */
  decode(body: Uint8Array, into: MetricPoint[], options: PrometheusOptions): PrometheusTaken {
    return decodeWith(body, into, options, (reader, writer) => this.#request(reader, writer))
  }

  #request(reader: ProtobufReader, writer: SeriesWriter): void {
    const end = reader.bytes.length
    // Metadata stands behind the series that it speaks of.
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x1a) this.#metadata(reader, reader.length(end))
      else if (tag === 0x0a) reader.at = reader.length(end)
      else reader.skip(tag, end, REQUEST_FIELDS)
    }
    reader.at = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) this.#series(reader, reader.length(end), writer)
      else reader.skip(tag, end)
    }
  }

  #series(reader: ProtobufReader, end: number, writer: SeriesWriter): void {
    const labels: Label[] = []
    const samples: WrittenSample[] = []
    const histograms: WrittenHistogram[] = []
    const exemplars: WrittenExemplar[] = []
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) labels.push(readLabel(reader, reader.length(end)))
      else if (tag === 0x12) samples.push(readSample(reader, reader.length(end)))
      else if (tag === 0x1a) exemplars.push(readExemplar(reader, reader.length(end)))
      else if (tag === 0x22) histograms.push(readHistogram(reader, reader.length(end)))
      else reader.skip(tag, end, SERIES_FIELDS)
    }
    reader.checkEnd(end)
    const name = labels.find(([key]) => key === '__name__')?.[1] ?? ''
    writer.take({ labels, samples, histograms, exemplars, family: this.#familyOf(name), startMillis: 0n })
  }

  /** A histogram's and a summary's series have names of their own. */
  #familyOf(name: string): Family | undefined {
    return this.#families.get(name) ?? this.#families.get(name.replace(/_(bucket|count|sum|total)$/, ''))
  }

  #metadata(reader: ProtobufReader, end: number): void {
    let name = ''
    let help = ''
    let unit = ''
    let type = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x08) type = reader.varint()
      else if (tag === 0x12 || tag === 0x22 || tag === 0x2a) {
        const textEnd = reader.length(end)
        const text = reader.text(reader.at, Math.min(textEnd, reader.at + MAX_HELP_LENGTH))
        if (tag === 0x12) name = text
        else if (tag === 0x22) help = text
        else unit = text
        reader.at = textEnd
      } else reader.skip(tag, end, METADATA_FIELDS)
    }
    reader.checkEnd(end)
    // The family that was spoken of the longest time ago gives way.
    this.#families.delete(name)
    this.#families.set(name, { type, help, unit })
    if (this.#families.size <= MAX_FAMILIES) return
    const [oldest] = this.#families.keys()
    this.#families.delete(oldest!)
  }
}

/**
 * Appends the points of a Request (version 2) to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodePrometheus2(body: Uint8Array, into: MetricPoint[], options: PrometheusOptions): PrometheusTaken {
  return decodeWith(body, into, options, (reader, writer) => {
    const end = reader.bytes.length
    const symbols: string[] = []
    // The series refer to symbols, wherever they stand.
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x22) {
        const textEnd = reader.length(end)
        symbols.push(reader.text(reader.at, textEnd))
        reader.at = textEnd
      } else if (tag === 0x2a) reader.at = reader.length(end)
      else reader.skip(tag, end, REQUEST_2_FIELDS)
    }
    reader.at = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x2a) readSeries2(reader, reader.length(end), writer, symbols)
      else reader.skip(tag, end)
    }
  })
}

function readSeries2(reader: ProtobufReader, end: number, writer: SeriesWriter, symbols: readonly string[]): void {
  const references: number[] = []
  const samples: WrittenSample[] = []
  const histograms: WrittenHistogram[] = []
  const exemplars: WrittenExemplar[] = []
  let family: Family | undefined
  let startMillis = 0n
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x12) samples.push(readSample(reader, reader.length(end)))
    else if (tag === 0x1a) histograms.push(readHistogram(reader, reader.length(end)))
    else if (tag === 0x22) exemplars.push(readExemplar(reader, reader.length(end), symbols))
    else if (tag === 0x2a) family = readMetadata2(reader, reader.length(end), symbols)
    else if (tag === 0x30) startMillis = readInteger(reader)
    else if (!readReferences(reader, tag, end, references)) reader.skip(tag, end, SERIES_2_FIELDS)
  }
  reader.checkEnd(end)
  writer.take({ labels: labelsOf(references, symbols), samples, histograms, exemplars, family, startMillis })
}

function decodeWith(
  body: Uint8Array,
  into: MetricPoint[],
  options: PrometheusOptions,
  read: (reader: ProtobufReader, writer: SeriesWriter) => void,
): PrometheusTaken {
  const reader = new ProtobufReader()
  const writer = new SeriesWriter(into, options)
  reader.open(decodeSnappy(body, MAX_PLAIN_BYTES))
  try {
    read(reader, writer)
  } catch (error) {
    if (error instanceof ProtobufError) throw new MalformedError(`The body is no remote write: ${error.message}.`)
    throw error
  }
  return { ...writer.refusals.taken(writer.rows), written: writer.written }
}

function readLabel(reader: ProtobufReader, end: number): Label {
  let name = ''
  let value = ''
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a || tag === 0x12) {
      const textEnd = reader.length(end)
      const text = reader.text(reader.at, textEnd)
      if (tag === 0x0a) name = text
      else value = text
      reader.at = textEnd
    } else reader.skip(tag, end, LABEL_FIELDS)
  }
  reader.checkEnd(end)
  return [name, value]
}

/** @param symbols of version 2, whose labels are references */
function readExemplar(reader: ProtobufReader, end: number, symbols?: readonly string[]): WrittenExemplar {
  const labels: Label[] = []
  const references: number[] = []
  let value = 0
  let timeMillis = 0n
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x11) value = reader.view.getFloat64(reader.fixed64(end), true)
    else if (tag === 0x18) timeMillis = readInteger(reader)
    else if (symbols === undefined && tag === 0x0a) labels.push(readLabel(reader, reader.length(end)))
    else if (symbols === undefined || !readReferences(reader, tag, end, references))
      reader.skip(tag, end, EXEMPLAR_FIELDS)
  }
  reader.checkEnd(end)
  return { labels: symbols === undefined ? labels : labelsOf(references, symbols), value, timeMillis }
}

/** Field 1 of a series or an exemplar, packed or one by one. False when the tag is another's. */
function readReferences(reader: ProtobufReader, tag: number, end: number, to: number[]): boolean {
  if (tag === 0x08) to.push(reader.varint() >>> 0)
  else if (tag === 0x0a) {
    const listEnd = reader.length(end)
    while (reader.at < listEnd) to.push(reader.varint() >>> 0)
    reader.checkEnd(listEnd)
  } else return false
  return true
}

function labelsOf(references: readonly number[], symbols: readonly string[]): readonly Label[] {
  if (references.length % 2 !== 0) throw new MalformedError('The body is no remote write: a label without a value.')
  const labels: Label[] = []
  for (let i = 0; i < references.length; i += 2)
    labels.push([symbolOf(references[i]!, symbols), symbolOf(references[i + 1]!, symbols)])
  return labels
}

function symbolOf(reference: number, symbols: readonly string[]): string {
  const symbol = symbols[reference]
  if (symbol === undefined)
    throw new MalformedError(
      `The body is no remote write: it refers to symbol ${reference}, and there are ${symbols.length}.`,
    )
  return symbol
}

function readMetadata2(reader: ProtobufReader, end: number, symbols: readonly string[]): Family {
  let type = 0
  let help = 0
  let unit = 0
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x08) type = reader.varint()
    else if (tag === 0x18) help = reader.varint() >>> 0
    else if (tag === 0x20) unit = reader.varint() >>> 0
    else reader.skip(tag, end, METADATA_2_FIELDS)
  }
  reader.checkEnd(end)
  return { type, help: textOf(help, symbols), unit: textOf(unit, symbols) }
}

/** 0 says none, also where nobody sent a symbol for it. */
function textOf(reference: number, symbols: readonly string[]): string {
  return reference === 0 ? '' : symbolOf(reference, symbols).slice(0, MAX_HELP_LENGTH)
}
