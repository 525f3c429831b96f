// Points in JSON, in two forms: a list of `{measurement, tags{}, fields{}, time}`, and the JSON that protobuf's own
// mapping makes of PBPoints (`{"arr":[{"name","fields":[{"key","i":"1"}],"time"}]}`, or the list alone). Not the hot path.
import type { AttributeValue } from '../span/attribute-value.ts'
import { isDeeperThan, isJsonObject, setOwn, textOf, type JsonObject } from './json.ts'
import { fieldOf, type PointField, type PointKind, type PointSink, type PointTag } from './point.ts'
import { GUESSED, nanosOf, type Precision } from './point-time.ts'
import { MalformedError } from './taken.ts'

const MAX_DEPTH = 32
/** Parsed JSON takes twenty times its text when it is made for that. */
const MAX_BYTES = 10 * 1024 * 1024
const METRICS = ['', 'count', 'rate', 'gauge'] as const
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n

const decoder = new TextDecoder('utf-8')

/** Hands every point to `sink`. @throws MalformedError when the body is no list of points */
export function decodePointsJson(body: Uint8Array, sink: PointSink, precision: Precision): void {
  for (const item of parseList(body)) {
    const { measurement, tags, fields, time } = item
    if (typeof measurement !== 'string' || measurement === '') {
      sink.refuse('bad_point', 'a point without a measurement')
      continue
    }
    const values = isJsonObject(fields)
      ? Object.entries(fields).flatMap(([key, value]) => fieldsOfJson(key, value))
      : []
    const labels = isJsonObject(tags) ? Object.entries(tags).flatMap(([key, value]) => tagOf(key, value)) : []
    const timeNanos = timeOf(time, precision)
    if (values.length === 0) sink.refuse('bad_point', `point "${measurement.slice(0, 40)}" has no field`)
    else if (timeNanos === false) sink.refuse('bad_point', `point "${measurement.slice(0, 40)}" has no whole time`)
    else sink.take({ name: measurement, tags: labels, fields: values, timeNanos })
  }
}

/** The same of protobuf's JSON, whose time is in nanoseconds. @throws MalformedError */
export function decodePointsPbjson(body: Uint8Array, sink: PointSink): void {
  for (const { name, fields, time } of parseList(body)) {
    if (typeof name !== 'string' || name === '') {
      sink.refuse('bad_point', 'a point without a name')
      continue
    }
    const tags: PointTag[] = []
    const values: PointField[] = []
    if (Array.isArray(fields)) for (const field of fields) if (isJsonObject(field)) takeField(field, tags, values)
    const timeNanos = timeOf(time, GUESSED)
    if (tags.length + values.length === 0) sink.refuse('bad_point', `point "${name.slice(0, 40)}" has no field`)
    else if (timeNanos === false) sink.refuse('bad_point', `point "${name.slice(0, 40)}" has no whole time`)
    else sink.take({ name, tags, fields: values, timeNanos })
  }
}

