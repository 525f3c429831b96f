// PBPoints of DataKit's `com.guance.Point`: PBPoints{1 arr}, PBPoint{1 name, 2 fields, 3 time}, Field{1 key, one of
// 2 i, 3 u, 4 f, 5 b, 6 d, 7 a, 11 s, 8 is_tag, 9 type, 10 unit}; warnings and debug texts are skipped.
import type { AttributeValue } from '../span/attribute-value.ts'
import { BytesMemo } from './bytes-memo.ts'
import { stringOf } from './otlp-text.ts'
import { setOwn } from './json.ts'
import { POINT_LIMITS, type PointField, type PointKind, type PointSink, type PointTag } from './point.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import { MalformedError } from './taken.ts'

const POINTS_FIELDS = fieldsOf(1)
const POINT_FIELDS = fieldsOf(1, 2, 3)
const FIELD_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
const ANY_FIELDS = fieldsOf(1, 2)
const METRICS = ['', 'count', 'rate', 'gauge'] as const
const TWO_32 = 2 ** 32
/** Names, keys and tags' values repeat from point to point; longer texts do not. */
const MAX_REPEATED = 256

/** Hands every point to `sink`. @throws MalformedError when the bytes are no such message */
export function decodePointsProtobuf(body: Uint8Array, sink: PointSink): void {
  try {
    decoder.decode(body, sink)
  } catch (error) {
    if (error instanceof ProtobufError) throw new MalformedError(`The body is no protobuf points: ${error.message}.`)
    throw error
  }
}

class PointsReader {
  readonly #reader = new ProtobufReader()
  readonly #texts = new BytesMemo<string>({ entries: 8192, keyBytes: 512 * 1024 })

  decode(body: Uint8Array, sink: PointSink): void {
    const reader = this.#reader
    this.#texts.begin()
    reader.open(body)
    try {
      while (reader.at < body.length) {
        const tag = reader.tag()
        if (tag === 0x0a) {
          const end = reader.length(body.length)
          this.#point(end, sink)
          reader.at = end
        } else reader.skip(tag, body.length, POINTS_FIELDS)
      }
    } finally {
      reader.close()
    }
  }

