// The words of a Logs Insights query, each with its place.
import { PatternError } from './pattern-error.ts'

export interface Token {
  /** word: a name, a command or a field; mark: an operator or punctuation. */
  readonly kind: 'word' | 'field' | 'number' | 'text' | 'regex' | 'mark' | 'end'
  /** Of a text without its quotes, of a regex its source. */
  readonly text: string
  /** Of a regex. */
  readonly flags?: string
  readonly at: number
}

const SPACE = /(?:\s+|#[^\n]*)+/y
const SCANS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['field', /`((?:[^`\\]|\\.)+)`/y],
  ['number', /(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)/iy],
  ['text', /"((?:[^"\\]|\\.)*)"/sy],
  ['text', /'((?:[^'\\]|\\.)*)'/sy],
  ['word', /([@\p{L}_][\p{L}\p{N}_@]*(?:\.[\p{L}\p{N}_@]+)*)/uy],
  ['mark', /(=~|!=|<=|>=|[|,()[\]=<>+*%^-])/y],
]
const REGEX = /\/((?:[^/\\\n]|\\.)+)\/([a-z]*)/y

/** @throws PatternError */
export function readTokens(query: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < query.length) {
    SPACE.lastIndex = at
    if (SPACE.test(query)) at = SPACE.lastIndex
    if (at >= query.length) break
    const found = regexAt(query, at, tokens) ?? tokenAt(query, at)
    if (found === undefined) throw new PatternError(`unexpected character ${query[at]}`, at)
    tokens.push(found.token)
    at = found.end
  }
  tokens.push({ kind: 'end', text: '', at: query.length })
  return tokens
}

interface Found {
  readonly token: Token
  readonly end: number
}

function tokenAt(query: string, at: number): Found | undefined {
  for (const [kind, scan] of SCANS) {
    scan.lastIndex = at
    const match = scan.exec(query)
    if (match === null) continue
    const text = kind === 'text' || kind === 'field' ? match[1]!.replaceAll(/\\(.)/gs, '$1') : match[1]!
    return { token: { kind, text, at }, end: scan.lastIndex }
  }
  return query[at] === '/' ? { token: { kind: 'mark', text: '/', at }, end: at + 1 } : undefined
}

/** A slash divides behind a value; elsewhere a regular expression begins. */
function regexAt(query: string, at: number, before: readonly Token[]): Found | undefined {
  const last = before.at(-1)
  const isWord = last?.kind === 'word' && /^(like|parse)$/i.test(last.text)
  const begins =
    isWord || last?.text === '=~' || (last?.kind === 'word' && before.at(-2)?.text.toLowerCase() === 'parse')
  if (query[at] !== '/' || !begins) return undefined
  REGEX.lastIndex = at
  const match = REGEX.exec(query)
  if (match === null) throw new PatternError('the regular expression is not closed', at)
  return { token: { kind: 'regex', text: match[1]!, flags: match[2]!, at }, end: REGEX.lastIndex }
}
