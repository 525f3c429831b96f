// PBPoints written from points: what a DataKit would send. For tests and benches; the program only reads it.
import { attributeText, type AttributeValue } from '../../packages/fnscope/src/span/attribute-value.ts'
import type { Point, PointField } from '../../packages/fnscope/src/codec/point.ts'
import { ProtobufWriter } from '../../packages/fnscope/src/codec/protobuf-writer.ts'

const METRICS = ['', 'count', 'rate', 'gauge']

export function encodePoints(points: readonly Point[]): Uint8Array {
  const writer = new ProtobufWriter()
  for (const { name, tags, fields, timeNanos } of points) {
    const point = writer.open(1)
    writer.string(1, name)
    for (const { key, value } of tags) {
      const mark = writer.open(2)
      writer.string(1, key)
      writer.string(11, value)
      writer.varint(8, 1)
      writer.close(mark)
    }
    for (const field of fields) writeField(writer, field)
    if (timeNanos !== undefined) writer.varint64(3, timeNanos)
    writer.close(point)
  }
  return writer.written().slice()
}

function writeField(writer: ProtobufWriter, { key, kind, value, metric, unit }: PointField): void {
  const mark = writer.open(2)
  writer.string(1, key)
  if (kind === 'i') writer.varint64(2, value as bigint)
  else if (kind === 'u') writer.varint64(3, value as bigint)
  else if (kind === 'f') writer.double(4, value as number)
  else if (kind === 'b') writer.varint(5, value === true ? 1 : 0)
  else if (kind === 'd') writer.bytes(6, value as Uint8Array)
  else if (kind === 's') writer.string(11, value as string)
  else writeAny(writer, value)
  if (metric !== '') writer.varint(9, METRICS.indexOf(metric))
  if (unit !== '') writer.string(10, unit)
  writer.close(mark)
}

function writeAny(writer: ProtobufWriter, value: AttributeValue): void {
  const any = writer.open(7)
  const list = Array.isArray(value) ? (value as readonly AttributeValue[]) : undefined
  writer.string(1, `type.googleapis.com/com.guance.${list === undefined ? 'Map' : 'Array'}`)
  const message = writer.open(2)
  if (list !== undefined) for (const item of list) writeBasic(writer, 1, item)
  else
    for (const [key, item] of Object.entries(value as { readonly [key: string]: AttributeValue })) {
      const entry = writer.open(1)
      writer.string(1, key)
      writeBasic(writer, 2, item)
      writer.close(entry)
    }
  writer.close(message)
  writer.close(any)
}

function writeBasic(writer: ProtobufWriter, field: number, value: AttributeValue): void {
  const mark = writer.open(field)
  if (typeof value === 'bigint') writer.varint64(1, value)
  else if (typeof value === 'number') writer.double(3, value)
  else if (typeof value === 'boolean') writer.varint(4, value ? 1 : 0)
  else if (value instanceof Uint8Array) writer.bytes(5, value)
  else writer.string(6, attributeText(value))
  writer.close(mark)
}
