// Whether spans in progress are stored at all: mostly none are, and a question that finds nothing costs the engine 3 ms.
import type { Connection } from './connection.ts'

export class OpenSpans {
  readonly #connection: Connection
  readonly #alone: boolean
  #stored: boolean | undefined

  /** `alone`: nobody else writes to this store. Otherwise there may be some at any time. */
  constructor(connection: Connection, alone: boolean) {
    this.#connection = connection
    this.#alone = alone
  }

  /** Call it before rows go into `open_spans`. */
  note(): void {
    this.#stored = true
  }

  /** False only where there are none for certain. @throws StoreError */
  async mayBe(): Promise<boolean> {
    if (!this.#alone || this.#stored === true) return true
    if (this.#stored === undefined) {
      const { database } = this.#connection
      const rows = await this.#connection.query<{ one: number }>(`SELECT 1 AS one FROM ${database}.open_spans LIMIT 1`)
      // Some may have been noted since it was asked.
      this.#stored ??= rows.length > 0
    }
    return this.#stored
  }
}
