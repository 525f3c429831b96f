// InfluxDB line protocol: `measurement,tag=v field=1i,other="text" time`, a point a line. A line that is none is refused
// alone. https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
import type { AttributeValue } from '../span/attribute-value.ts'
import { fieldOf, POINT_LIMITS, type PointField, type PointKind, type PointSink, type PointTag } from './point.ts'
import { nanosOf, type Precision } from './point-time.ts'

const TAB = 9
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const HASH = 35
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

/** No number is longer; one that is would take time out of proportion to parse. */
const MAX_NUMBER = 400
const MAX_INTEGER = 21
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const MAX_UINT64 = 2n ** 64n - 1n

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
])

const decoder = new TextDecoder('utf-8')

/** Hands every point of the text to `sink`; what is not UTF-8 becomes U+FFFD. */
export function decodeLineProtocol(body: Uint8Array, sink: PointSink, precision: Precision): void {
  new LineReader(decoder.decode(body)).read(sink, precision)
}

class LineReader {
  readonly #text: string
  #at = 0
  // Why the line is refused; an exception a line would be a way to keep us busy.
  #problem = ''
  #line = 0

  constructor(text: string) {
    this.#text = text
  }

  read(sink: PointSink, precision: Precision): void {
    const text = this.#text
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at)
      if (code === NEWLINE || code === SPACE || code === RETURN || code === TAB) {
        this.#at += 1
        continue
      }
      this.#line += 1
      if (code === HASH) {
        this.#skipLine()
        continue
      }
      this.#problem = ''
      this.#point(sink, precision)
      if (this.#problem === '') continue
      sink.refuse('bad_point', `point ${this.#line}: ${this.#problem}`)
      this.#skipLine()
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end === -1 ? this.#text.length : end + 1
  }

  #point(sink: PointSink, precision: Precision): void {
    const name = this.#name(false)
    if (name === '') return this.#fail('no measurement')
    const tags: PointTag[] = []
    while (this.#code() === COMMA) {
      this.#at += 1
      const key = this.#name(true)
      if (key === '' || this.#code() !== EQUALS) return this.#fail('a tag without a key or without =')
      this.#at += 1
      const value = this.#name(true)
      if (value === '') return this.#fail('a tag without a value')
      tags.push({ key, value })
      if (tags.length > POINT_LIMITS.tags) return this.#fail(`more than ${POINT_LIMITS.tags} tags`)
    }
    if (this.#code() !== SPACE) return this.#fail('no field behind the tags')
    this.#skipSpaces()
    const fields = this.#fields()
    if (fields === undefined) return
    const timeNanos = this.#time(precision)
    if (this.#problem === '') sink.take({ name, tags, fields, timeNanos })
  }

  #fields(): PointField[] | undefined {
    const fields: PointField[] = []
    for (;;) {
      const key = this.#name(true)
      if (key === '' || this.#code() !== EQUALS) return this.#fail('a field without a key or without =')
      this.#at += 1
      const field = this.#code() === QUOTE ? this.#string(key) : this.#scalar(key)
      if (field === undefined) return undefined
      fields.push(field)
      if (fields.length > POINT_LIMITS.fields) return this.#fail(`more than ${POINT_LIMITS.fields} fields`)
      if (this.#code() !== COMMA) return fields
      this.#at += 1
    }
  }

  /** A measurement up to a comma or a space; a key or a tag's value up to an equals sign too. */
  #name(endsAtEquals: boolean): string {
    const text = this.#text
    const start = this.#at
    let at = start
    let escaped = false
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) {
        const next = text.charCodeAt(at + 1)
        if (next === COMMA || next === SPACE || (endsAtEquals && next === EQUALS)) {
          escaped = true
          at += 1
        }
      } else if (code === COMMA || code === SPACE || code === NEWLINE || (endsAtEquals && code === EQUALS)) break
    }
    this.#at = at
    const raw = text.slice(start, at)
    if (!escaped) return raw
    return raw.replaceAll(endsAtEquals ? /\\([,= ])/g : /\\([, ])/g, '$1')
  }

  /** From the opening quote behind the closing one; newlines within are the text's own. */
  #string(key: string): PointField | undefined {
    const text = this.#text
    const start = this.#at + 1
    let escaped = false
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) {
        const next = text.charCodeAt(at + 1)
        if (next === QUOTE || next === BACKSLASH) {
          escaped = true
          at += 1
        }
      } else if (code === QUOTE) {
        this.#at = at + 1
        if (!this.#atEnd()) return this.#fail('text behind the closing quote')
        const raw = text.slice(start, at)
        return fieldOf(key, 's', escaped ? raw.replaceAll(/\\(["\\])/g, '$1') : raw)
      }
    }
    return this.#fail('a string without its closing quote')
  }

  /** A number or a truth value, up to a comma, a space or the line's end. */
  #scalar(key: string): PointField | undefined {
    const start = this.#at
    while (!this.#atEnd()) this.#at += 1
    const size = this.#at - start
    const word = this.#text.slice(start, start + Math.min(size, MAX_NUMBER))
    const letter = word.at(-1)
    if (letter === 'i' && size <= MAX_INTEGER) return this.#integer(key, 'i', word.slice(0, -1), MIN_INT64, MAX_INT64)
    if (letter === 'u' && size <= MAX_INTEGER) return this.#integer(key, 'u', word.slice(0, -1), 0n, MAX_UINT64)
    if (WORDS.has(word)) return fieldOf(key, 'b', WORDS.get(word)!)
    const value = size < MAX_NUMBER && FLOAT.test(word) ? Number(word) : Number.NaN
    if (Number.isFinite(value)) return fieldOf(key, 'f', value)
    return this.#fail(`a field's value "${word.slice(0, 40)}"`)
  }

  #integer(key: string, kind: PointKind, digits: string, least: bigint, most: bigint): PointField | undefined {
    const value: AttributeValue | undefined = /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace('+', '')) : undefined
    if (value !== undefined && value >= least && value <= most) return fieldOf(key, kind, value)
    return this.#fail(`a whole number "${digits}"`)
  }

  #time(precision: Precision): bigint | undefined {
    this.#skipSpaces()
    const start = this.#at
    while (!this.#atEnd()) this.#at += 1
    const digits = this.#text.slice(start, Math.min(this.#at, start + MAX_INTEGER))
    this.#skipSpaces()
    const code = this.#code()
    if (!(code === NEWLINE || Number.isNaN(code) || this.#isReturn(code))) return this.#fail('text behind the time')
    if (digits === '') return undefined
    if (!/^-?\d{1,19}$/.test(digits)) return this.#fail(`a time "${digits}"`)
    return nanosOf(BigInt(digits), precision)
  }

  /** Of the text: NaN. */
  #code(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #atEnd(): boolean {
    const code = this.#code()
    return code === COMMA || code === SPACE || code === NEWLINE || Number.isNaN(code) || this.#isReturn(code)
  }

  #isReturn(code: number): boolean {
    return code === RETURN && this.#text.charCodeAt(this.#at + 1) === NEWLINE
  }

  #skipSpaces(): void {
    while (this.#code() === SPACE) this.#at += 1
  }

  #fail(problem: string): undefined {
    this.#problem = problem
    return undefined
  }
}
