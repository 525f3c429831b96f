// Columns of maps and lists, made of the others.
import { FixedColumn } from './fixed-column.ts'
import { TextColumn } from './text-column.ts'
import { DictionaryColumn } from './dictionary-column.ts'

export type ScalarColumn = FixedColumn | TextColumn | DictionaryColumn

/** A map a row: `ends` holds the running count of entries after each row. */
export class MapColumn<Values extends ScalarColumn = TextColumn> {
  readonly ends = new FixedColumn(8)
  readonly keys = new DictionaryColumn()
  readonly values: Values

  constructor(values: Values) {
    this.values = values
  }

  get rows(): number {
    return this.ends.rows
  }

  clear(): void {
    this.ends.clear()
    this.keys.clear()
    this.values.clear()
  }

  /** Closes the row: entries pushed to `keys` and `values` since the last call belong to it. */
  endRow(): void {
    this.ends.pushU64(this.keys.rows)
  }
}

/** A list a row, as `MapColumn` has maps. */
export class ListColumn<Items extends ScalarColumn> {
  readonly ends = new FixedColumn(8)
  readonly items: Items

  constructor(items: Items) {
    this.items = items
  }

  get rows(): number {
    return this.ends.rows
  }

  clear(): void {
    this.ends.clear()
    this.items.clear()
  }

  endRow(): void {
    this.ends.pushU64(this.items.rows)
  }
}
