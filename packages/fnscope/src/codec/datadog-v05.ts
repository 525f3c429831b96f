// POST /v0.5/traces of the Datadog agent: a table of strings, and spans as arrays of twelve that name them by index.
import type { SpanBatch } from '../span/span-batch.ts'
import { DatadogRows, FIELD, noTraces, type DatadogContext } from './datadog-rows.ts'
import { MsgpackError, MsgpackReader } from './msgpack-reader.ts'
import type { AttributeKey } from './otlp-attributes.ts'
import type { Taken } from './taken.ts'

const SPAN_ITEMS = 12
/** A table that is larger does not stay. */
const KEPT_STRINGS = 65_536

/** A body of 25 MiB whose spans name one long string over and over would become terabytes. Real ones grow threefold. */
const MAX_GROWN_BYTES = 256 * 1024 * 1024

/** The strings of one request: where they stand, and what they are as keys. */
class Strings {
  count = 0
  starts = new Int32Array(1024)
  ends = new Int32Array(1024)
  #keys: (AttributeKey | undefined)[] = []
  #grown = 0

  read(reader: MsgpackReader): void {
    const count = reader.array()
    if (count > this.starts.length || this.starts.length > KEPT_STRINGS) {
      this.starts = new Int32Array(Math.max(count, 1024))
      this.ends = new Int32Array(this.starts.length)
    }
    this.count = count
    this.#keys = []
    this.#grown = 0
    for (let i = 0; i < count; i++) {
      reader.text()
      this.starts[i] = reader.start
      this.ends[i] = reader.end
    }
  }

  /** The index that stands behind `reader`. */
  index(reader: MsgpackReader): number {
    const { at } = reader
    reader.integer()
    const { low, high } = reader
    if (high !== 0 || low < 0 || low >= this.count)
      throw new MsgpackError(`a string index of a table of ${this.count} that is not in it`, at)
    this.#grown += this.ends[low]! - this.starts[low]!
    if (this.#grown > MAX_GROWN_BYTES)
      throw new MsgpackError(
        `strings of more than ${MAX_GROWN_BYTES / 1024 / 1024} MiB, as often as they are named,`,
        at,
      )
    return low
  }

  key(index: number, rows: DatadogRows): AttributeKey {
    const known = this.#keys[index]
    if (known !== undefined) return known
    const key = rows.writer.key(this.starts[index]!, this.ends[index]!)
    // One that there is no room to remember is good once.
    if (key.text !== '') this.#keys[index] = key
    return key
  }

  close(): void {
    this.#keys = []
  }
}

const reader = new MsgpackReader()
const rows = new DatadogRows()
const strings = new Strings()

/**
 * Appends the request's spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeDatadogV05(body: Uint8Array, into: SpanBatch, context: DatadogContext): Taken {
  reader.open(body)
  rows.begin(into, reader.view, context)
  try {
    if (reader.array() !== 2) throw new MsgpackError('not two items, a table of strings and the traces,', 0)
    strings.read(reader)
    for (let chunks = reader.array(); chunks > 0; chunks--) {
      rows.beginChunk()
      for (let spans = reader.array(); spans > 0; spans--) readSpan()
    }
    if (reader.at < body.length) throw new MsgpackError('more than one item', reader.at)
    return rows.end()
  } catch (error) {
    if (error instanceof MsgpackError) throw noTraces('v0.5 traces', error.message)
    throw error
  } finally {
    reader.close()
    rows.close()
    strings.close()
  }
}

function readSpan(): void {
  const { at } = reader
  const items = reader.array()
  if (items !== SPAN_ITEMS) throw new MsgpackError(`a span of ${items} items, not ${SPAN_ITEMS},`, at)
  rows.beginSpan()
  readField(FIELD.service)
  readField(FIELD.name)
  readField(FIELD.resource)
  reader.integer()
  rows.traceLow = reader.low
  rows.traceHigh = reader.high
  reader.integer()
  rows.spanLow = reader.low
  rows.spanHigh = reader.high
  reader.integer()
  rows.parentLow = reader.low
  rows.parentHigh = reader.high
  reader.integer()
  rows.startLow = reader.low
  rows.startHigh = reader.high
  reader.integer()
  rows.durationLow = reader.low
  rows.durationHigh = reader.high
  rows.isError = reader.boolean()
  for (let left = reader.map(); left > 0; left--) {
    const key = strings.key(strings.index(reader), rows)
    const value = strings.index(reader)
    rows.tag(key, strings.starts[value]!, strings.ends[value]!)
  }
  for (let left = reader.map(); left > 0; left--) {
    const key = strings.key(strings.index(reader), rows)
    reader.number()
    if (reader.isReal) rows.metric(key, reader.real)
    else rows.wholeMetric(key, reader.low, reader.high)
  }
  readField(FIELD.type)
  rows.endSpan()
}

function readField(field: number): void {
  const index = strings.index(reader)
  rows.setField(field, strings.starts[index]!, strings.ends[index]!)
}
