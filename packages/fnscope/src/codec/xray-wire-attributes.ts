// The attributes and annotations of one row from the bytes of http, aws, sql and annotations: as AttributeRow and
// pushAnnotations of xray-span.ts, of objects that json-scan.ts has walked over and in which no key comes twice.
import { attributeText, typeOf, type TypeLetter } from '../span/attribute-value.ts'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import type { TextColumn } from '../span/text-column.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { eachMember, isTrue } from './json-scan.ts'
import { attributeValueOf, isStatus, pushText } from './xray-span.ts'

const QUOTE = 34
const ZERO = 48
const NINE = 57
const OPEN_BRACE = 123
const OPEN_BRACKET = 91
const LETTER_T = 116
const LETTER_F = 102

/** Adds ASCII as it stands in a message. */
export function pushWire(column: TextColumn | DictionaryColumn, view: DataView, start: number, end: number): void {
  if (column instanceof DictionaryColumn) column.pushIndex(column.indexOfWire(view, start, end))
  else column.pushAscii(view, start, end)
}

/** Room for a prefix and a key behind it. */
const KEY_BYTES = 512

class Prefix {
  readonly bytes = Buffer.alloc(KEY_BYTES)
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, KEY_BYTES)
  readonly size: number

  constructor(prefix: string) {
    this.size = this.bytes.write(prefix, 'latin1')
  }
}

const PREFIX_OF_AWS = new Prefix('aws.')
const PREFIX_OF_SQL = new Prefix('sql.')
const PREFIX_OF_REQUEST = new Prefix('http.request.')
const PREFIX_OF_RESPONSE = new Prefix('http.response.')

function named(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => Buffer.from(name))
}

const [REQUEST, RESPONSE, METHOD, URL, USER_AGENT, CLIENT_IP, TRACED, STATUS, ACCOUNT_ID, REQUEST_ID, COLD_START] =
  named(
    'request',
    'response',
    'method',
    'url',
    'user_agent',
    'client_ip',
    'traced',
    'status',
    'account_id',
    'request_id',
    'ColdStart',
  ) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]

function is(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}

/** Text that is not empty. */
function isText(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === QUOTE && end - start > 2
}

/** A whole number that reads as it is written. */
function isPlainInteger(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 15) return false
  for (let at = start; at < end; at++) if (!(bytes[at]! >= ZERO && bytes[at]! <= NINE)) return false
  return true
}

function integerAt(bytes: Buffer, start: number, end: number): number {
  let whole = 0
  for (let at = start; at < end; at++) whole = whole * 10 + bytes[at]! - ZERO
  return whole
}

function parsed(bytes: Buffer, start: number, end: number): unknown {
  return JSON.parse(bytes.toString('latin1', start, end)) as unknown
}

export class WireAttributes {
  /** Whether httpStatus has its row. */
  hasStatus = false
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #spans: SpanBatch
  readonly #row: number
  #letters = ''
  #plain = true

  constructor(bytes: Buffer, view: DataView, spans: SpanBatch, row: number) {
    this.#bytes = bytes
    this.#view = view
    this.#spans = spans
    this.#row = row
  }

  /** Answers whether the callee reports too. */
  pushHttp(at: number): boolean {
    const bytes = this.#bytes
    let [request, response] = [0, 0]
    eachMember(bytes, at, (key, keyEnd, value) => {
      if (bytes[value] !== OPEN_BRACE) return
      if (is(bytes, key, keyEnd, REQUEST)) request = value
      else if (is(bytes, key, keyEnd, RESPONSE)) response = value
    })
    const traced = request !== 0 && this.#pushRequest(request)
    if (response !== 0) this.#pushResponse(response)
    return traced
  }

