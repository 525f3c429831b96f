// Many Native blocks of the same columns into one with all their rows: what an insert is sent as. Every block of LowCardinality
// columns has dictionaries of its own, and the engine pays for each of them; merged here, there is one a column.
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn, MapColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'
import { Arena } from './block-memory.ts'
import { columnOf, headerBytes, pushWords, type Column } from './native.ts'

const NO_BYTES = Buffer.alloc(0)

/** Where one block is read. */
interface Cursor {
  readonly bytes: Buffer
  readonly view: DataView
  readonly rows: number
  at: number
}

/**
 * The blocks' rows in their order, as one block in parts to be sent one after the other. Blocks that are not alike (a log
 * of an older version), or that are not what native.ts writes, come back as they are: the engine takes or refuses them.
 * Their bytes are in `memory`, as far as there is room.
 */
export function mergeBlocks(blocks: readonly Uint8Array[], memory = new Arena(NO_BYTES)): readonly Uint8Array[] {
  if (blocks.length < 2) return blocks
  try {
    return merged(blocks, memory) ?? blocks
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return blocks
    throw error
  }
}

/** Undefined when the blocks are not alike. @throws RangeError, TypeError */
function merged(blocks: readonly Uint8Array[], memory: Arena): Uint8Array[] | undefined {
  const heads = blocks.map(openBlock)
  const columns = heads[0]!.columns
  if (heads.some((head) => head.columns !== columns)) return undefined
  const cursors = heads.map((head) => head.cursor)
  const rows = cursors.map((cursor) => cursor.rows)
  const parts: Uint8Array[] = [headerBytes(columns, sumOf(rows))]
  for (let index = 0; index < columns; index++) {
    const [first] = cursors as [Cursor]
    const from = first.at
    const [, type] = [takeText(first), takeText(first)]
    const head = first.bytes.subarray(from, first.at)
    for (const cursor of cursors.slice(1)) {
      const own = cursor.bytes.subarray(cursor.at, cursor.at + head.length)
      if (!own.equals(head)) return undefined
      cursor.at += head.length
    }
    parts.push(head)
    const column = columnOf(type)
    pushPrefix(parts, column, cursors)
    pushData({ parts, memory }, column, cursors, rows)
  }
  return cursors.every((cursor) => cursor.at === cursor.bytes.length) ? parts : undefined
}

function openBlock(block: Uint8Array): { readonly columns: number; readonly cursor: Cursor } {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const start = { bytes, view, rows: 0, at: 0 }
  const columns = takeSize(start)
  const rows = takeSize(start)
  return { columns, cursor: { ...start, rows } }
}

function takeSize(cursor: Cursor): number {
  let size = 0
  for (let power = 1; ; power *= 128) {
    const byte = cursor.view.getUint8(cursor.at++)
    size += (byte & 127) * power
    if (byte < 128) return size
  }
}

function takeText(cursor: Cursor): string {
  const size = takeSize(cursor)
  return cursor.bytes.toString('utf8', cursor.at, (cursor.at += size))
}

/** The next `size` bytes: a view. @throws RangeError when there are not so many */
function take(cursor: Cursor, size: number): Buffer {
  const { bytes, at } = cursor
  if (at + size > bytes.length) throw new RangeError(`a block ends at ${bytes.length}, inside a column`)
  cursor.at = at + size
  return bytes.subarray(at, at + size)
}

/** The next `rows` texts with the lengths in front of them: a view. @throws RangeError */
function takeTexts(cursor: Cursor, rows: number): Buffer {
  const { bytes } = cursor
  let { at } = cursor
  for (let row = 0; row < rows; row++) {
    let size = bytes[at++]!
    if (size > 127) {
      size &= 127
      for (let power = 128; ; power *= 128) {
        const byte = bytes[at++]!
        size += (byte & 127) * power
        if (!(byte > 127)) break
      }
    }
    at += size
  }
  // What is past the end is undefined, and no number then.
  if (!(at <= bytes.length)) throw new RangeError(`a block ends at ${bytes.length}, inside a text`)
  return take(cursor, at - cursor.at)
}

function sumOf(rows: readonly number[]): number {
  return rows.reduce((sum, each) => sum + each, 0)
}

