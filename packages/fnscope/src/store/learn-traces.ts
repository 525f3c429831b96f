// What recent-traces.ts knows comes from here: the traces that are stored already, and the rows of each insert.
import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { Connection } from './connection.ts'
import { NO_RANK, type RecentTraces } from './recent-traces.ts'
import { StoreError } from './store.ts'
import { NOT_LISTED, RANK_STEP } from './trace-places.ts'

/** Of more the filter would hold nothing against, and reading them takes seconds. */
const MAX_STORED = 4_000_000

/** Rows between which other work has its turn: some milliseconds. */
const ROWS_AT_ONCE = 20_000

/** Where names are read: of segments, which are all listed, and of what any span has. */
const NAMES = [
  ['roots', 'root_rank, service, origin, http_status', '1'],
  ['spans', 'peer_name, peer_type, user', "peer_name != '' OR peer_type != '' OR user != ''"],
] as const

/** To be called when nothing was inserted yet; inserts need not wait for it. */
export async function learnStoredTraces(connection: Connection, recent: RecentTraces, log: Logger): Promise<void> {
  const { database } = connection
  try {
    const kept = await keptStarts(connection, recent.maxTraces)
    if (kept === undefined) return
    // In the order in which they would have come: the newest are found first.
    for (const [where, order] of kept === 0n
      ? ([['1', true]] as const)
      : ([
          ['last_start_nanos >= {kept:Int64}', true],
          ['last_start_nanos < {kept:Int64}', false],
        ] as const))
      await connection.eachNativeBlock(
        `SELECT trace_id, toInt64(start_nanos) AS first, toInt64(last_start_nanos) AS last, toInt64(end_nanos) AS end,
           toUInt8(if(listed = ${NOT_LISTED}, ${NO_RANK}, intDiv(listed, ${RANK_STEP}))) AS rank,
           toInt64(listed % ${RANK_STEP}) AS listed_start, toUInt16(flags) AS flag_bits
         FROM ${database}.traces WHERE ${where} ${order ? 'ORDER BY last' : ''} SETTINGS max_threads = 1`,
        { kept },
        { begin: () => {}, take: (block) => recent.noteSums(block, (lastStart) => lastStart >= kept) },
      )
    for (const [table, columns, where] of NAMES)
      await connection.eachNativeBlock(
        `SELECT trace_id, flags, ${columns} FROM ${database}.${table} WHERE ${where}
         SETTINGS max_threads = 1, max_block_size = ${ROWS_AT_ONCE}`,
        {},
        { begin: () => {}, take: (block) => recent.noteNames(block) },
      )
    recent.complete()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    // Every question then asks the engine, which answers the same.
    log.debug({ err: error }, 'stored traces were not read')
  }
}

/** Traces are kept whose last span starts then or later; undefined where too many are stored. */
async function keptStarts(connection: Connection, maxTraces: number): Promise<bigint | undefined> {
  const [stored] = await connection.query<{ rows: string }>(`SELECT count() AS rows FROM ${connection.database}.traces`)
  const rows = Number(stored?.rows)
  if (rows > MAX_STORED) return undefined
  if (rows <= maxTraces) return 0n
  const [kept] = await connection.query<{ start: number }>(
    `SELECT quantile({share:Float64})(last_start_nanos) AS start FROM ${connection.database}.traces`,
    { share: 1 - maxTraces / rows },
  )
  return BigInt(Math.floor(kept?.start ?? 0))
}

interface Inserted {
  readonly isStored: boolean
  /** Of the blocks' concatenation only these rows. */
  readonly rows?: { readonly from: number; readonly to: number } | undefined
}

/** After an insert into `spans`; after one that failed with isStored false: its rows may be there. */
export async function learnInserted(
  recent: RecentTraces,
  blocks: readonly Uint8Array[],
  { isStored, rows = { from: 0, to: Infinity } }: Inserted,
): Promise<void> {
  let before = 0
  let turn = 0
  for (const block of blocks) {
    const noted = noteBlock(recent, block, { isStored, from: Math.max(0, rows.from - before), to: rows.to - before })
    before += noted
    turn += noted
    if (turn < ROWS_AT_ONCE) continue
    turn = 0
    await setImmediate()
  }
}

function noteBlock(
  recent: RecentTraces,
  block: Uint8Array,
  rows: NonNullable<Parameters<RecentTraces['note']>[1]>,
): number {
  try {
    return recent.note(block, rows)
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error
    // The engine takes no block that is cut short, so nothing of it is stored. Else we know less than we believe.
    if (rows.isStored === true) recent.giveUp()
    return 0
  }
}
