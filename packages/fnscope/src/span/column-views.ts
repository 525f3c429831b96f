// Columns of a batch as those see them who read some of its rows while it is still in memory.
import type { DictionaryColumn } from './dictionary-column.ts'

/** Words are decoded once, at the call. */
export function wordsOf(column: DictionaryColumn): (row: number) => string {
  const { words } = column
  const indexes = viewOf(column.indexBytes())
  return (row) => words[indexes.getUint32(row * 4, true)] ?? ''
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
