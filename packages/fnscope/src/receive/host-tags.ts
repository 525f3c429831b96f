// DataKit's global host tags: what applications set over its API, for every point that they write from then on.
import { POINT_LIMITS, type PointTag } from '../codec/point.ts'

export class HostTags {
  readonly #tags = new Map<string, string>()

  list(): readonly PointTag[] {
    return [...this.#tags].map(([key, value]) => ({ key, value }))
  }

  /** `host` is the machine's own name and stays. */
  set(key: string, value: string): void {
    const { nameLength, tagValueLength } = POINT_LIMITS
    if (key === '' || key === 'host' || key.length > nameLength || value.length > tagValueLength) return
    if (this.#tags.size < POINT_LIMITS.tags || this.#tags.has(key)) this.#tags.set(key, value)
  }

  delete(key: string): void {
    this.#tags.delete(key)
  }

  entries(): { readonly [key: string]: string } {
    return Object.fromEntries(this.#tags)
  }
}
