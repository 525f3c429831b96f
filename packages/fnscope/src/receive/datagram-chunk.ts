// Many datagrams in one buffer, so that one message between threads carries them all: each behind its length as an
// unsigned 16-bit little-endian number, which holds every UDP datagram. Pure; who owns the buffer is udp-receiver.ts's.

const LENGTH_BYTES = 2

export class ChunkWriter {
  readonly buffer: ArrayBuffer
  /** Bytes filled. */
  used = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }

  /** False when there is no room left for it: nothing was added. */
  add(datagram: Uint8Array): boolean {
    const end = this.used + LENGTH_BYTES + datagram.length
    if (end > this.#bytes.length) return false
    this.#view.setUint16(this.used, datagram.length, true)
    this.#bytes.set(datagram, this.used + LENGTH_BYTES)
    this.used = end
    return true
  }
}

/** The datagrams in the order of their arrival: views, valid while the buffer is here. */
export function* datagramsOf(buffer: ArrayBuffer, used: number): Generator<Buffer> {
  const bytes = Buffer.from(buffer, 0, used)
  for (let at = 0; at < used;) {
    const start = at + LENGTH_BYTES
    at = start + bytes.readUInt16LE(at)
    yield bytes.subarray(start, at)
  }
}