function parseList(body: Uint8Array): readonly JsonObject[] {
  if (body.length > MAX_BYTES)
    throw new MalformedError(`The JSON has ${body.length} bytes; ${MAX_BYTES} are read, protobuf may be larger.`)
  const text = decoder.decode(body)
  if (isDeeperThan(text, MAX_DEPTH)) throw new MalformedError(`The JSON is nested deeper than ${MAX_DEPTH}.`)
  let document: unknown
  try {
    document = JSON.parse(text, keepDigits)
  } catch (error) {
    throw new MalformedError(`The body is no JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (isJsonObject(document)) document = Array.isArray(document['arr']) ? document['arr'] : [document]
  if (!Array.isArray(document) || !document.every(isJsonObject))
    throw new MalformedError('The JSON is no list of points.')
  return document
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value
}

function tagOf(key: string, value: unknown): PointTag[] {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  return key === '' || !isScalar ? [] : [{ key, value: String(value) }]
}

function fieldsOfJson(key: string, value: unknown): PointField[] {
  if (key === '' || value === null || value === undefined) return []
  switch (typeof value) {
    case 'string':
      return [fieldOf(key, 's', value)]
    case 'boolean':
      return [fieldOf(key, 'b', value)]
    case 'bigint':
      return [integerField(key, value)]
    case 'number':
      return [
        Number.isSafeInteger(value) && !Object.is(value, -0)
          ? integerField(key, BigInt(value))
          : fieldOf(key, 'f', value),
      ]
    default:
      return [fieldOf(key, 'a', value as AttributeValue)]
  }
}

function integerField(key: string, value: bigint): PointField {
  if (value >= MIN_INT64 && value <= MAX_INT64) return fieldOf(key, 'i', value)
  return value > 0n && value <= MAX_UINT64 ? fieldOf(key, 'u', value) : fieldOf(key, 'f', Number(value))
}

/** undefined: none; false: not a whole number. */
function timeOf(time: unknown, precision: Precision): bigint | undefined | false {
  if (time === undefined || time === null) return undefined
  const whole =
    typeof time === 'bigint' || (typeof time === 'number' && Number.isSafeInteger(time))
      ? BigInt(time)
      : typeof time === 'string' && /^-?\d{1,19}$/.test(time)
        ? BigInt(time)
        : undefined
  if (whole === undefined) return false
  return whole === 0n ? undefined : nanosOf(whole, precision)
}

const MEMBERS: readonly PointKind[] = ['i', 'u', 'f', 'b', 'd', 's', 'a']

function takeField(field: JsonObject, tags: PointTag[], fields: PointField[]): void {
  const { key } = field
  const kind = MEMBERS.find((member) => field[member] !== undefined && field[member] !== null)
  if (typeof key !== 'string' || key === '' || kind === undefined) return
  const value = valueOf(kind, field[kind])
  if (value === undefined) return
  const isTag = field['isTag'] === true || field['is_tag'] === true
  if (isTag && typeof value === 'string') tags.push({ key, value })
  else fields.push({ key, kind, value, metric: metricOf(field['type']), unit: textOf(field['unit']) ?? '' })
}

function metricOf(type: unknown): PointField['metric'] {
  if (typeof type === 'number') return METRICS[type] ?? ''
  return METRICS.find((metric) => metric === String(type).toLowerCase()) ?? ''
}

/** What a member of one of the kinds says; undefined when it is not of that kind. */
function valueOf(kind: PointKind, value: unknown): AttributeValue | undefined {
  switch (kind) {
    case 'i':
    case 'u':
      if (typeof value === 'bigint') return value
      return /^-?\d{1,20}$/.test(String(value)) ? BigInt(String(value)) : undefined
    case 'f': {
      const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
      return Number.isNaN(number) && value !== 'NaN' ? undefined : number
    }
    case 'b':
      return typeof value === 'boolean' ? value : undefined
    case 'd':
      return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
    case 's':
      return typeof value === 'string' ? value : undefined
    case 'a':
      return anyOf(value)
  }
}

/** `{"@type":"…Array","arr":[{"i":"1"}]}`, `{"@type":"…Map","map":{"k":{"s":"v"}}}`; anything else as it is. */
function anyOf(value: unknown): AttributeValue {
  if (!isJsonObject(value)) return value as AttributeValue
  if (Array.isArray(value['arr'])) return value['arr'].map(basicOf)
  const { map } = value
  if (!isJsonObject(map)) return value
  const read: { [key: string]: AttributeValue } = {}
  for (const [key, item] of Object.entries(map)) setOwn(read, key, basicOf(item))
  return read
}

function basicOf(item: unknown): AttributeValue {
  if (!isJsonObject(item)) return null
  const kind = MEMBERS.find((member) => item[member] !== undefined)
  return (kind === undefined ? undefined : valueOf(kind, item[kind])) ?? null
}
