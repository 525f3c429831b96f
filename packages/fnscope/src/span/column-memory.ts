// The memory that columns grow in.

/** A small column grows by more, so that a batch of some hundred rows copies it twice rather than five times. */
const SMALL_BYTES = 16 * 1024

/** What every column begins with: most of a small batch's stay empty, and 140 buffers for one span would be its cost. */
export const NO_BYTES = new Uint8Array(0)
export const NO_VIEW = new DataView(NO_BYTES.buffer)
export const NO_INDEXES = new Uint32Array(0)
/** Above this a column that is emptied gives its memory back: one large batch does not make all that follow large. */
export const KEPT_BYTES = 256 * 1024
export const KEPT_WORDS = 4096
export const FEW = 32
const FIRST_BYTES = 64

export function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  let size = Math.max(FIRST_BYTES, bytes.length * (bytes.length < SMALL_BYTES ? 4 : 2))
  while (size < needed) size *= 2
  const next = new Uint8Array(size)
  next.set(bytes)
  return next
}

export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}
