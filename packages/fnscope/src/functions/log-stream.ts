// Splits what a function's process writes into log events. The process writes raw text (print, stderr, subprocesses)
// and the runtime's frames to one stream, so that their order is exact: a frame is 4 bytes type, 4 bytes length,
// 8 bytes epoch microseconds, then the text, all big-endian; types 0xA55A0002 JSON and 0xA55A0003 text, level in bits 2-4.

export interface LogEvent {
  /** Without its final newline. */
  readonly text: string
  /** Empty for raw lines and for frames without one. */
  readonly level: string
  /** From the frame; undefined for raw lines. */
  readonly timeNanos: bigint | undefined
}

/** A CloudWatch event holds no more; a longer raw line is cut into several. */
export const MAX_LINE_BYTES = 256 * 1024

const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', '']
const MAGIC = Buffer.from([0xa5, 0x5a, 0x00])
const HEADER_BYTES = 16
const MAX_FRAME_BYTES = 16 * 1024 * 1024
// Binary output may hold the magic by chance: a header whose time is further than a day from ours is none.
const MAX_SKEW_MICROS = 86_400_000_000n

export class LogStreamDecoder {
  readonly #emit: (event: LogEvent) => void
  readonly #nowMillis: () => number
  /** Not yet looked at: the beginning of a frame, or of its magic. */
  #rest: Buffer = Buffer.alloc(0)
  /** The unfinished raw line. */
  #line: Buffer[] = []
  #lineBytes = 0

  /** @param emit called in the order of writing; an unfinished line waits while a frame of another thread passes it. */
  constructor(emit: (event: LogEvent) => void, nowMillis: () => number = Date.now) {
    this.#emit = emit
    this.#nowMillis = nowMillis
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    let magic = bytes.indexOf(MAGIC)
    while (at < bytes.length) {
      if (magic >= 0 && magic < at) magic = bytes.indexOf(MAGIC, at)
      const newline = bytes.indexOf(NEWLINE, at)
      if (newline >= 0 && (magic < 0 || newline < magic)) {
        this.#append(bytes.subarray(at, newline))
        this.#endLine()
        at = newline + 1
        continue
      }
      if (magic < 0) {
        const end = bytes.length - heldBack(bytes)
        this.#append(bytes.subarray(at, Math.max(at, end)))
        at = Math.max(at, end)
        break
      }
      this.#append(bytes.subarray(at, magic))
      at = magic
      const length = this.#frameBytes(bytes, at)
      if (length === 0) {
        this.#append(bytes.subarray(at, at + 1))
        at += 1
        continue
      }
      if (length === undefined || at + length > bytes.length) break
      this.#emitFrame(bytes.subarray(at, at + length))
      at += length
    }
    this.#rest = bytes.subarray(at)
  }

  /** Emits what is unfinished: the process ended, or the invocation did. A frame in the middle of its arrival stays. */
  flush(atEnd = false): void {
    if (atEnd && this.#rest.length > 0) {
      this.#append(this.#rest.length > HEADER_BYTES ? this.#rest.subarray(HEADER_BYTES) : this.#rest)
      this.#rest = Buffer.alloc(0)
    }
    if (this.#lineBytes > 0) this.#endLine()
  }

  // The length of the frame at `at` with its header; 0: no frame; undefined: the header has not all come.
  #frameBytes(bytes: Buffer, at: number): number | undefined {
    if (at + HEADER_BYTES > bytes.length) return undefined
    const type = bytes[at + 3]!
    const length = bytes.readUInt32BE(at + 4)
    const skew = bytes.readBigUInt64BE(at + 8) - BigInt(this.#nowMillis()) * 1000n
    const known = (type & 0xe2) === 0x02
    if (!known || length > MAX_FRAME_BYTES || skew > MAX_SKEW_MICROS || skew < -MAX_SKEW_MICROS) return 0
    return HEADER_BYTES + length
  }

  #emitFrame(frame: Buffer): void {
    this.#emit({
      text: frame.toString('utf8', HEADER_BYTES).replace(/\n$/, ''),
      level: LEVELS[(frame[3]! >> 2) & 7]!,
      timeNanos: frame.readBigUInt64BE(8) * 1000n,
    })
  }

  #append(piece: Buffer): void {
    let rest = piece
    while (this.#lineBytes + rest.length > MAX_LINE_BYTES) {
      const room = MAX_LINE_BYTES - this.#lineBytes
      this.#line.push(rest.subarray(0, room))
      this.#endLine()
      rest = rest.subarray(room)
    }
    if (rest.length === 0) return
    this.#line.push(rest)
    this.#lineBytes += rest.length
  }

  #endLine(): void {
    const bytes = this.#line.length === 1 ? this.#line[0]! : Buffer.concat(this.#line)
    this.#line = []
    this.#lineBytes = 0
    this.#emit({ text: bytes.toString('utf8').replace(/\r$/, ''), level: '', timeNanos: undefined })
  }
}

const NEWLINE = 10

// How many of the last bytes may be the beginning of a frame's magic.
function heldBack(bytes: Buffer): number {
  const last = bytes.length - 1
  if (bytes[last] === 0xa5) return 1
  return bytes[last] === 0x5a && bytes[last - 1] === 0xa5 ? 2 : 0
}
