// A point as DataKit and InfluxDB know it: a measurement, tags, typed fields, a time. What the four wire forms are read
// into, and what is mapped to spans, log records and metric points from there. Plain data; nothing of any wire here.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { RefusalReason } from './taken.ts'

/** As protobuf's Field names its members: int64, uint64, double, bool, bytes, string, any (a list or a map). */
export type PointKind = 'i' | 'u' | 'f' | 'b' | 'd' | 's' | 'a'

export interface PointField {
  readonly key: string
  readonly kind: PointKind
  /** bigint of i and u, number of f, boolean of b, bytes of d, string of s, list or object of a. */
  readonly value: AttributeValue
  /** What kind of number it is, where the sender says so. */
  readonly metric: 'count' | 'rate' | 'gauge' | ''
  readonly unit: string
}

export interface PointTag {
  readonly key: string
  readonly value: string
}

export interface Point {
  readonly name: string
  readonly tags: readonly PointTag[]
  readonly fields: readonly PointField[]
  /** Since 1970; undefined: none was sent. */
  readonly timeNanos: bigint | undefined
}

/** Where a reader of one wire form puts what it finds, one by one: a body may hold more than fits in memory as objects. */
export interface PointSink {
  take(point: Point): void
  /** One point that is not kept. @param detail a sentence for the sender */
  refuse(reason: RefusalReason, detail: string): void
}

/** What DataKit itself keeps to when it makes points; a point beyond is refused. */
export const POINT_LIMITS = { nameLength: 1024, tagValueLength: 16_384, tags: 256, fields: 1024 } as const

/** Why the point is over a limit, if it is. */
export function limitOf({ name, tags, fields }: Point): string | undefined {
  const { nameLength, tagValueLength } = POINT_LIMITS
  if (tags.length > POINT_LIMITS.tags) return `a point has ${tags.length} tags; it may have ${POINT_LIMITS.tags}`
  if (fields.length > POINT_LIMITS.fields)
    return `a point has ${fields.length} fields; it may have ${POINT_LIMITS.fields}`
  if (name.length > nameLength) return `a measurement's name is longer than ${nameLength}`
  for (const { key, value } of tags)
    if (key.length > nameLength || value.length > tagValueLength)
      return `a tag is longer than ${key.length > nameLength ? nameLength : tagValueLength}`
  for (const { key } of fields) if (key.length > nameLength) return `a field's key is longer than ${nameLength}`
  return undefined
}

export function fieldOf(key: string, kind: PointKind, value: AttributeValue): PointField {
  return { key, kind, value, metric: '', unit: '' }
}
