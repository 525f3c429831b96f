// A point as text, to show a sender what was understood: a line of line protocol, the plain JSON form, protobuf's JSON.
import { attributeText, type AttributeValue } from '../span/attribute-value.ts'
import { setOwn } from './json.ts'
import type { Point, PointField } from './point.ts'

/** Bytes, lists and maps have no place in line protocol: they stand there as text. */
export function formatLine({ name, tags, fields, timeNanos }: Point): string {
  const labels = tags.map(({ key, value }) => `,${escapeName(key)}=${escapeName(value)}`).join('')
  const values = fields.map((field) => `${escapeName(field.key)}=${lineValue(field)}`).join(',')
  const time = timeNanos === undefined ? '' : ` ${timeNanos}`
  return `${name.replaceAll(/([, ])/g, '\\$1')}${labels} ${values}${time}`
}

function escapeName(text: string): string {
  return text.replaceAll(/([,= ])/g, '\\$1')
}

function lineValue({ kind, value }: PointField): string {
  if (kind === 'i' || kind === 'u') return `${attributeText(value)}${kind}`
  if (kind === 'f' || kind === 'b') return attributeText(value)
  return `"${attributeText(value).replaceAll(/(["\\])/g, '\\$1')}"`
}

export function formatPointJson({ name, tags, fields, timeNanos }: Point): string {
  const labels: { [key: string]: string } = {}
  for (const { key, value } of tags) setOwn(labels, key, value)
  const values = fields.map((field) => `${JSON.stringify(field.key)}:${jsonValue(field.value)}`).join(',')
  const time = timeNanos === undefined ? '' : `,"time":${timeNanos}`
  return `{"measurement":${JSON.stringify(name)},"tags":${JSON.stringify(labels)},"fields":{${values}}${time}}`
}

/** A number of 64 bits is one here, as DataKit writes it. */
function jsonValue(value: AttributeValue): string {
  if (value instanceof Uint8Array) return JSON.stringify(attributeText(value))
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null'
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value, (_key, item: unknown) => plain(item))
}

function plain(item: unknown): unknown {
  return typeof item === 'bigint' ? String(item) : item
}

export function formatPointPbjson({ name, tags, fields, timeNanos }: Point): string {
  return JSON.stringify({
    name,
    fields: [
      ...tags.map(({ key, value }) => ({ key, s: value, is_tag: true })),
      ...fields.map(({ key, kind, value, metric, unit }) => ({
        key,
        [kind]: pbjsonValue(kind, value),
        ...(metric === '' ? {} : { type: metric.toUpperCase() }),
        ...(unit === '' ? {} : { unit }),
      })),
    ],
    ...(timeNanos === undefined ? {} : { time: String(timeNanos) }),
  })
}

function pbjsonValue(kind: PointField['kind'], value: AttributeValue): unknown {
  if (kind === 'a') {
    if (Array.isArray(value)) return { '@type': 'type.googleapis.com/com.guance.Array', arr: value.map(basic) }
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return attributeText(value)
    const map = Object.entries(value).map(([key, item]) => [key, basic(item)] as const)
    return { '@type': 'type.googleapis.com/com.guance.Map', map: Object.fromEntries(map) }
  }
  if (kind === 'f' && !Number.isFinite(value)) return attributeText(value)
  return typeof value === 'bigint' || value instanceof Uint8Array ? attributeText(value) : value
}

function basic(value: unknown): object {
  if (typeof value === 'bigint') return { i: String(value) }
  if (typeof value === 'number') return { f: value }
  if (typeof value === 'boolean') return { b: value }
  if (value instanceof Uint8Array) return { d: attributeText(value) }
  return { s: String(value) }
}
