// Events of a Datadog span as the JSON text that their column holds.
import { nameOf, nextItem, writeItem, writeName } from './datadog-item.ts'
import type { DatadogRows } from './datadog-rows.ts'
import { MsgpackError, type MsgpackReader } from './msgpack-reader.ts'
import type { TextWriter } from './otlp-text.ts'

export function readEvents(reader: MsgpackReader, rows: DatadogRows): void {
  const to = rows.events
  for (let left = reader.array(); left > 0; left--) {
    let low = 0
    let high = 0
    let nameStart = 0
    let nameEnd = 0
    let attributes = -1
    for (let fields = reader.map(); fields > 0; fields--) {
      switch (nameOf(reader)) {
        case 'time_unix_nano':
          reader.integer()
          low = reader.low
          high = reader.high
          break
        case 'name':
          reader.text()
          nameStart = reader.start
          nameEnd = reader.end
          break
        case 'attributes':
          attributes = reader.at
          reader.skip()
          break
        default:
          reader.skip()
      }
    }
    const after = reader.at
    beginEvent(to, reader.view, { low, high, nameStart, nameEnd })
    if (attributes !== -1) {
      reader.at = attributes
      to.ascii(',"attributes":')
      writeTyped(reader, to)
    }
    to.byte(125)
    reader.at = after
  }
}

export interface EventParts {
  readonly low: number
  readonly high: number
  readonly nameStart: number
  readonly nameEnd: number
}

export function beginEvent(to: TextWriter, view: DataView, { low, high, nameStart, nameEnd }: EventParts): void {
  nextItem(to)
  to.ascii('{"nanos":')
  to.integer(low, high)
  if (nameEnd > nameStart) {
    to.ascii(',"name":')
    to.quoted(view, nameStart, nameEnd)
  }
}

/** A map of values that each name their type: `{type, string_value | bool_value | …}`. */
function writeTyped(reader: MsgpackReader, to: TextWriter): void {
  to.byte(123)
  for (let left = reader.map(), i = 0; left > 0; left--, i++) {
    if (i > 0) to.byte(44)
    reader.text()
    writeName(reader.view, reader.start, reader.end, to)
    writeTypedValue(reader, to, 0)
  }
  to.byte(125)
}

/** More than an array in an array is not foreseen. */
const MAX_ARRAY_DEPTH = 8

function writeTypedValue(reader: MsgpackReader, to: TextWriter, depth: number): void {
  if (depth > MAX_ARRAY_DEPTH) throw new MsgpackError(`arrays nested deeper than ${MAX_ARRAY_DEPTH} levels`, reader.at)
  const before = to.length
  for (let fields = reader.map(); fields > 0; fields--) {
    const name = nameOf(reader)
    if (!name.endsWith('_value')) {
      reader.skip()
      continue
    }
    // Of several the last one counts.
    to.length = before
    if (name === 'array_value' && reader.isMap) writeTypedArray(reader, to, depth)
    else if (name === 'double_value') {
      reader.number()
      to.double(reader.isReal ? reader.real : reader.high * 2 ** 32 + (reader.low >>> 0))
    } else writeItem(reader, to)
  }
  if (to.length === before) to.ascii('null')
}

function writeTypedArray(reader: MsgpackReader, to: TextWriter, depth: number): void {
  const before = to.length
  for (let fields = reader.map(); fields > 0; fields--) {
    if (nameOf(reader) !== 'values') {
      reader.skip()
      continue
    }
    to.length = before
    to.byte(91)
    for (let left = reader.array(), i = 0; left > 0; left--, i++) {
      if (i > 0) to.byte(44)
      writeTypedValue(reader, to, depth + 1)
    }
    to.byte(93)
  }
  if (to.length === before) to.ascii('[]')
}
