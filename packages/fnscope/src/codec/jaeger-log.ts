// One log of a Jaeger span as an event: its name from the field that says it, and errors by OpenTelemetry's names.
import type { WireTag } from './jaeger-rows.ts'
import { stringOf, type TextWriter } from './otlp-text.ts'
import { LETTER } from './otlp-value.ts'

/** More are counted and left out: each field of one byte would cost a hundred. */
const MAX_FIELDS = 1024
const MAX_KEPT = 64
const LONGEST_NAME = 'error.object'.length

/** OpenTracing's names of what OpenTelemetry says of an exception. */
const EXCEPTION: ReadonlyMap<string, string> = new Map([
  ['error.kind', 'exception.type'],
  ['message', 'exception.message'],
  ['stack', 'exception.stacktrace'],
])

export class JaegerLog {
  #fields: WireTag[] = []
  #count = 0
  #dropped = 0

  clear(): void {
    this.#count = this.#dropped = 0
    if (this.#fields.length > MAX_KEPT) this.#fields = []
  }

  field(tag: WireTag): void {
    if (this.#count === MAX_FIELDS) {
      this.#dropped += 1
      return
    }
    const field = this.#fields[this.#count]
    if (field === undefined) this.#fields.push({ ...tag })
    else copyTag(tag, field)
    this.#count += 1
  }

  /**
   * Appends one event (SpanBatch.events).
   * @param nanos since 1970, in decimal @param messageIsName of exporters that know no field `event`
   */
  write(view: DataView, nanos: string, messageIsName: boolean, to: TextWriter): void {
    let name = this.#find(view, 'event')
    if (name === -1 && messageIsName) name = this.#find(view, 'message')
    const isError = name !== -1 && isText(view, this.#fields[name]!, 'error') && this.#find(view, 'error.kind') !== -1
    to.ascii('{"nanos":')
    to.ascii(nanos)
    if (isError) to.ascii(',"name":"exception"')
    else if (name !== -1) {
      const { start, end } = this.#fields[name]!
      to.ascii(',"name":')
      to.quoted(view, start, end)
    }
    this.#writeFields(view, name, isError, to)
    if (this.#dropped > 0) to.ascii(`,"droppedAttributes":${this.#dropped}`)
    to.ascii('}')
  }

  #writeFields(view: DataView, name: number, isError: boolean, to: TextWriter): void {
    const hasMessage = isError && this.#find(view, 'message') !== -1
    let any = false
    for (let i = 0; i < this.#count; i++) {
      if (i === name) continue
      const field = this.#fields[i]!
      to.ascii(any ? ',' : ',"attributes":{')
      any = true
      const renamed = isError ? nameInException(view, field, hasMessage) : undefined
      if (renamed === undefined) writeKey(view, field, to)
      else to.ascii(`"${renamed}"`)
      to.ascii(':')
      writeValue(view, field, to)
    }
    if (any) to.ascii('}')
  }

  /** The place of the field of text with that key; -1 of none. */
  #find(view: DataView, key: string): number {
    for (let i = 0; i < this.#count; i++) {
      const field = this.#fields[i]!
      if (field.letter === LETTER.string && field.end > field.start && isAscii(view, field.keyStart, field.keyEnd, key))
        return i
    }
    return -1
  }
}

/** A member at a time: a tenth of what copying them by name costs. */
function copyTag(from: WireTag, to: WireTag): void {
  to.keyStart = from.keyStart
  to.keyEnd = from.keyEnd
  to.letter = from.letter
  to.start = from.start
  to.end = from.end
  to.low = from.low
  to.high = from.high
  to.real = from.real
}

function isText(view: DataView, { start, end }: WireTag, text: string): boolean {
  return isAscii(view, start, end, text)
}

function isAscii(view: DataView, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (view.getUint8(start + i) !== text.charCodeAt(i)) return false
  return true
}

function nameInException(view: DataView, { keyStart, keyEnd }: WireTag, hasMessage: boolean): string | undefined {
  if (keyEnd - keyStart > LONGEST_NAME) return undefined
  const key = stringOf(view, keyStart, keyEnd)
  return key === 'error.object' && !hasMessage ? 'exception.message' : EXCEPTION.get(key)
}

const DOLLAR = 36

/** A key that begins with $ has one more, so that it is none of this JSON's own. */
function writeKey(view: DataView, { keyStart, keyEnd }: WireTag, to: TextWriter): void {
  const at = to.length
  to.quoted(view, keyStart, keyEnd)
  if (keyEnd > keyStart && view.getUint8(keyStart) === DOLLAR) to.insert(at + 1, DOLLAR)
}

function writeValue(view: DataView, { letter, start, end, low, high, real }: WireTag, to: TextWriter): void {
  switch (letter) {
    case LETTER.string:
      to.quoted(view, start, end)
      break
    case LETTER.integer:
      to.integer(low, high)
      break
    case LETTER.double:
      to.double(real)
      break
    case LETTER.bytes:
      to.ascii('{"$bytes":"')
      to.base64(view, start, end)
      to.ascii('"}')
      break
    default:
      to.ascii(low === 0 ? 'false' : 'true')
  }
}
