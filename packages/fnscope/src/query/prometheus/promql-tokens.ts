// PromQL's text in tokens, and what its durations and quoted texts mean.
import { PromqlError } from './promql-syntax.ts'

const TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))|(?<number>0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w))|(?<word>[a-z_:][\w:]*)|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?<mark>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}[\],:@])/iuy

export interface Token {
  readonly kind: 'duration' | 'number' | 'word' | 'text' | 'mark' | 'end'
  readonly text: string
  readonly at: number
}

/** The last one is the end. @throws PromqlError bad_data */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  /** A range of a subquery parts with a colon, which also begins names. */
  let brackets = 0
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    if (brackets > 0 && text[at] === ':') {
      tokens.push({ kind: 'mark', text: ':', at })
      TOKEN.lastIndex = at + 1
      continue
    }
    const match = TOKEN.exec(text)
    if (match === null) throw unreadable(text, at)
    const [kind, found] = Object.entries(match.groups!).find(([, value]) => value !== undefined)!
    if (kind === 'space') continue
    if (found === '[') brackets += 1
    if (found === ']') brackets -= 1
    tokens.push({ kind: kind as Token['kind'], text: found, at })
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}

function unreadable(text: string, at: number): PromqlError {
  const sign = String.fromCodePoint(text.codePointAt(at)!)
  const problem = /["'`]/.test(sign)
    ? 'unterminated quoted string'
    : /\d/.test(sign)
      ? `bad number or duration syntax: ${JSON.stringify(/^[\w.]{1,20}/.exec(text.slice(at))![0])}`
      : `unexpected character: ${JSON.stringify(sign)}`
  return new PromqlError(`1:${at + 1}: parse error: ${problem}`)
}

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** Milliseconds of `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return undefined
  let ms = 0
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) ms += Number(digits) * DURATION_MS[unit!]!
  return ms
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

export function unquoted(text: string): string {
  const inner = text.slice(1, -1)
  if (text.startsWith('`')) return inner
  return inner.replaceAll(/\\u([\da-fA-F]{4})|\\x([\da-fA-F]{2})|\\(.)/gs, (_, ...found: readonly string[]) => {
    const [wide, narrow, one] = found
    if (one !== undefined) return ESCAPES[one] ?? one
    return String.fromCodePoint(Number.parseInt(wide ?? narrow!, 16))
  })
}
