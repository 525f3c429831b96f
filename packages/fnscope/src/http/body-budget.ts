// How many bytes of request bodies may be in memory at once, over all connections of all doors that share the budget.
// When there is no room the body that has been arriving for the longest gives way: a client that stalls in the middle of
// a body, or a thousand that do, cannot keep others out.

export interface BodyShare {
  /** Adds to what this request holds. False when even others' giving way made no room: answer 503, then release(). */
  take(bytes: number): boolean
  /** The body is whole: from now on only we decide how long it stays, so it no longer gives way. */
  arrived(): void
  /** Gives everything back. Twice is fine. */
  release(): void
}

export class BodyBudget {
  readonly #maxBytes: number
  #usedBytes = 0
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #arriving = new Set<Share>()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** `giveWay` is called at most once, after the share was released, while the body is still arriving: answer 503. */
  open(giveWay: () => void): BodyShare {
    const share = new Share(this, giveWay)
    this.#arriving.add(share)
    return share
  }

  /** Of a share: makes room by the oldest arriving ones. */
  grow(share: Share, bytes: number): boolean {
    if (bytes > this.#maxBytes) return false
    for (const oldest of this.#arriving) {
      if (this.#usedBytes + bytes <= this.#maxBytes) break
      if (oldest === share || oldest.bytes === 0) continue
      const { giveWay } = oldest
      oldest.release()
      giveWay()
    }
    if (this.#usedBytes + bytes > this.#maxBytes) return false
    this.#usedBytes += bytes
    return true
  }

  /** Of a share. */
  leave(share: Share): void {
    this.#arriving.delete(share)
  }

  /** Of a share. */
  shrink(bytes: number): void {
    this.#usedBytes -= bytes
  }
}

class Share implements BodyShare {
  readonly #budget: BodyBudget
  readonly giveWay: () => void
  bytes = 0
  #released = false

  constructor(budget: BodyBudget, giveWay: () => void) {
    this.#budget = budget
    this.giveWay = giveWay
  }

  take(bytes: number): boolean {
    if (this.#released || !this.#budget.grow(this, bytes)) return false
    this.bytes += bytes
    return true
  }

  arrived(): void {
    this.#budget.leave(this)
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#budget.leave(this)
    this.#budget.shrink(this.bytes)
    this.bytes = 0
  }
}
