// What rows of every table have in common as ClickHouse answers them (JSONEachRow, 64-bit integers as strings): maps,
// doubles, and values that say "none". Column names live in *-row.ts, tables.ts and the SQL of this folder only.
import { attributeOf, type Attributes } from '../span/attribute-value.ts'

export const NO_TRACE_ID = '0'.repeat(32)

export type Texts = Readonly<Record<string, string>>

/** Numbers that JSON cannot hold come quoted: "nan", "inf", "-inf". */
export type Double = number | 'nan' | 'inf' | '-inf'

export function numberOf(value: Double): number {
  if (typeof value === 'number') return value
  return value === 'nan' ? Number.NaN : value === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}

/** A map's entries in their order, which JSON objects do not keep for keys that look like numbers. */
export function attributesOf(keys: readonly string[], texts: readonly string[], letters: string): Attributes {
  return Object.fromEntries(keys.map((key, i) => [key, attributeOf(letters[i] ?? 's', texts[i] ?? '')]))
}

/** { [key]: value }, or nothing where the value says "none". */
export function known<Key extends string, Value>(key: Key, value: Value, none: Value): { readonly [K in Key]?: Value } {
  return value === none ? {} : ({ [key]: value } as { readonly [K in Key]: Value })
}
