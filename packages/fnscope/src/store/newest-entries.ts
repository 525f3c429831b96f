// What a search through the traces that the process knows keeps (recent-traces.ts): the newest few.

/** The newest of the entries that are added, in no order; somewhat more than `most` where several are as old. */
export class NewestEntries {
  /** None older is wanted. */
  least: number
  readonly #most: number
  readonly #roughNanos: number
  #all: { readonly entry: number; readonly nanos: number }[] = []
  #isCut = false

  /** @param roughNanos What times may be off by. */
  constructor(most: number, least: number, roughNanos: number) {
    this.#most = most
    this.least = least
    this.#roughNanos = roughNanos
  }

  add(entry: number, nanos: number): void {
    this.#all.push({ entry, nanos })
    if (this.#all.length >= this.#most * 4) this.#cut()
  }

  take(): { readonly entries: readonly number[]; readonly isCut: boolean } {
    this.#cut()
    return { entries: this.#all.map(({ entry }) => entry), isCut: this.#isCut }
  }

  #cut(): void {
    if (this.#all.length <= this.#most) return
    this.#all.sort((x, y) => y.nanos - x.nanos)
    const least = this.#all[this.#most - 1]!.nanos - this.#roughNanos
    const end = this.#all.findIndex(({ nanos }) => nanos < least)
    if (end < 0) return
    this.#all.length = end
    this.least = least
    this.#isCut = true
  }
}
