// What every command shares: where it writes, and how a mistake ends it.
import type { Painter } from './terminal.ts'

export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  readonly out: Painter
  /** The command's answer: one line to stdout. */
  readonly print: (line: string) => void
  /** Progress and notices: one line to stderr. */
  readonly notice: (line: string) => void
}

export interface JsonOption {
  readonly json?: boolean
}