  #point(end: number, sink: PointSink): void {
    const reader = this.#reader
    let name = ''
    let time = 0n
    const tags: PointTag[] = []
    const fields: PointField[] = []
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) name = this.#text(end)
      else if (tag === 0x12) {
        const fieldEnd = reader.length(end)
        this.#field(fieldEnd, tags, fields)
        reader.at = fieldEnd
      } else if (tag === 0x18) time = signed(reader.varint(), reader.high)
      else reader.skip(tag, end, POINT_FIELDS)
    }
    reader.checkEnd(end)
    if (name === '') sink.refuse('bad_point', 'a point without a name')
    else if (tags.length + fields.length === 0) sink.refuse('bad_point', `point "${name.slice(0, 40)}" has no field`)
    else sink.take({ name, tags, fields, timeNanos: time === 0n ? undefined : time })
  }

  #field(end: number, tags: PointTag[], fields: PointField[]): void {
    const reader = this.#reader
    let key = ''
    let kind: PointKind | '' = ''
    let value: AttributeValue = ''
    let isTag = false
    let type = 0
    let unit = ''
    while (reader.at < end) {
      const tag = reader.tag()
      switch (tag) {
        case 0x0a:
          key = this.#text(end)
          break
        case 0x10:
          kind = 'i'
          value = signed(reader.varint(), reader.high)
          break
        case 0x18:
          kind = 'u'
          value = unsigned(reader.varint(), reader.high)
          break
        case 0x21:
          kind = 'f'
          value = reader.view.getFloat64(reader.fixed64(end), true)
          break
        case 0x28:
          kind = 'b'
          value = isTrue(reader)
          break
        case 0x32:
          kind = 'd'
          value = this.#bytes(end)
          break
        case 0x3a: {
          kind = 'a'
          const anyEnd = reader.length(end)
          value = this.#any(anyEnd)
          reader.at = anyEnd
          break
        }
        case 0x40:
          isTag = isTrue(reader)
          break
        case 0x48:
          type = reader.varint()
          break
        case 0x52:
          unit = this.#text(end)
          break
        case 0x5a:
          kind = 's'
          value = this.#text(end)
          break
        default:
          reader.skip(tag, end, FIELD_FIELDS)
      }
    }
    reader.checkEnd(end)
    // More than may be is refused with the point; what is far more need not be gathered for that.
    if (key === '' || kind === '') return
    if (isTag && typeof value === 'string') {
      if (tags.length <= POINT_LIMITS.tags) tags.push({ key, value })
    } else if (fields.length <= POINT_LIMITS.fields)
      fields.push({ key, kind, value, metric: METRICS[type] ?? '', unit })
  }

  #text(end: number): string {
    const reader = this.#reader
    const textEnd = reader.length(end)
    const { at: start, view } = reader
    reader.at = textEnd
    if (start === textEnd) return ''
    if (textEnd - start > MAX_REPEATED) return stringOf(view, start, textEnd)
    const known = this.#texts.find(view, start, textEnd)
    if (known !== undefined) return known
    const text = stringOf(view, start, textEnd)
    this.#texts.add(view, start, textEnd, text)
    return text
  }

  #bytes(end: number): Uint8Array {
    const reader = this.#reader
    const bytesEnd = reader.length(end)
    const bytes = reader.bytes.slice(reader.at, bytesEnd)
    reader.at = bytesEnd
    return new Uint8Array(bytes)
  }

  /** google.protobuf.Any {1 type_url, 2 value} of DataKit's Array or Map; of anything else its bytes. */
  #any(end: number): AttributeValue {
    const reader = this.#reader
    let type = ''
    let start = reader.at
    let valueEnd = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) type = this.#text(end)
      else if (tag === 0x12) {
        valueEnd = reader.length(end)
        start = reader.at
        reader.at = valueEnd
      } else reader.skip(tag, end, ANY_FIELDS)
    }
    reader.checkEnd(end)
    if (!/\.(?:Array|Map)$/.test(type)) return new Uint8Array(reader.bytes.slice(start, valueEnd))
    reader.at = start
    return type.endsWith('.Array') ? this.#list(valueEnd) : this.#map(valueEnd)
  }

  #list(end: number): AttributeValue {
    const reader = this.#reader
    const list: AttributeValue[] = []
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) {
        const itemEnd = reader.length(end)
        list.push(this.#basic(itemEnd))
        reader.at = itemEnd
      } else reader.skip(tag, end)
    }
    return list
  }

  #map(end: number): AttributeValue {
    const reader = this.#reader
    const map: { [key: string]: AttributeValue } = {}
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag !== 0x0a) {
        reader.skip(tag, end)
        continue
      }
      const entryEnd = reader.length(end)
      let key = ''
      let value: AttributeValue = null
      while (reader.at < entryEnd) {
        const entryTag = reader.tag()
        if (entryTag === 0x0a) key = this.#text(entryEnd)
        else if (entryTag === 0x12) {
          const valueEnd = reader.length(entryEnd)
          value = this.#basic(valueEnd)
          reader.at = valueEnd
        } else reader.skip(entryTag, entryEnd)
      }
      reader.checkEnd(entryEnd)
      setOwn(map, key, value)
    }
    return map
  }

  /** BasicTypes: one of 1 i, 2 u, 3 f, 4 b, 5 d, 6 s. */
  #basic(end: number): AttributeValue {
    const reader = this.#reader
    let value: AttributeValue = null
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x08) value = signed(reader.varint(), reader.high)
      else if (tag === 0x10) value = unsigned(reader.varint(), reader.high)
      else if (tag === 0x19) value = reader.view.getFloat64(reader.fixed64(end), true)
      else if (tag === 0x20) value = isTrue(reader)
      else if (tag === 0x2a) value = this.#bytes(end)
      else if (tag === 0x32) value = this.#text(end)
      else reader.skip(tag, end)
    }
    reader.checkEnd(end)
    return value
  }
}

function isTrue(reader: ProtobufReader): boolean {
  return reader.varint() !== 0 || reader.high !== 0
}

function signed(low: number, high: number): bigint {
  const value = (high | 0) * TWO_32 + (low >>> 0)
  return Number.isSafeInteger(value) ? BigInt(value) : (BigInt(high | 0) << 32n) | BigInt(low >>> 0)
}

function unsigned(low: number, high: number): bigint {
  return BigInt.asUintN(64, signed(low, high))
}

const decoder = new PointsReader()