  #pushRequest(at: number): boolean {
    const bytes = this.#bytes
    const { httpMethod, httpUrl, httpUserAgent, httpClientIp } = this.#spans
    let traced = false
    eachMember(bytes, at, (key, keyEnd, value, end) => {
      if (isText(bytes, value, end)) {
        if (is(bytes, key, keyEnd, METHOD)) return this.#pushColumn(httpMethod, value, end)
        if (is(bytes, key, keyEnd, URL)) return this.#pushColumn(httpUrl, value, end)
        if (is(bytes, key, keyEnd, USER_AGENT)) return this.#pushColumn(httpUserAgent, value, end)
        if (is(bytes, key, keyEnd, CLIENT_IP)) return this.#pushColumn(httpClientIp, value, end)
      } else if (isTrue(bytes, value) && is(bytes, key, keyEnd, TRACED)) {
        traced = true
        return
      }
      this.#pushAttribute(PREFIX_OF_REQUEST, key, keyEnd, value, end)
    })
    return traced
  }

  #pushResponse(at: number): void {
    const bytes = this.#bytes
    eachMember(bytes, at, (key, keyEnd, value, end) => {
      if (is(bytes, key, keyEnd, STATUS)) {
        const status = isPlainInteger(bytes, value, end) ? integerAt(bytes, value, end) : parsed(bytes, value, end)
        if (isStatus(status)) {
          this.#spans.httpStatus.pushU16(status)
          this.hasStatus = true
          return
        }
      }
      this.#pushAttribute(PREFIX_OF_RESPONSE, key, keyEnd, value, end)
    })
  }

  /** @param lambda the request id is that of the invocation */
  pushAws(at: number, lambda: boolean): void {
    const bytes = this.#bytes
    const { accountId, requestId } = this.#spans
    eachMember(bytes, at, (key, keyEnd, value, end) => {
      if (isText(bytes, value, end)) {
        if (is(bytes, key, keyEnd, ACCOUNT_ID)) return this.#pushColumn(accountId, value, end)
        if (lambda && is(bytes, key, keyEnd, REQUEST_ID)) return this.#pushColumn(requestId, value, end)
      }
      this.#pushAttribute(PREFIX_OF_AWS, key, keyEnd, value, end)
    })
  }

  pushSql(at: number): void {
    eachMember(this.#bytes, at, (key, keyEnd, value, end) =>
      this.#pushAttribute(PREFIX_OF_SQL, key, keyEnd, value, end),
    )
  }

  #pushColumn(column: TextColumn | DictionaryColumn, value: number, end: number): void {
    column.padTo(this.#row)
    pushWire(column, this.#view, value + 1, end - 1)
  }

  #pushAttribute(prefix: Prefix, key: number, keyEnd: number, value: number, end: number): void {
    const bytes = this.#bytes
    const { keys, values } = this.#spans.attributes
    const size = prefix.size + keyEnd - key
    if (size > KEY_BYTES)
      keys.push(prefix.bytes.toString('latin1', 0, prefix.size) + bytes.toString('latin1', key, keyEnd))
    else {
      for (let at = key, to = prefix.size; at < keyEnd; at++, to++) prefix.bytes[to] = bytes[at]!
      keys.pushIndex(keys.indexOfWire(prefix.view, 0, size))
    }
    this.#addLetter(pushValue(values, bytes, this.#view, value, end, 'i'))
  }

  #addLetter(letter: TypeLetter): void {
    this.#letters += letter
    if (letter !== 's') this.#plain = false
  }

  end(): void {
    this.#spans.attributes.endRow()
    if (!this.#plain) pushText(this.#spans.attributeTypes, this.#row, this.#letters)
  }
}

/** What an SDK says of itself is the same in each document, as `aws.xray`. */
const NESTED = new BytesMemo<string>({ entries: 512, keyBytes: 64 * 1024 })

/** Adds any value as it reads, and answers its type; a whole number's is `whole`. */
function pushValue(
  values: TextColumn,
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
  whole: 'i' | 'd',
): TypeLetter {
  const first = bytes[start]
  if (first === QUOTE) {
    values.pushAscii(view, start + 1, end - 1)
    return 's'
  }
  if (first === LETTER_T || first === LETTER_F) {
    values.pushAscii(view, start, end)
    return 'b'
  }
  if (isPlainInteger(bytes, start, end)) {
    values.pushAscii(view, start, end)
    return whole
  }
  const isNested = first === OPEN_BRACE || first === OPEN_BRACKET
  const known = isNested ? NESTED.find(view, start, end) : undefined
  if (known !== undefined) {
    values.push(known)
    return 'j'
  }
  const value = parsed(bytes, start, end)
  const typed = whole === 'i' ? attributeValueOf(value) : (value as number)
  const text = attributeText(typed)
  if (isNested) {
    NESTED.begin()
    NESTED.add(view, start, end, text)
  }
  values.push(text)
  return typeOf(typed)
}

/** @param at 0 when there are none. Answers whether they say that it was a cold start. */
export function pushWireAnnotations(bytes: Buffer, view: DataView, spans: SpanBatch, at: number): boolean {
  const { annotations, annotationTypes } = spans
  const row = annotations.rows
  let letters = ''
  let plain = true
  let cold = false
  if (at !== 0)
    eachMember(bytes, at, (key, keyEnd, value, end) => {
      if (!isScalar(bytes, value)) return
      annotations.keys.pushIndex(annotations.keys.indexOfWire(view, key, keyEnd))
      const letter = pushValue(annotations.values, bytes, view, value, end, 'd')
      letters += letter
      if (letter !== 's') plain = false
      if (letter === 'b' && isTrue(bytes, value) && is(bytes, key, keyEnd, COLD_START)) cold = true
    })
  annotations.endRow()
  if (!plain) pushText(annotationTypes, row, letters)
  return cold
}

/** Text, number or boolean. */
function isScalar(bytes: Buffer, start: number): boolean {
  const first = bytes[start]!
  return first === QUOTE || first === LETTER_T || first === LETTER_F || first === 45 || (first >= ZERO && first <= NINE)
}
