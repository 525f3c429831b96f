// The short way to write a search, `user:brian1 status:500`, as an X-Ray filter expression. What is one already stays.

const OPERATOR = /(^|[^<>!=])(=|!=|<=|>=|<|>)|\b(CONTAINS|BEGINSWITH|ENDSWITH|AND|OR|NOT)\b|[(){}[\]]/
const KEYWORDS = new Set(['ok', 'error', 'fault', 'throttle', 'partial', 'inferred', 'root'])
const NUMBERS: Readonly<Record<string, string>> = {
  status: 'http.status',
  duration: 'duration',
  responsetime: 'responsetime',
}
const TEXTS: Readonly<Record<string, string>> = {
  url: 'http.url',
  method: 'http.method',
  name: 'name',
  type: 'type',
  arn: 'resource.arn',
}

export function toFilter(text: string): string {
  const words = wordsOf(text)
  if (words.length === 0) return ''
  const isShort = words.every((word) => /^!?[\w.@-]+:./s.test(word) || (!OPERATOR.test(word) && !word.includes('"')))
  return isShort ? words.map(wordFilter).join(' AND ') : text.trim()
}

/** At blanks, but not in quotes. */
function wordsOf(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"?|[^\s"])+/g) ?? []
}

function wordFilter(word: string): string {
  const [, not = '', key, value = ''] = /^(!?)([\w.@-]+):(.+)$/s.exec(word) ?? []
  if (key === undefined) {
    const bare = word.replace(/^!/, '')
    if (KEYWORDS.has(bare.toLowerCase())) return word
    const text = quoted(bare)
    return `${word.startsWith('!') ? '!' : ''}(service(${text}) OR http.url CONTAINS ${text} OR name = ${text})`
  }
  return not + conditionOf(key, value)
}

function conditionOf(key: string, value: string): string {
  const [, operator = '=', rest = value] = /^(>=|<=|>|<)(.+)$/s.exec(value) ?? []
  const name = key.toLowerCase()
  if (name === 'service' || name === 'function' || name === 'fn') return `service(${quoted(value)})`
  if (name === 'status' && KEYWORDS.has(value)) return value
  if (NUMBERS[name] !== undefined) return `${NUMBERS[name]} ${operator} ${numberOf(rest)}`
  // X-Ray's user of a segment, and what applications call so themselves.
  if (name === 'user') return `(user = ${quoted(value)} OR annotation[user] = ${quoted(value)})`
  if (TEXTS[name] !== undefined) return `${TEXTS[name]} ${name === 'url' ? 'CONTAINS' : '='} ${quoted(value)}`
  const plain = /^-?\d+(\.\d+)?$/.test(rest) || rest === 'true' || rest === 'false'
  return `annotation[${key.replace(/^annotation\./, '')}] ${operator} ${plain ? rest : quoted(rest)}`
}

/** Seconds, as the filter language has them: `200ms`, `1.5s`, `2m`; plain numbers as they are. */
function numberOf(text: string): string {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? []
  if (number === undefined) return text
  return String(Number(number) * { ms: 0.001, s: 1, m: 60 }[unit as 'ms' | 's' | 'm'])
}

function quoted(text: string): string {
  if (/^".*"$/s.test(text)) return text
  return `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`
}
