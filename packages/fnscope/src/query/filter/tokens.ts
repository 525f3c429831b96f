// A filter expression as tokens. What they mean is parse.ts.
import { FilterError } from './filter-error.ts'

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'symbol' | 'key' | 'json' | 'end'
  /** text, key: what stands between the quotes or brackets, unescaped. json: the JSON behind the #. */
  readonly text: string
  /** UTF-16 units from the beginning of the expression. */
  readonly at: number
  readonly end: number
}

const SPACE = /\s+/y
const WORD = /[^\s()[\]{}"'“”=!<>,:;#&|\d.+-][^\s()[\]{}"'“”=!<>,:;#&|]*/y
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy
const SYMBOL = /!=|<=|>=|[=<>!(){},:]/y
/** Behind a number: it is none. */
const WORD_GOES_ON = /[^\s()[\]{}"'“”=!<>,:;#&|]/y

const HINTS: Readonly<Record<string, string>> = {
  "'": 'text stands in double quotes, "like this".',
  '“': 'text stands in straight double quotes, "like this".',
  '”': 'text stands in straight double quotes, "like this".',
  '&': 'write AND.',
  '|': 'write OR.',
  '[': 'brackets belong to annotation[key] and to the JSON behind a #.',
}

/** Ends with a token `end`. @throws FilterError */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  for (;;) {
    at += match(SPACE)?.length ?? 0
    if (at === text.length) {
      tokens.push({ kind: 'end', text: '', at, end: at })
      return tokens
    }
    const token = nextToken(text, at, match, tokens.at(-1))
    tokens.push(token)
    at = token.end
  }
}

function nextToken(
  text: string,
  at: number,
  match: (pattern: RegExp) => string | undefined,
  before: Token | undefined,
): Token {
  const first = text[at]!
  if (first === '"') return quoted(text, at)
  if (first === '#') return jsonBehind(text, at)
  if (first === '[' && before?.kind === 'word' && before.text.toLowerCase() === 'annotation') return bracketed(text, at)
  const number = match(NUMBER)
  if (number !== undefined) {
    WORD_GOES_ON.lastIndex = at + number.length
    if (WORD_GOES_ON.test(text))
      throw new FilterError(text, at, 'this is no number, and text stands in double quotes, "like this".')
    return { kind: 'number', text: number, at, end: at + number.length }
  }
  const word = match(WORD)
  if (word !== undefined) return { kind: 'word', text: word, at, end: at + word.length }
  const symbol = match(SYMBOL)
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, at, end: at + symbol.length }
  throw new FilterError(text, at, HINTS[first] ?? `${JSON.stringify(first)} means nothing here.`)
}

/** `\"` and `\\` stand for the character; any other backslash for itself. */
function quoted(text: string, at: number): Token {
  let value = ''
  for (let i = at + 1; i < text.length; i++) {
    const one = text[i]!
    if (one === '"') return { kind: 'text', text: value, at, end: i + 1 }
    const next = text[i + 1]
    if (one === '\\' && (next === '"' || next === '\\')) {
      value += next
      i++
    } else value += one
  }
  throw new FilterError(text, at, 'the text that begins here has no closing double quote.')
}

function bracketed(text: string, at: number): Token {
  const inner = /\s*/y
  inner.lastIndex = at + 1
  const from = at + 1 + (inner.exec(text)?.[0].length ?? 0)
  if (text[from] === '"') {
    const key = quoted(text, from)
    inner.lastIndex = key.end
    const close = key.end + (inner.exec(text)?.[0].length ?? 0)
    if (text[close] !== ']') throw new FilterError(text, close, "a closing ] is missing behind the annotation's key.")
    return { kind: 'key', text: key.text, at, end: close + 1 }
  }
  const close = text.indexOf(']', from)
  if (close < 0) throw new FilterError(text, at, 'the bracket that begins here has no closing ].')
  const key = text.slice(from, close).trim()
  if (key === '') throw new FilterError(text, at, "the annotation's key is missing between the brackets.")
  return { kind: 'key', text: key, at, end: close + 1 }
}

/** From the # to the bracket that closes the first one. */
function jsonBehind(text: string, at: number): Token {
  let depth = 0
  let inText = false
  for (let i = at + 1; i < text.length; i++) {
    const one = text[i]!
    if (inText) {
      if (one === '\\') i++
      else if (one === '"') inText = false
    } else if (one === '"') inText = true
    else if (one === '[' || one === '{') depth++
    else if (one === ']' || one === '}') {
      depth--
      if (depth === 0) return { kind: 'json', text: text.slice(at + 1, i + 1), at, end: i + 1 }
      if (depth < 0) break
    } else if (depth === 0 && !/\s/.test(one)) break
  }
  throw new FilterError(
    text,
    at,
    'behind # stands a JSON array of root causes, #[{"Services": […]}], and its end is missing.',
  )
}
