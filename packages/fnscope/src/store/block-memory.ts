// Memory of encoded blocks and of what inserts send, used again when their rows are stored. What lies outside the heap makes
// the engine collect the whole of it every few dozen megabytes; under load that costs as much as decoding.

/** Sizes are rounded up to a multiple, so that requests of about the same size share. */
const STEP_BYTES = 32 * 1024
/** A larger one is not kept: one large request does not make all that follow large. */
const MAX_KEPT_BYTES = 1024 * 1024
/** Of all that is kept: what two segments under load hold. */
const MAX_SPARE_BYTES = 48 * 1024 * 1024

/** Unused for so long, everything is let go. */
const IDLE_MS = 5000
/** What one insert holds under load; that of a larger one is not kept. */
const MAX_ARENA_BYTES = 64 * 1024 * 1024

let spare: ArrayBuffer[][] = []
let spareBytes = 0
let spareArena: Buffer | undefined
let usedSince = false
let timer: NodeJS.Timeout | undefined

/** Something was given back. */
function stayWhileUsed(): void {
  usedSince = true
  timer ??= setInterval(() => {
    if (usedSince) {
      usedSince = false
      return
    }
    spare = []
    spareBytes = 0
    spareArena = undefined
    clearInterval(timer)
    timer = undefined
  }, IDLE_MS).unref()
}

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
  stayWhileUsed()
}

/** Memory for the many parts of one insert. */
export class Arena {
  readonly bytes: Buffer
  #used = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** `size` bytes of any content; of this memory as long as there is some, begun at a multiple of eight. */
  take(size: number): Buffer {
    const from = this.#used
    if (from + size > this.bytes.length) return Buffer.allocUnsafeSlow(size)
    this.#used = Math.ceil((from + size) / 8) * 8
    return this.bytes.subarray(from, from + size)
  }
}

/** One with room for `size` bytes. */
export function takeArena(size: number): Arena {
  const bytes = spareArena
  if (bytes === undefined || bytes.length < size) return new Arena(Buffer.allocUnsafeSlow(Math.ceil(size * 1.25)))
  spareArena = undefined
  return new Arena(bytes)
}

/** When nobody will look again at anything that was taken from it. */
export function giveArena({ bytes }: Arena): void {
  if (bytes.length > MAX_ARENA_BYTES || bytes.length < (spareArena?.length ?? 0)) return
  spareArena = bytes
  stayWhileUsed()
}
