// Which services and operations there are, from the tables that hold nothing else: by whole days.
import { NANOS_PER_DAY } from '../span/time.ts'
import type { Connection, QueryParameters } from './connection.ts'
import { smallRead } from './small-read.ts'
import type { Operation, TimeRange } from './store.ts'

/** Between these. seen_nanos is the last of its day: what days the range touches is all that counts. */
function daysOf({ startNanos, endNanos }: TimeRange): { readonly from: bigint; readonly to: bigint } {
  return { from: startNanos - (startNanos % NANOS_PER_DAY), to: endNanos - (endNanos % NANOS_PER_DAY) + NANOS_PER_DAY }
}

const WITHIN = 'seen_nanos >= {from:Int64} AND seen_nanos < {to:Int64}'

interface Kept {
  readonly days: string
  readonly untilMs: number
  readonly services: Promise<string[]>
}

/** The list is asked for by every page that opens, and hardly changes. */
const KEPT_MS = 1000
const KEPT = new WeakMap<Connection, Kept>()

/** See Reader.services. */
export async function listServices(connection: Connection, range: TimeRange): Promise<string[]> {
  if (range.startNanos >= range.endNanos) return []
  const { from, to } = daysOf(range)
  const days = `${from} ${to}`
  const kept = KEPT.get(connection)
  if (kept?.days === days && kept.untilMs > performance.now()) return [...(await kept.services)]
  const services = readServices(connection, { from, to })
  KEPT.set(connection, { days, untilMs: performance.now() + KEPT_MS, services })
  try {
    return [...(await services)]
  } catch (error) {
    KEPT.delete(connection)
    throw error
  }
}

async function readServices(connection: Connection, days: QueryParameters): Promise<string[]> {
  const rows = await connection.query<{ service: string }>(
    `SELECT DISTINCT service FROM ${connection.database}.services WHERE ${WITHIN} SETTINGS ${smallRead(connection)}`,
    days,
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
     ORDER BY name, kind SETTINGS ${smallRead(connection)}`,
    { ...daysOf(range), ...(service === undefined ? {} : { service }) },
  )
}
