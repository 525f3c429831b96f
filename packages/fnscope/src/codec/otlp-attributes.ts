// A span's attributes into the batch's two maps: the user's own scalars are indexed (annotations), all else is kept
// (attributes). What has a meaning is noted for semantic-span.ts on the way.
import { equalBytes, type DictionaryColumn, type MapColumn } from '../span/columns.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { bytesOf, stringOf, TextWriter } from './otlp-text.ts'
import { isScalar, LETTER, newEntry, newValue, pushValue, readEntry, readValue } from './otlp-value.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { flagOf, isCustomKey, meaningOf, type KeyMeaning } from './semantic-keys.ts'
import type { SemanticSlots } from './semantic-slots.ts'

/** A longer text is kept and not indexed: X-Ray's annotations end at about this length. */
export const MAX_INDEXED_BYTES = 1024

/** The list of keys that are to be annotations whatever they are called, as the X-Ray exporter reads it. */
const INDEXED_KEYS = 'aws.xray.annotations'

interface KnownKey {
  readonly text: string
  /** As it came. */
  readonly wire: DataView
  /** The user's own. */
  readonly custom: boolean
  readonly meaning: KeyMeaning | undefined
  /** The SPAN_FLAG that it sets when it is true. */
  readonly flag: number
  readonly listsKeys: boolean
  /** The batch for which the indexes hold. */
  batch: number
  attributeIndex: number
  annotationIndex: number
  /** The key that stood behind it the last time: an SDK sets the attributes of one kind of span in one order. */
  next: KnownKey | undefined
}

const NO_KEYS: ReadonlySet<string> = new Set()

export class AttributeColumns {
  readonly #keys = new BytesMemo<KnownKey>({ entries: 4096, keyBytes: 256 * 1024 })
  readonly #lists = new BytesMemo<ReadonlySet<string>>({ entries: 256, keyBytes: 64 * 1024 })
  readonly #entry = newEntry()
  readonly #value = newValue()
  readonly #writer = new TextWriter()
  readonly #found: KnownKey[] = []
  readonly #values: number[] = []
  readonly #attributeLetters = new Letters()
  readonly #annotationLetters = new Letters()
  /** Before the first key of a span. */
  readonly #first = newKey(new DataView(new ArrayBuffer(0)))
  #batch = 0

  begin(): void {
    this.#batch += 1
  }

