// Takes the lines that tell of imports out of what a process writes, and nothing else: what the function writes passes
// byte for byte, where a line of it was interrupted too. Python writes them itself (PYTHONPROFILEIMPORTTIME):
// `import time:      1234 |       5678 |   name`, self and cumulative microseconds, two blanks a level, when the import ends;
// anatomy-preload.cjs writes the same for Node.
import type { Clock } from '../clock.ts'

export interface ImportLine {
  readonly name: string
  /** 0 at the top. */
  readonly depth: number
  readonly selfMicros: number
  readonly cumulativeMicros: number
  /** When we read it: at its end, or a little later. */
  readonly atNanos: bigint
}

const MARK = Buffer.from('import time:')
const LINE = /^import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S.*)$/
const HEADER = /^import time: self \[us\] \| cumulative \|/
/** No module's name is longer; more is no line of ours. */
const MAX_LINE_BYTES = 4096
/** Of one process; a program of the function's own that imports more is not followed further. */
const MAX_LINES = 20_000

export class ImportLines {
  readonly #clock: Clock
  #held: Buffer = Buffer.alloc(0)
  #lines: ImportLine[] = []
  #headers = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What of the chunk is the function's. A piece that may be the beginning of a line of imports waits for its rest. */
  push(chunk: Buffer): Buffer {
    const atNanos = this.#clock()
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const kept: Buffer[] = []
    let from = 0
    for (;;) {
      const mark = bytes.indexOf(MARK, from)
      if (mark < 0) {
        const end = bytes.length - beginning(bytes, from)
        kept.push(bytes.subarray(from, end))
        this.#held = bytes.subarray(end)
        break
      }
      const newline = bytes.indexOf(NEWLINE, mark)
      if (newline < 0 && bytes.length - mark <= MAX_LINE_BYTES) {
        kept.push(bytes.subarray(from, mark))
        this.#held = bytes.subarray(mark)
        break
      }
      const end = newline < 0 ? bytes.length : newline
      const ours = newline >= 0 && this.#take(bytes.toString('utf8', mark, end), atNanos)
      kept.push(bytes.subarray(from, ours ? mark : mark + MARK.length))
      from = ours ? newline + 1 : mark + MARK.length
    }
    return kept.length === 1 ? kept[0]! : Buffer.concat(kept)
  }

  /** What was held back when nothing more comes. */
  flush(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** The lines since the last time. */
  take(): ImportLine[] {
    return this.#lines.splice(0)
  }

  /** A new process begins. */
  reset(): void {
    this.#headers = 0
    this.#lines = []
  }

  #take(text: string, atNanos: bigint): boolean {
    if (HEADER.test(text)) {
      this.#headers += 1
      return true
    }
    const match = LINE.exec(text)
    if (!match) return false
    // A second header is of a process that the function has started: its imports are not the function's.
    if (this.#headers > 1 || this.#lines.length >= MAX_LINES) return true
    const [, self, cumulative, indent, name] = match
    this.#lines.push({
      name: name!,
      depth: indent!.length / 2,
      selfMicros: Number(self),
      cumulativeMicros: Number(cumulative),
      atNanos,
    })
    return true
  }
}

const NEWLINE = 10

/** How many of the last bytes may be the beginning of a mark. */
function beginning(bytes: Buffer, from: number): number {
  for (let length = Math.min(MARK.length - 1, bytes.length - from); length > 0; length--)
    if (bytes.subarray(bytes.length - length).equals(MARK.subarray(0, length))) return length
  return 0
}

/** For a record: nothing where nothing was imported. */
export function importsOf(imports: readonly ImportLine[] | undefined): { readonly imports?: readonly ImportLine[] } {
  return imports === undefined || imports.length === 0 ? {} : { imports }
}
