// Memory of encoded blocks and of what inserts send, used again when their rows are stored. What lies outside the heap makes
// the engine collect the whole of it every few dozen megabytes; under load that costs as much as decoding.

/** Sizes are rounded up to a multiple, so that requests of about the same size share. */
const STEP_BYTES = 32 * 1024
/** A larger one is not kept: one large request does not make all that follow large. */
const MAX_KEPT_BYTES = 1024 * 1024
/** Of all that is kept: what two segments under load hold. */
const MAX_SPARE_BYTES = 48 * 1024 * 1024

const spare: ArrayBuffer[][] = []
let spareBytes = 0

/** `size` bytes of any content. */
export function takeBytes(size: number): Uint8Array<ArrayBuffer> {
  if (size < STEP_BYTES || size > MAX_KEPT_BYTES) return new Uint8Array(size)
  const steps = Math.ceil(size / STEP_BYTES)
  const buffer = spare[steps]?.pop()
  if (buffer === undefined) return new Uint8Array(Buffer.allocUnsafeSlow(steps * STEP_BYTES).buffer, 0, size)
  spareBytes -= buffer.byteLength
  return new Uint8Array(buffer, 0, size)
}

/** Gives back what takeBytes gave, when nobody will look at it again; other bytes are left alone. */
export function giveBytes({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const steps = Math.ceil(byteLength / STEP_BYTES)
  if (byteOffset !== 0 || byteLength < STEP_BYTES || byteLength > MAX_KEPT_BYTES) return
  if (buffer.byteLength !== steps * STEP_BYTES || !(buffer instanceof ArrayBuffer)) return
  if (spareBytes + buffer.byteLength > MAX_SPARE_BYTES) return
  spareBytes += buffer.byteLength
  ;(spare[steps] ??= []).push(buffer)
}
