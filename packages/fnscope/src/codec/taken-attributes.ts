// A span's attributes while they become fields of another format: who reads one may take it, and what nobody took is
// kept as it is.
import type { AttributeValue } from '../span/attribute-value.ts'

export class TakenAttributes {
  readonly #values: ReadonlyMap<string, AttributeValue>
  readonly #taken = new Set<string>()

  /** Of a key that comes twice the last value counts. */
  constructor(attributes: Iterable<readonly [string, AttributeValue]>) {
    this.#values = new Map(attributes)
  }

  get(key: string): AttributeValue | undefined {
    return this.#values.get(key)
  }

  /** The first text that is there and not empty; '' when none is. */
  text(...keys: readonly string[]): string {
    for (const key of keys) {
      const value = this.#values.get(key)
      if (typeof value === 'string' && value !== '') return value
    }
    return ''
  }

  /** The first whole number that is there, also as digits. */
  whole(...keys: readonly string[]): number | undefined {
    for (const key of keys) {
      const value = this.#values.get(key)
      if (typeof value === 'bigint') return Number(value)
      if (typeof value === 'number' && Number.isInteger(value)) return value
      if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value)
    }
    return undefined
  }

  /** The texts of the first list, or the first text alone. */
  texts(...keys: readonly string[]): readonly string[] {
    for (const key of keys) {
      const value = this.#values.get(key)
      if (typeof value === 'string' && value !== '') return [value]
      if (Array.isArray(value)) {
        const texts = value.filter((one) => typeof one === 'string')
        if (texts.length > 0) return texts
      }
    }
    return []
  }

  /** None of them is among what is left. */
  take(...keys: readonly string[]): void {
    for (const key of keys) this.#taken.add(key)
  }

  rest(): (readonly [string, AttributeValue])[] {
    return [...this.#values].filter(([key]) => !this.#taken.has(key))
  }
}
