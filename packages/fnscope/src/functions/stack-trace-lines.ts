// Which raw lines belong together because they are one stack trace, as Python, Node and Java print them: a person, and a
// search, wants them as one. Lines of anything else stay single, as in the cloud.

/** `  File "app.py", line 3`, `    at handler (app.js:3:1)`, `	... 12 more` */
const FRAME = /^\s+(?:File "|at |\.\.\. \d+ (?:more|common))/
const PYTHON_BEGIN = /^Traceback \(most recent call last\):$/
const INDENTED = /^[ \t\u00a0]+\S/

/** Fed the raw lines of one stream in order. */
export class StackTraceLines {
  #inTraceback = false
  #inTrace = false

  /** True when the line goes on with the trace that the line before it belongs to. */
  continues(line: string): boolean {
    if (this.#inTraceback) {
      // `ValueError: bad` ends it.
      this.#inTraceback = INDENTED.test(line)
      this.#inTrace = true
      return line !== ''
    }
    if (PYTHON_BEGIN.test(line)) {
      this.#inTraceback = true
      return false
    }
    const more = FRAME.test(line) || (this.#inTrace && line.startsWith('Caused by: '))
    this.#inTrace = more
    return more
  }

  /** What follows has nothing to do with what was. */
  end(): void {
    this.#inTraceback = false
    this.#inTrace = false
  }
}
