// What may follow in the search field: keywords, annotation keys, and the values of a key. Pure but for what is asked.

export interface Completion {
  /** Replaces the text from `from` on, up to the caret. */
  readonly text: string
  readonly hint?: string
}

export interface CompletionPlace {
  readonly from: number
  /** What is written of it. */
  readonly word: string
  /** Values of this key are wanted; absent: keys and keywords. */
  readonly key?: string
}

/** Where the caret is: in a key, or in the value of one. */
export function placeIn(text: string, caret: number): CompletionPlace {
  const before = text.slice(0, caret)
  const short = /(?:^|[\s(!])([\w.@-]+):("?)([^"\s]*)$/.exec(before)
  if (short) return { from: caret - short[3]!.length - short[2]!.length, word: short[3]!, key: short[1]! }
  const long = /annotation(?:\.([\w.]+)|\[([^\]]+)\])\s*(?:!?=|CONTAINS|BEGINSWITH|ENDSWITH)\s*("?)([^"]*)$/i.exec(
    before,
  )
  if (long) return { from: caret - long[4]!.length - long[3]!.length, word: long[4]!, key: long[1] ?? long[2]! }
  const service = /\bservice\(("?)([^")]*)$/i.exec(before)
  if (service) return { from: caret - service[2]!.length - service[1]!.length, word: service[2]!, key: 'service' }
  const word = /[\w.@-]*$/.exec(before)![0]
  return { from: caret - word.length, word }
}

const KEYWORDS: readonly (readonly [string, string])[] = [
  ['ok', 'answered without error'],
  ['error', '4xx'],
  ['fault', '5xx'],
  ['throttle', '429'],
  ['partial', 'still arriving'],
  ['status:', 'HTTP status, as status:>=500'],
  ['service:', 'a service took part'],
  ['duration:', 'as duration:>200ms'],
  ['url:', 'part of the URL'],
  ['method:', 'HTTP method'],
  ['user:', 'X-Ray user'],
  ['annotation.', 'as annotation.key = "value"'],
  ['service("', 'as service("orders") { fault }'],
  ['responsetime', 'seconds, of the root'],
  ['http.url', ''],
  ['http.status', ''],
]
const MOST = 12

export function completeKey({ word }: CompletionPlace, keys: readonly string[]): Completion[] {
  const wanted = word.replace(/^annotation\./, '').toLowerCase()
  const isAnnotation = word.startsWith('annotation.')
  const own = keys
    .filter((key) => key.toLowerCase().includes(wanted))
    .map((key) => ({ text: isAnnotation ? `annotation.${key} = ` : `${key}:`, hint: 'annotation' }))
  const known = KEYWORDS.filter(([text]) => wanted !== '' && text.startsWith(word)).map(([text, hint]) => ({
    text,
    hint,
  }))
  return [...known, ...own].filter(({ text }) => text !== word).slice(0, MOST)
}

export function completeValue({ word }: CompletionPlace, values: readonly string[]): Completion[] {
  const wanted = word.toLowerCase()
  return values
    .filter((value) => value.toLowerCase().includes(wanted) && value !== word)
    .slice(0, MOST)
    .map((value) => ({ text: JSON.stringify(value) }))
}
