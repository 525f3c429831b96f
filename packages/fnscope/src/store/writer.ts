// Blocks into their tables: each insert is one part, under its token, with every setting that makes that exact pinned.
import { giveArena, takeArena } from './block-memory.ts'
import type { Connection } from './connection.ts'
import { mergeBlocks } from './merge-blocks.ts'
import { StoreError } from './store.ts'
import { isInsertTable, structureOf } from './tables.ts'

/** More rows than one insert ever holds: the blocks are squashed into one, so a token always meets the same split. */
const ONE_BLOCK_ROWS = 1_000_000_000

export const INSERT_SETTINGS = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  materialized_views_ignore_errors: 0,
  parallel_view_processing: 0,
  max_insert_threads: 1,
  max_threads: 1,
  max_insert_block_size: ONE_BLOCK_ROWS,
  min_insert_block_size_rows: ONE_BLOCK_ROWS,
  min_insert_block_size_bytes: 0,
  min_insert_block_size_rows_for_materialized_views: 0,
  min_insert_block_size_bytes_for_materialized_views: 0,
  max_partitions_per_insert_block: 100,
  throw_on_max_partitions_per_insert_block: 1,
  insert_null_as_default: 1,
} as const

/** About what merging takes: the blocks once more, and the keys of their dictionaries at full width. */
function mergedBytes(blocks: readonly Uint8Array[]): number {
  if (blocks.length < 2) return 0
  return blocks.reduce((sum, block) => sum + block.length, 0) * 1.4
}

/** See Writer.insert. */
export async function insertBlocks(
  connection: Connection,
  table: string,
  blocks: readonly Uint8Array[],
  token: string,
  rows?: { readonly from: number; readonly to: number },
): Promise<void> {
  if (!isInsertTable(table)) throw new StoreError(`no table "${table}" takes inserts`, { retryable: false })
  if (blocks.length === 0 || (rows && rows.to <= rows.from)) return
  const settings: Record<string, string | number> = { ...INSERT_SETTINGS, insert_deduplication_token: token }
  let source = ''
  if (rows) {
    // One thread reads the blocks in order, so the cut is the same each time; the engine cannot know that and asks.
    settings['deduplicate_insert_select'] = 'force_enable'
    settings['param_from'] = rows.from
    settings['param_count'] = rows.to - rows.from
    source = `SELECT * FROM input('${structureOf(table)}') LIMIT {count:UInt64} OFFSET {from:UInt64}`
  }
  const statement = `INSERT INTO ${connection.database}.${table} ${source} FORMAT Native`
  const memory = takeArena(mergedBytes(blocks))
  await connection.send(statement, settings, mergeBlocks(blocks, memory))
  // Not after a failure: some of it may still be on its way.
  giveArena(memory)
}
