// A Bloom filter over ids of 16 bytes: it never denies an id that was added. Every bit set would only cost statements
// (recent-traces.ts), so it is not made larger.

/** 8 MB: of four million ids, one in 400 that was not added is taken for one that was. */
const BITS = 2 ** 26
const HASHES = 4

export class IdFilter {
  #bits: Uint32Array | undefined

  /** @param id four words */
  add(id: Uint32Array): void {
    const bits = (this.#bits ??= new Uint32Array(BITS / 32))
    for (let hash = 0; hash < HASHES; hash++) {
      const bit = bitOf(id, hash)
      bits[bit >>> 5]! |= 1 << (bit & 31)
    }
  }

  has(id: Uint32Array): boolean {
    const bits = this.#bits
    if (bits === undefined) return false
    for (let hash = 0; hash < HASHES; hash++) {
      const bit = bitOf(id, hash)
      if ((bits[bit >>> 5]! & (1 << (bit & 31))) === 0) return false
    }
    return true
  }
}

function bitOf(id: Uint32Array, hash: number): number {
  return mixedId(id, SEEDS[hash]!) & (BITS - 1)
}

const SEEDS = [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1]

/** All of an id in 32 bits: ids may begin with a time, or be chosen by who sends them. */
export function mixedId(id: Uint32Array, seed: number): number {
  let hash = seed
  for (let word = 0; word < 4; word++) {
    hash = Math.imul(hash ^ id[word]!, 0xcc9e2d51)
    hash ^= hash >>> 15
  }
  return Math.imul(hash, 0x1b873593) >>> 0
}
