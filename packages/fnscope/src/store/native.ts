// One block of ClickHouse's Native format from columns whose bytes are already laid out. Knows the format, not the
// tables: https://clickhouse.com/docs/interfaces/formats/Native, revision 0 (as a bare HTTP insert is read).
import { takeBytes } from './block-memory.ts'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn, MapColumn, type ScalarColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'

export type Column = ScalarColumn | ListColumn<ScalarColumn> | MapColumn<ScalarColumn>

export interface NamedColumn {
  readonly name: string
  /** As ClickHouse spells it; must fit the column's class and width. */
  readonly type: string
  readonly column: Column
}

// LowCardinality: a version word before the column's data, and before them a word of flags: the keys' width, that the
// dictionary stands here, and that it is this block's own.
const SHARED_DICTIONARIES = 1
const HAS_ADDITIONAL_KEYS = 1 << 9
const NEEDS_UPDATE = 1 << 10

function leb128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Whole numbers below 2^53 as 64-bit words. Byte by byte: a view would need memory outside the heap. */
function words64(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8)
  for (let i = 0; i < values.length; i++) {
    let rest = values[i]!
    for (let at = i * 8; rest > 0; at++) {
      bytes[at] = rest % 256
      rest = Math.floor(rest / 256)
    }
  }
  return bytes
}

const DICTIONARY_VERSION = words64(SHARED_DICTIONARIES)

const heads = new Map<string, Uint8Array>()

/** A column's name and type as texts: the same few hundred in every block. */
function headOf(name: string, type: string): Uint8Array {
  const key = `${name} ${type}`
  let head = heads.get(key)
  if (head === undefined) {
    const column = new TextColumn()
    column.push(name)
    column.push(type)
    head = column.bytes()
    heads.set(key, head)
  }
  return head
}

function isDictionary(column: Column): boolean {
  return column instanceof DictionaryColumn
}

function pushPrefix(parts: Uint8Array[], column: Column): void {
  if (isDictionary(column)) parts.push(DICTIONARY_VERSION)
  else if (column instanceof ListColumn) pushPrefix(parts, column.items)
  else if (column instanceof MapColumn) {
    pushPrefix(parts, column.keys)
    pushPrefix(parts, column.values)
  }
}

/** Keys in the narrowest width that the dictionary needs: 0 one byte, 1 two, 2 four. */
function narrowed(keys: Uint32Array, words: number): { readonly width: number; readonly bytes: Uint8Array } {
  if (words > 65_536) return { width: 2, bytes: new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength) }
  // In loops of our own: the constructors that convert take four times as long.
  if (words <= 256) {
    const bytes = new Uint8Array(keys.length)
    for (let row = 0; row < keys.length; row++) bytes[row] = keys[row]!
    return { width: 0, bytes }
  }
  const narrow = new Uint16Array(keys.length)
  for (let row = 0; row < keys.length; row++) narrow[row] = keys[row]!
  return { width: 1, bytes: new Uint8Array(narrow.buffer) }
}

/** The data of a dictionary column: the words of `column`, and one key into them a row. */
export function pushWords(parts: Uint8Array[], column: DictionaryColumn, keys: Uint32Array): void {
  const { width, bytes } = narrowed(keys, column.wordCount)
  parts.push(
    words64(width | HAS_ADDITIONAL_KEYS | NEEDS_UPDATE, column.wordCount),
    column.wordBytes(),
    words64(keys.length),
    bytes,
  )
}

function pushDictionary(parts: Uint8Array[], column: DictionaryColumn): void {
  const { buffer, byteOffset, byteLength } = column.indexBytes()
  pushWords(parts, column, new Uint32Array(buffer, byteOffset, byteLength / 4))
}

function pushData(parts: Uint8Array[], column: Column): void {
  if (column.rows === 0) return
  if (column instanceof DictionaryColumn) pushDictionary(parts, column)
  else if (column instanceof ListColumn) {
    parts.push(column.ends.bytes())
    pushData(parts, column.items)
  } else if (column instanceof MapColumn) {
    parts.push(column.ends.bytes())
    pushData(parts, column.keys)
    pushData(parts, column.values)
  } else parts.push(column.bytes())
}

/** What a block begins with. */
export function headerBytes(columns: number, rows: number): Uint8Array {
  return joined([leb128(columns), leb128(rows)])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const bytes = takeBytes(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The block's bytes, owned by the caller. `rows` must be above 0 and every column must have that many. */
export function encodeNative(rows: number, columns: readonly NamedColumn[]): Uint8Array {
  const parts: Uint8Array[] = [headerBytes(columns.length, rows)]
  for (const { name, type, column } of columns) {
    if (column.rows !== rows) throw new Error(`column ${name} has ${column.rows} rows where the block has ${rows}`)
    parts.push(headOf(name, type))
    pushPrefix(parts, column)
    pushData(parts, column)
  }
  return joined(parts)
}

/** A new column of the class that a ClickHouse type needs: what rows of objects are laid into. */
export function columnOf(type: string): Column {
  const map = /^Map\(LowCardinality\(String\), (.+)\)$/.exec(type)
  if (map) return new MapColumn(scalarOf(map[1]!))
  const list = /^Array\((.+)\)$/.exec(type)
  return list ? new ListColumn(scalarOf(list[1]!)) : scalarOf(type)
}

const WIDTHS: Readonly<Record<string, number>> = {
  Bool: 1,
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
  'FixedString(8)': 8,
  'FixedString(16)': 16,
}

function scalarOf(type: string): ScalarColumn {
  if (type === 'String') return new TextColumn()
  if (type === 'LowCardinality(String)') return new DictionaryColumn()
  const width = WIDTHS[type]
  if (width === undefined) throw new TypeError(`no column holds ${type}`)
  return new FixedColumn(width)
}
