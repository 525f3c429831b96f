// What every command shares: where it writes, and the options and checks that several of them have.
import { FnscopeError } from '../errors.ts'
import { parseAge, type Painter } from './terminal.ts'

export interface Terminal {
  readonly env: NodeJS.ProcessEnv
  readonly out: Painter
  /** The command's answer: one line to stdout. */
  readonly print: (line: string) => void
  /** Progress and notices: one line to stderr. */
  readonly notice: (line: string) => void
  /** Shows a person that `work` is under way. */
  readonly during: <Result>(label: string, work: () => Promise<Result>) => Promise<Result>
}

export interface JsonOption {
  readonly json?: boolean
}

/** For an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value]
}

/** The time of --since in milliseconds. @throws FnscopeError FNS_USAGE */
export function sinceMsOf(text: string): number {
  const ms = parseAge(text)
  if (ms === undefined)
    throw new FnscopeError('FNS_USAGE', `--since wants a time like 90s, 10m, 1h or 7d, not "${text}".`)
  return ms
}

export const PARAMETER_FLAG = '--parameter <name=value...>'
export const PARAMETER_HELP = "a value for one of the template's Parameters; may be repeated"

/** `NAME=VALUE` texts as a map; the last one of a name wins. @throws FnscopeError FNS_USAGE */
export function parametersOf(texts: readonly string[] | undefined): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {}
  for (const text of texts ?? []) {
    const match = /^([A-Za-z0-9]+)=(.*)$/s.exec(text)
    if (!match)
      throw new FnscopeError(
        'FNS_USAGE',
        `--parameter wants NAME=VALUE with a name of letters and digits, as the template has it, not "${text}".`,
      )
    parameters[match[1]!] = match[2]!
  }
  return parameters
}
