// Bytes as keys: their hash, and whether they are the same.

/** Differs from process to process, so that nobody can send words that all fall into one slot. */
const SEED = globalThis.crypto.getRandomValues(new Uint32Array(1))[0]! | 0

/** Of bytes, four at a time. */
export function hashOf(source: DataView, start: number, end: number): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ source.getInt32(at, true), 0x85ebca6b)
    hash ^= hash >>> 15
  }
  // The last four bytes, some of them for the second time.
  if (end - start >= 4) hash = Math.imul(hash ^ source.getInt32(end - 4, true), 0x01000193)
  else for (; at < end; at++) hash = Math.imul(hash ^ source.getUint8(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export function equalBytes(a: DataView, aStart: number, b: DataView, bStart: number, size: number): boolean {
  if (size < 4) {
    for (let at = 0; at < size; at++) if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false
    return true
  }
  // The last four bytes first: what has a beginning in common differs there.
  const last = size - 4
  if (a.getInt32(aStart + last, true) !== b.getInt32(bStart + last, true)) return false
  for (let at = 0; at < last; at += 4) if (a.getInt32(aStart + at, true) !== b.getInt32(bStart + at, true)) return false
  return true
}
