// Leases: which of several processes does what only one should. A lease is a row of the table `leases`; the next row of a
// name has the next epoch and, by its deduplication token, is stored once, whoever else tries at the same time. So the
// store decides the race, with Keeper or without. Nothing here is trusted for longer than half of a lease.
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'

interface LeaseRow {
  readonly epoch: string
  readonly holder: string
  /** Milliseconds that are left of it, negative when it is over; by the clock of the server asked. */
  readonly left: string
}

/** The replica asked may get the row a little later than the one that took it. */
const SEEN_WITHIN_MS = 2000
const LOOK_EVERY_MS = 50

/** What the table consists of; its engine is a ReplacingMergeTree by epoch. */
export const LEASE_COLUMNS = "name String, epoch UInt64, holder String, until DateTime64(3, 'UTC')"

async function newest(connection: Connection, name: string): Promise<LeaseRow | undefined> {
  const [row] = await connection.query<LeaseRow>(
    `SELECT epoch, holder, toUnixTimestamp64Milli(until) - toUnixTimestamp64Milli(now64(3)) AS left
     FROM ${connection.database}.leases WHERE name = {name:String} ORDER BY epoch DESC LIMIT 1`,
    { name },
  )
  return row
}

/** See Store.lease. */
export async function takeLease(shared: Connection, name: string, holder: string, seconds: number): Promise<boolean> {
  // An answer without the shard that has the lease would look like one that nobody holds.
  const connection = shared.whole()
  const last = await newest(connection, name)
  const leftMs = Number(last?.left ?? 0)
  if (last !== undefined && leftMs > 0) {
    if (last.holder !== holder) return false
    if (seconds > 0 && leftMs > seconds * 500) return true
  } else if (seconds <= 0) return false
  const epoch = BigInt(last?.epoch ?? 0) + 1n
  await connection.command(
    `INSERT INTO ${connection.database}.leases
     SELECT {name:String}, {epoch:UInt64}, {holder:String}, now64(3) + toIntervalMillisecond({millis:Int64})`,
    { name, epoch: String(epoch), holder, millis: Math.round(seconds * 1000) },
    {
      async_insert: 0,
      insert_deduplicate: 1,
      deduplicate_insert_select: 'force_enable',
      insert_deduplication_token: `lease-${name}-${epoch}`,
    },
  )
  for (const until = performance.now() + SEEN_WITHIN_MS; performance.now() < until; await delay(LOOK_EVERY_MS)) {
    const now = await newest(connection, name)
    if (now !== undefined && BigInt(now.epoch) >= epoch)
      return BigInt(now.epoch) === epoch && now.holder === holder && Number(now.left) > seconds * 500
  }
  return false
}