  /**
   * One row of attributes and annotations with their types.
   * @param places start and end of `count` KeyValue messages, in turn
   */
  push(batch: SpanBatch, reader: ProtobufReader, places: readonly number[], count: number, slots: SemanticSlots): void {
    let listed = NO_KEYS
    let key = this.#first
    for (let i = 0; i < count; i++) {
      key = this.#readKey(reader, places[i * 2]!, places[i * 2 + 1]!, i, key)
      this.#found[i] = key
      if (key.listsKeys) listed = this.#listOf(reader, this.#values[i * 2]!, this.#values[i * 2 + 1]!)
    }
    for (let i = 0; i < count; i++) this.#pushOne(batch, reader, i, listed, slots)
    endRow(batch.attributes, batch.attributeTypes, this.#attributeLetters)
    endRow(batch.annotations, batch.annotationTypes, this.#annotationLetters)
  }

  /** Notes where the value of the KeyValue between `start` and `end` stands. @returns its key */
  #readKey(reader: ProtobufReader, start: number, end: number, i: number, before: KnownKey): KnownKey {
    const { bytes } = reader
    const keyStart = start + 2
    const keyEnd = keyStart + bytes[start + 1]!
    const valueStart = keyEnd + 2
    // As every SDK writes it: the key, the value, nothing else, and both shorter than 128 bytes.
    if (
      valueStart <= end &&
      keyEnd - keyStart < 128 &&
      bytes[start] === 0x0a &&
      bytes[keyEnd] === 0x12 &&
      valueStart + bytes[keyEnd + 1]! === end &&
      end - valueStart < 128
    ) {
      this.#values[i * 2] = valueStart
      this.#values[i * 2 + 1] = end
      return this.#keyOf(reader.view, keyStart, keyEnd, before)
    }
    const entry = this.#entry
    reader.at = start
    readEntry(reader, end, entry)
    this.#values[i * 2] = entry.valueStart
    this.#values[i * 2 + 1] = entry.valueEnd
    return this.#keyOf(reader.view, entry.keyStart, entry.keyEnd, before)
  }

  #pushOne(
    batch: SpanBatch,
    reader: ProtobufReader,
    i: number,
    listed: ReadonlySet<string>,
    slots: SemanticSlots,
  ): void {
    const key = this.#found[i]!
    const value = this.#value
    readValue(reader, this.#values[i * 2]!, this.#values[i * 2 + 1]!, value)
    const { letter } = value
    if (key.meaning !== undefined) slots.note(key.meaning.meaning, key.meaning.rank, value)
    else if (key.flag !== 0 && letter === LETTER.boolean && (value.low | value.high) !== 0) slots.flags |= key.flag
    const indexed =
      (key.custom || (listed !== NO_KEYS && listed.has(key.text))) &&
      isScalar(letter) &&
      value.end - value.start <= MAX_INDEXED_BYTES
    if (key.batch !== this.#batch) {
      key.batch = this.#batch
      key.attributeIndex = key.annotationIndex = -1
    }
    if (indexed) {
      const { annotations } = batch
      if (key.annotationIndex === -1) key.annotationIndex = annotations.keys.indexOf(key.text)
      annotations.keys.pushIndex(key.annotationIndex)
      this.#annotationLetters.push(letter)
      pushValue(annotations.values, reader, value, this.#writer)
    } else {
      const { attributes } = batch
      if (key.attributeIndex === -1) key.attributeIndex = attributes.keys.indexOf(key.text)
      attributes.keys.pushIndex(key.attributeIndex)
      this.#attributeLetters.push(letter)
      pushValue(attributes.values, reader, value, this.#writer)
    }
  }

  #keyOf(view: DataView, start: number, end: number, before: KnownKey): KnownKey {
    const guess = before.next
    const size = end - start
    if (guess !== undefined && guess.wire.byteLength === size && equalBytes(guess.wire, 0, view, start, size))
      return guess
    let key = this.#keys.find(view, start, end)
    if (key === undefined) {
      key = newKey(new DataView(bytesOf(view, start, end).slice().buffer))
      // A key that is too long to be kept is not to be held on to by its neighbour either.
      if (!this.#keys.add(view, start, end, key)) return key
    }
    before.next = key
    return key
  }

  /** The strings of the array in the AnyValue between `start` and `end`. */
  #listOf(reader: ProtobufReader, start: number, end: number): ReadonlySet<string> {
    const known = this.#lists.find(reader.view, start, end)
    if (known !== undefined) return known
    const value = this.#value
    const keys = new Set<string>()
    readValue(reader, start, end, value)
    if (value.letter === LETTER.json && !value.isMap) {
      const listEnd = value.end
      reader.at = value.start
      while (reader.at < listEnd) {
        const tag = reader.tag()
        if (tag !== 0x0a) {
          reader.skip(tag, listEnd)
          continue
        }
        const itemEnd = reader.length(listEnd)
        const item = newValue()
        readValue(reader, reader.at, itemEnd, item)
        if (item.letter === LETTER.string) keys.add(stringOf(reader.view, item.start, item.end))
        reader.at = itemEnd
      }
    }
    this.#lists.add(reader.view, start, end, keys)
    return keys
  }
}

function newKey(wire: DataView): KnownKey {
  const text = stringOf(wire, 0, wire.byteLength)
  return {
    text,
    wire,
    custom: isCustomKey(text),
    meaning: meaningOf(text),
    flag: flagOf(text),
    listsKeys: text === INDEXED_KEYS,
    batch: 0,
    attributeIndex: -1,
    annotationIndex: -1,
    next: undefined,
  }
}

/** A row's type letters, as a word. */
class Letters {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #plain = true

  push(letter: number): void {
    if (this.#length === this.#bytes.length) {
      const next = new Uint8Array(this.#length * 4)
      next.set(this.#bytes)
      this.#bytes = next
      this.#view = new DataView(next.buffer)
    }
    this.#bytes[this.#length++] = letter
    if (letter !== LETTER.string) this.#plain = false
  }

  /** Appends the word, the empty one for strings alone, and begins the next. */
  end(column: DictionaryColumn): void {
    column.pushIndex(this.#plain ? 0 : column.indexOfWire(this.#view, 0, this.#length))
    this.#length = 0
    this.#plain = true
  }
}

function endRow(column: MapColumn, types: DictionaryColumn, letters: Letters): void {
  column.endRow()
  letters.end(types)
}
