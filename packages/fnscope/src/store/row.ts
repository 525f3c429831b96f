// What rows of every table have in common as ClickHouse answers them (JSONEachRow, 64-bit integers as strings): maps,
// doubles, and values that say "none". Column names live in *-row.ts, tables.ts and the SQL of this folder only.
import { parseLiteral, type Attributes, type AttributeValue } from '../span/attribute-value.ts'

export const NO_TRACE_ID = '0'.repeat(32)

export type Texts = Readonly<Record<string, string>>

/** Numbers that JSON cannot hold come quoted: "nan", "inf", "-inf". */
export type Double = number | 'nan' | 'inf' | '-inf'

export function numberOf(value: Double): number {
  if (typeof value === 'number') return value
  return value === 'nan' ? Number.NaN : value === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}

export function attributesOf(strings: Texts, typed: Texts): Attributes {
  const literals = Object.entries(typed).map(([key, text]): [string, AttributeValue] => [key, parseLiteral(text)])
  return { ...strings, ...Object.fromEntries(literals) }
}
/** { [key]: value }, or nothing where the value says "none". */
export function known<Key extends string, Value>(key: Key, value: Value, none: Value): { readonly [K in Key]?: Value } {
  return value === none ? {} : ({ [key]: value } as { readonly [K in Key]: Value })
}
