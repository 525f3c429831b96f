// Keys of annotations and their values, for completion: the index stands in their order.
import type { Connection } from './connection.ts'
import { largeRead } from './small-read.ts'
import type { TimeRange } from './store.ts'

const WITHIN = 'start_nanos >= {from:Int64} AND start_nanos < {to:Int64}'

/** See Reader.annotationKeys. */
export async function annotationKeys(connection: Connection, range: TimeRange, limit: number): Promise<string[]> {
  const rows = await connection.query<{ key: string }>(
    `SELECT DISTINCT key FROM ${connection.database}.annotations WHERE ${WITHIN} LIMIT {limit:UInt32}
     SETTINGS ${largeRead()}`,
    { from: range.startNanos, to: range.endNanos, limit },
  )
  return rows.map(({ key }) => key).sort()
}

/** See Reader.annotationValues. */
export async function annotationValues(
  connection: Connection,
  range: TimeRange,
  { key, limit }: { readonly key: string; readonly limit: number },
): Promise<string[]> {
  const rows = await connection.query<{ value: string }>(
    `SELECT DISTINCT string_value AS value FROM ${connection.database}.annotations
     WHERE key = {key:String} AND kind = 0 AND ${WITHIN} LIMIT {limit:UInt32} SETTINGS ${largeRead()}`,
    { from: range.startNanos, to: range.endNanos, key, limit },
  )
  return rows.map(({ value }) => value).sort()
}
