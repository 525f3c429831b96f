// Which request wrote a line of an instance that serves several at once. Nothing but the line itself can tell: it is of the
// request whose id it names, or of the only one there is; else of none.
import type { FunctionLine } from './invocation-record.ts'

export class FcSharedLines {
  readonly #own = new Map<string, FunctionLine[]>()
  #others: FunctionLine[] = []

  begin(requestId: string): void {
    this.#own.set(requestId, [])
  }

  /** Lines that were written since the last call. */
  add(lines: readonly FunctionLine[]): void {
    const ids = [...this.#own.keys()]
    for (const line of lines) {
      const requestId = ids.length === 1 ? ids[0]! : ids.find((id) => line.text.includes(id))
      if (requestId === undefined) this.#others.push({ ...line, requestId: undefined })
      else this.#own.get(requestId)!.push({ ...line, requestId })
    }
  }

  /** The request is over. @returns its lines, after those of nobody that nobody has taken yet */
  end(requestId: string): FunctionLine[] {
    const others = this.#others
    this.#others = []
    const own = this.#own.get(requestId) ?? []
    this.#own.delete(requestId)
    return [...others, ...own]
  }
}
