// Which services and operations there are, from the tables that hold nothing else: by whole days.
import { NANOS_PER_DAY } from '../span/time.ts'
import type { Connection } from './connection.ts'
import type { Operation, TimeRange } from './store.ts'

/** The last nanoseconds of the days that the range touches. */
function daysOf({ startNanos, endNanos }: TimeRange): { readonly from: bigint; readonly to: bigint } {
  return { from: startNanos, to: endNanos + NANOS_PER_DAY }
}

const WITHIN = 'seen_nanos >= {from:Int64} AND seen_nanos < {to:Int64}'

/** See Reader.services. */
export async function listServices(connection: Connection, range: TimeRange): Promise<string[]> {
  if (range.startNanos >= range.endNanos) return []
  const rows = await connection.query<{ service: string }>(
    `SELECT DISTINCT service FROM ${connection.database}.services WHERE ${WITHIN} SETTINGS max_threads = 1`,
    daysOf(range),
  )
  return rows.map(({ service }) => service).sort()
}

/** See Reader.operations. */
export async function listOperations(
  connection: Connection,
  range: TimeRange,
  service: string | undefined,
): Promise<Operation[]> {
  if (range.startNanos >= range.endNanos) return []
  const ofService = service === undefined ? '' : 'AND service = {service:String}'
  return await connection.query<Operation>(
    `SELECT DISTINCT name, kind FROM ${connection.database}.operations WHERE ${WITHIN} ${ofService}
     ORDER BY name, kind SETTINGS max_threads = 1`,
    { ...daysOf(range), ...(service === undefined ? {} : { service }) },
  )
}
