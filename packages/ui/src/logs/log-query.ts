// What is typed into the search of the log page: words, and `member:value` or `member:"a value"` for members of JSON lines.
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { membersOf } from './line-members.ts'

export interface LogQuery {
  /** Words that all stand in the line, any case. */
  readonly words: readonly string[]
  readonly fields: Readonly<Record<string, string>>
}

const TERM = /([\p{L}_][\p{L}\p{N}_.@-]*):("(?:[^"\\]|\\.)*"|[^\s"]+)|"((?:[^"\\]|\\.)*)"|(\S+)/gu

export function parseLogQuery(text: string): LogQuery {
  const words: string[] = []
  const fields: Record<string, string> = {}
  for (const [, path, value, quoted, word] of text.matchAll(TERM)) {
    if (path !== undefined) fields[path] = value!.startsWith('"') ? unquoted(value!.slice(1, -1)) : value!
    else words.push(...(quoted === undefined ? word! : unquoted(quoted)).split(/\s+/).filter((one) => one !== ''))
  }
  return { words, fields }
}

function unquoted(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1')
}

/** The same question with one more condition. */
export function withField(text: string, path: string, value: string): string {
  const written = /^[^\s"\\]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  const term = `${path}:${written}`
  return text.includes(term) ? text : `${text} ${term}`.trim()
}

export interface LineFilter extends LogQuery {
  readonly function?: string | undefined
  /** None: all. */
  readonly levels: readonly string[]
  readonly trace?: string | undefined
  readonly request?: string | undefined
}

/** As the server decides it: for lines that come in while one watches. */
export function isWanted(line: ConsoleLogLine, filter: LineFilter): boolean {
  if (filter.function !== undefined && line.function !== filter.function) return false
  if (filter.levels.length > 0 && !filter.levels.includes(line.level)) return false
  if (filter.trace !== undefined && line.traceId !== filter.trace) return false
  if (filter.request !== undefined && line.requestId !== filter.request) return false
  const body = line.body.toLowerCase()
  if (!filter.words.every((word) => body.includes(word.toLowerCase()))) return false
  const wanted = Object.entries(filter.fields)
  if (wanted.length === 0) return true
  const members = new Map(membersOf(line.body).members)
  return wanted.every(([path, value]) => members.get(path) === value)
}
