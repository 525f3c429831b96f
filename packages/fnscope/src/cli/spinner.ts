// One line at the bottom of the terminal while something takes time; lines that are printed meanwhile appear above it.
// Where standard error is no terminal there is no such line, and the lines alone tell how far it is.
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
const CLEAR = '\r\x1b[K'

export interface SpinnerStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export class Spinner {
  readonly #stream: SpinnerStream
  readonly #animated: boolean
  #timer: NodeJS.Timeout | undefined
  #label = ''
  #startedMs = 0
  #frame = 0

  constructor(stream: SpinnerStream, env: NodeJS.ProcessEnv) {
    this.#stream = stream
    this.#animated = stream.isTTY === true && env['TERM'] !== 'dumb' && !env['CI']
  }

  /** Shows `label` with the time that `work` takes, until it ends. */
  async during<Result>(label: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.#animated) return await work()
    this.#label = label
    this.#startedMs = performance.now()
    this.#draw()
    this.#timer = setInterval(() => this.#draw(), FRAME_MS)
    try {
      return await work()
    } finally {
      clearInterval(this.#timer)
      this.#timer = undefined
      this.#stream.write(CLEAR)
    }
  }

  /** Runs `print`, which writes whole lines to this terminal, above the spinner. */
  above(print: () => void): void {
    if (this.#timer === undefined) return print()
    this.#stream.write(CLEAR)
    print()
    this.#draw()
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length]!
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(0)
    const line = `${frame} ${this.#label} … ${seconds} s`
    this.#stream.write(`${CLEAR}${line.slice(0, (this.#stream.columns || 80) - 1)}`)
  }
}