function pushPrefix(parts: Uint8Array[], column: Column, cursors: readonly Cursor[]): void {
  if (column instanceof DictionaryColumn) {
    const versions = cursors.map((cursor) => take(cursor, 8))
    parts.push(versions[0]!)
  } else if (column instanceof ListColumn) pushPrefix(parts, column.items, cursors)
  else if (column instanceof MapColumn) {
    pushPrefix(parts, column.keys, cursors)
    pushPrefix(parts, column.values, cursors)
  }
}

interface Merged {
  readonly parts: Uint8Array[]
  readonly memory: Arena
}

/** @param rows of each cursor */
function pushData(to: Merged, column: Column, cursors: readonly Cursor[], rows: readonly number[]): void {
  if (column instanceof FixedColumn)
    pushJoined(
      to,
      cursors.map((cursor, index) => take(cursor, rows[index]! * column.width)),
    )
  else if (column instanceof TextColumn)
    pushJoined(
      to,
      cursors.map((cursor, index) => takeTexts(cursor, rows[index]!)),
    )
  else if (column instanceof DictionaryColumn) pushDictionary(to, cursors, rows)
  else {
    const entries = pushEnds(to, cursors, rows)
    if (column instanceof MapColumn) {
      pushData(to, column.keys, cursors, entries)
      pushData(to, column.values, cursors, entries)
    } else pushData(to, column.items, cursors, entries)
  }
}

/** Running counts go on where the block before ended. Answers how many entries each block has. */
function pushEnds(merging: Merged, cursors: readonly Cursor[], rows: readonly number[]): number[] {
  const all = merging.memory.take(sumOf(rows) * 8)
  const view = new DataView(all.buffer, all.byteOffset, all.length)
  const entries: number[] = []
  let to = 0
  let before = 0
  for (const [index, cursor] of cursors.entries()) {
    const count = rows[index]!
    const from = cursor.at
    take(cursor, count * 8)
    let end = 0
    for (let row = 0; row < count; row++, to += 8) {
      // No block of ours has 2^32 entries, and the sum of all has not either.
      end = cursor.view.getUint32(from + row * 8, true)
      view.setUint32(to, before + end, true)
      view.setUint32(to + 4, 0, true)
    }
    entries.push(end)
    before += end
  }
  merging.parts.push(all)
  return entries
}

const KEY_WIDTHS = [1, 2, 4]

function pushDictionary(merging: Merged, cursors: readonly Cursor[], rows: readonly number[]): void {
  const total = sumOf(rows)
  // Nothing stands in place of a dictionary without rows.
  if (total === 0) return
  const all = new DictionaryColumn()
  const { buffer, byteOffset } = merging.memory.take(total * 4)
  const keys = new Uint32Array(buffer, byteOffset, total)
  let to = 0
  for (const [index, cursor] of cursors.entries()) {
    const count = rows[index]!
    if (count === 0) continue
    const width = KEY_WIDTHS[take(cursor, 8)[0]!]
    if (width === undefined) throw new RangeError('a dictionary has keys of no known width')
    const known = takeWords(cursor, all)
    if (Number(take(cursor, 8).readBigUInt64LE()) !== count)
      throw new RangeError('a dictionary has not as many rows as its block')
    const { view, at } = cursor
    take(cursor, count * width)
    if (width === 1) for (let row = 0; row < count; row++) keys[to++] = known[view.getUint8(at + row)]!
    else if (width === 2) for (let row = 0; row < count; row++) keys[to++] = known[view.getUint16(at + row * 2, true)]!
    else for (let row = 0; row < count; row++) keys[to++] = known[view.getUint32(at + row * 4, true)]!
  }
  pushWords(merging.parts, all, keys)
}

/** Adds the cursor's dictionary to `all`: its keys → theirs. */
function takeWords(cursor: Cursor, all: DictionaryColumn): Uint32Array {
  const count = Number(take(cursor, 8).readBigUInt64LE())
  if (count > cursor.bytes.length) throw new RangeError('a dictionary has more words than its block has bytes')
  const known = new Uint32Array(count)
  for (let word = 0; word < count; word++) {
    const size = takeSize(cursor)
    const from = cursor.at
    take(cursor, size)
    known[word] = all.indexOfWire(cursor.view, from, cursor.at)
  }
  return known
}

function pushJoined({ parts, memory }: Merged, pieces: readonly Buffer[]): void {
  const all = memory.take(pieces.reduce((size, piece) => size + piece.length, 0))
  let to = 0
  for (const piece of pieces) to += piece.copy(all, to)
  parts.push(all)
}
