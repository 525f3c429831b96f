// The parameters of one statement: values travel beside the SQL, which has only their places.
import type { QueryParameters } from './connection.ts'

export class SqlParameters {
  readonly #values: Record<string, unknown> = {}
  #count = 0

  /** The value's place: `{p3:Int64}`. Types are ClickHouse's. */
  bind(type: string, value: unknown): string {
    const name = `p${this.#count++}`
    this.#values[name] = value
    return `{${name}:${type}}`
  }

  get values(): QueryParameters {
    return this.#values
  }
}
