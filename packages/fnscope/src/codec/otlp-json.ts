// OTLP/JSON read as protobuf: what a request says is written out as the message it stands for, so that one decoder, and
// one mapping, serves both. Here is what traces, logs and metrics share: the document, numbers of 64 bits, values.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { isDeeperThan, isJsonObject, type JsonObject } from './json.ts'
import { MalformedError } from './taken.ts'
import { MAX_VALUE_DEPTH } from './otlp-value.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

/** A level of an AnyValue is up to four of JSON ({"kvlistValue":{"values":[{"value":…), and a few stand above. */
const MAX_JSON_DEPTH = MAX_VALUE_DEPTH * 4 + 32

/** A bare number that a double may not hold. Finding one in a string costs the slower reading and nothing else. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/

const decoder = new TextDecoder('utf-8')

/** @throws MalformedError when the body is no JSON object. Numbers of more digits than a double holds are texts */
export function parseOtlpJson(body: Uint8Array): JsonObject {
  const text = decoder.decode(body)
  if (isDeeperThan(text, MAX_JSON_DEPTH)) throw new MalformedError(`The JSON is nested deeper than ${MAX_JSON_DEPTH}.`)
  let document: unknown
  try {
    document = LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
  } catch (error) {
    throw new MalformedError(`The body is no JSON: ${(error as Error).message}`)
  }
  if (!isJsonObject(document)) throw new MalformedError('The body is no JSON object.')
  return document
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? source : value
}

/** The member as a list of objects; absent and null are none. @throws MalformedError */
export function objectsOf(parent: JsonObject, name: string): readonly JsonObject[] {
  const value = parent[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every(isJsonObject)) throw wrong(name, 'a list of objects')
  return value
}

/** @throws MalformedError */
export function objectOf(parent: JsonObject, name: string): JsonObject | undefined {
  const value = parent[name]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw wrong(name, 'an object')
  return value
}

/** '' when it is absent. @throws MalformedError */
export function stringOf(parent: JsonObject, name: string): string {
  const value = parent[name]
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw wrong(name, 'a string')
  return value
}

/** A 64-bit integer as number or text; 0 when it is absent. @throws MalformedError */
export function integerOf(parent: JsonObject, name: string): bigint {
  return integerFrom(parent[name], name)
}

function integerFrom(value: unknown, name: string): bigint {
  if (value === undefined || value === null) return 0n
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  // Whole numbers may come as 1.0 or 1e3 too, as protobuf's JSON has it.
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (Number.isSafeInteger(number)) return BigInt(number)
  throw wrong(name, 'a whole number')
}

/** A 32-bit count or set of flags. @throws MalformedError */
export function countOf(parent: JsonObject, name: string): number {
  return Number(BigInt.asUintN(32, integerOf(parent, name)))
}

/** An enum's number, from its name too; 0 when the name is not known. @throws MalformedError */
export function enumOf(parent: JsonObject, name: string, names: readonly string[]): number {
  const value = parent[name]
  if (typeof value === 'string' && !/^\d+$/.test(value)) return Math.max(0, names.indexOf(value))
  const number = integerOf(parent, name)
  return number >= 0n && number <= 0x7fff_ffffn ? Number(number) : 0
}

/** An id in hex of any case; what is no hex has no bytes, and is refused where ids are looked at. */
export function idOf(parent: JsonObject, name: string): Uint8Array {
  const text = stringOf(parent, name)
  return text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex') : new Uint8Array(0)
}

/** Writes `text` under `field` unless it is empty. */
export function writeText(writer: ProtobufWriter, field: number, text: string): void {
  if (text !== '') writer.string(field, text)
}

/** Writes a count under `field` unless it is 0. */
export function writeCount(writer: ProtobufWriter, field: number, count: number): void {
  if (count !== 0) writer.varint(field, count)
}

/** Writes `attributes` (or `name`) of `parent` as KeyValues under `field`. @throws MalformedError */
export function writeAttributes(writer: ProtobufWriter, field: number, parent: JsonObject, name = 'attributes'): void {
  for (const attribute of objectsOf(parent, name)) writeKeyValue(writer, field, attribute, 0)
}

function writeKeyValue(writer: ProtobufWriter, field: number, attribute: JsonObject, depth: number): void {
  const mark = writer.open(field)
  writeText(writer, 1, stringOf(attribute, 'key'))
  const value = objectOf(attribute, 'value')
  if (value !== undefined) writeAnyValue(writer, 2, value, depth)
  writer.close(mark)
}

/** Writes an AnyValue under `field`; of several members the last one counts. @throws MalformedError */
export function writeAnyValue(writer: ProtobufWriter, field: number, value: JsonObject, depth = 0): void {
  if (depth > MAX_VALUE_DEPTH)
    throw new MalformedError(`The request has values nested deeper than ${MAX_VALUE_DEPTH} levels.`)
  const mark = writer.open(field)
  for (const name of Object.keys(value)) {
    if (value[name] === null) continue
    switch (name) {
      case 'stringValue':
        writer.string(1, stringOf(value, name))
        break
      case 'boolValue':
        writer.varint(2, booleanOf(value, name) ? 1 : 0)
        break
      case 'intValue':
        writer.varint64(3, integerOf(value, name))
        break
      case 'doubleValue':
        writer.double(4, doubleOf(value, name))
        break
      case 'arrayValue':
      case 'kvlistValue':
        writeCollection(writer, name, objectOf(value, name)!, depth + 1)
        break
      case 'bytesValue':
        writer.bytes(7, base64Of(value, name))
        break
      default:
    }
  }
  writer.close(mark)
}

function writeCollection(
  writer: ProtobufWriter,
  name: 'arrayValue' | 'kvlistValue',
  value: JsonObject,
  depth: number,
): void {
  const mark = writer.open(name === 'arrayValue' ? 5 : 6)
  for (const item of objectsOf(value, 'values'))
    if (name === 'arrayValue') writeAnyValue(writer, 1, item, depth)
    else writeKeyValue(writer, 1, item, depth)
  writer.close(mark)
}

/** False when it is absent. @throws MalformedError */
export function booleanOf(parent: JsonObject, name: string): boolean {
  const value = parent[name]
  if (value === undefined || value === null) return false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw wrong(name, 'true or false')
}

/** NaN and the infinities come as texts, and so may any number. @throws MalformedError */
export function doubleOf(parent: JsonObject, name: string): number {
  return doubleFrom(parent[name], name)
}

function doubleFrom(value: unknown, name: string): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (Number.isNaN(number)) throw wrong(name, 'a number')
  return number
}

/** A list of 64-bit integers, each as number or text. @throws MalformedError */
export function integersOf(parent: JsonObject, name: string): readonly bigint[] {
  return listOf(parent, name).map((item) => integerFrom(item, name))
}

/** @throws MalformedError */
export function doublesOf(parent: JsonObject, name: string): readonly number[] {
  return listOf(parent, name).map((item) => doubleFrom(item, name))
}

function listOf(parent: JsonObject, name: string): readonly unknown[] {
  const value = parent[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw wrong(name, 'a list of numbers')
  return value
}

/** Of either alphabet, with padding or without. */
function base64Of(parent: JsonObject, name: string): Uint8Array {
  const text = stringOf(parent, name)
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw wrong(name, 'base64')
  return Buffer.from(text, 'base64')
}

function wrong(name: string, expected: string): MalformedError {
  return new MalformedError(`The request has a "${name}" that is not ${expected}.`)
}
