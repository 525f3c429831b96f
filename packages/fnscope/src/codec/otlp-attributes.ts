// A span's attributes into the batch's two maps: the user's own scalars are indexed (annotations), all else is kept
// (attributes). What has a meaning is noted for semantic-span.ts on the way. Of OTLP as KeyValue messages, of any other
// make as a key and a value that stand somewhere (span-row-writer.ts).
import { equalBytes } from '../span/byte-hash.ts'
import type { DictionaryColumn } from '../span/dictionary-column.ts'
import type { MapColumn } from '../span/nested-columns.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { bytesOf, indexOfText, pushText, stringOf, TextWriter } from './otlp-text.ts'
import {
  isScalar,
  LETTER,
  newEntry,
  newValue,
  pushPlainValue,
  pushValue,
  readEntry,
  readValue,
  type WireValue,
} from './otlp-value.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { flagOf, isCustomKey, meaningOf, type KeyMeaning } from './semantic-keys.ts'
import type { SemanticSlots } from './semantic-slots.ts'

/** A longer text is kept and not indexed: X-Ray's annotations end at about this length. */
export const MAX_INDEXED_BYTES = 1024

/** The list of keys that are to be annotations whatever they are called, as the X-Ray exporter reads it. */
const INDEXED_KEYS = 'aws.xray.annotations'

/** A key that was read. Good for the attribute that it was read for; one from `keyNamed` for any. */
export interface AttributeKey {
  /** Empty of a key that there is no room to remember. */
  readonly text: string
  /** What the make says it is to the codec (KeyRules.roles); 0 of most. */
  readonly role: number
}

/** What a make calls things, where that is not what OpenTelemetry calls them. */
export interface KeyRules {
  /** The meaning of keys that are the make's own; asked before the semantic conventions. */
  readonly meanings?: ReadonlyMap<string, KeyMeaning>
  /** Keys that the codec wants to know when it meets them: AttributeKey.role. */
  readonly roles?: ReadonlyMap<string, number>
  /** Whether an attribute is indexed. By default what is in no namespace of the semantic conventions. */
  readonly isCustomKey?: (key: string) => boolean
}

interface KnownKey extends AttributeKey {
  /** As it came. */
  readonly wire: DataView
  readonly size: number
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
  /** Stands for many keys: its indexes hold for one attribute. */
  readonly isOther: boolean
  /** The key that stood behind it the last time: an SDK sets the attributes of one kind of span in one order. */
  next: KnownKey | undefined
}

const NO_WIRE = new DataView(new ArrayBuffer(0))

// In place of keys that there is no room to remember: a request may have millions of them.
const OTHER = { ...newKey('', NO_WIRE, {}), custom: false, isOther: true }
const OTHER_CUSTOM = { ...newKey('', NO_WIRE, {}), custom: true, isOther: true }

const NO_KEYS: ReadonlySet<string> = new Set()

export class AttributeColumns {
  readonly #rules: KeyRules
  readonly #named = new Map<string, KnownKey>()
  readonly #keys = new BytesMemo<KnownKey>({ entries: 4096, keyBytes: 256 * 1024 })
  readonly #lists = new BytesMemo<ReadonlySet<string>>({ entries: 256, keyBytes: 64 * 1024 })
  readonly #entry = newEntry()
  readonly #value = newValue()
  readonly #writer = new TextWriter()
  readonly #attributes = new MapRow()
  readonly #annotations = new MapRow()
  /** Before the first key of a span. */
  readonly #first = newKey('', NO_WIRE, {})
  #before = this.#first
  // Keys that are indexed whatever they are called, and those that the row turned out to want so.
  #listed = NO_KEYS
  #wanted = NO_KEYS
  #batch = 0
  // Of the key that was read last.
  #keyStart = 0
  #keyEnd = 0

  constructor(rules: KeyRules = {}) {
    this.#rules = rules
  }

  beginBatch(): void {
    this.#batch += 1
    this.#keys.begin()
    this.#lists.begin()
  }

  beginRow({ attributes, annotations }: SpanBatch): void {
    this.#before = this.#first
    this.#listed = NO_KEYS
    this.#wanted = NO_KEYS
    this.#attributes.begin(attributes)
    this.#annotations.begin(annotations)
  }

  /** Whether one of the row's attributes says how the others are to be kept: then all must be taken again. */
  get wantsMore(): boolean {
    return this.#wanted !== NO_KEYS
  }

  beginAgain(batch: SpanBatch): void {
    const wanted = this.#wanted
    this.undoRow(batch)
    this.beginRow(batch)
    this.#listed = wanted
  }

  /** Takes the KeyValue between `start` and `end`. */
  take(batch: SpanBatch, reader: ProtobufReader, start: number, end: number, slots: SemanticSlots): void {
    const key = this.#readKey(reader, start, end)
    this.#put(batch, reader.view, key, this.#value, slots, reader)
  }

  /** The key between `start` and `end`, as UTF-8. Its attribute comes before the next key is asked for. */
  key(view: DataView, start: number, end: number): AttributeKey {
    return this.#keyOf(view, start, end)
  }

  /** A key that the codec says itself, of a few: each is remembered for good. */
  keyNamed(text: string): AttributeKey {
    let key = this.#named.get(text)
    if (key === undefined) this.#named.set(text, (key = newKey(text, NO_WIRE, this.#rules)))
    return key
  }

  /**
   * Takes an attribute of any make.
   * @param view where the value stands, and the key if it was read
   * @param value with `json`: attribute JSON, which is never asked what it means
   * @param slots undefined when nobody is to ask what it means
   */
  takeValue(
    batch: SpanBatch,
    view: DataView,
    key: AttributeKey,
    value: WireValue,
    slots: SemanticSlots | undefined,
  ): void {
    this.#put(batch, view, key as KnownKey, value, value.letter === LETTER.json ? undefined : slots, undefined)
  }

  /** @param reader of a value in protobuf */
  #put(
    batch: SpanBatch,
    view: DataView,
    key: KnownKey,
    value: WireValue,
    slots: SemanticSlots | undefined,
    reader: ProtobufReader | undefined,
  ): void {
    const { letter } = value
    if (slots !== undefined) {
      if (key.meaning !== undefined) slots.note(key.meaning.meaning, key.meaning.rank, value)
      else if (key.flag !== 0 && letter === LETTER.boolean && (value.low | value.high) !== 0) slots.flags |= key.flag
      else if (key.listsKeys && letter === LETTER.json && this.#listed === NO_KEYS && reader !== undefined)
        this.#wanted = this.#listOf(reader)
    }
    if (key.batch !== this.#batch) {
      key.batch = this.#batch
      key.attributeIndex = key.annotationIndex = -1
    }
    if ((key.custom || this.#isListed(key, view)) && isScalar(letter) && value.end - value.start <= MAX_INDEXED_BYTES) {
      const { keys, values } = batch.annotations
      if (key.annotationIndex === -1) key.annotationIndex = this.#indexIn(keys, key, view)
      keys.pushIndex(key.annotationIndex)
      if (key.isOther) key.annotationIndex = -1
      this.#annotations.push(letter)
      if (letter === LETTER.string) pushText(values, view, value.start, value.end)
      else if (reader === undefined) pushPlainValue(values, view, value)
      else pushValue(values, reader, value, this.#writer)
    } else {
      const { keys, values } = batch.attributes
      if (key.attributeIndex === -1) key.attributeIndex = this.#indexIn(keys, key, view)
      keys.pushIndex(key.attributeIndex)
      if (key.isOther) key.attributeIndex = -1
      this.#attributes.push(letter)
      if (letter === LETTER.string) pushText(values, view, value.start, value.end)
      else if (reader === undefined) pushPlainValue(values, view, value)
      else pushValue(values, reader, value, this.#writer)
    }
  }

  endRow(batch: SpanBatch): void {
    this.#attributes.end(batch.attributes, batch.attributeTypes)
    this.#annotations.end(batch.annotations, batch.annotationTypes)
  }

  /** Forgets what was taken of the row that was begun. */
  undoRow(batch: SpanBatch): void {
    this.#attributes.undo(batch.attributes)
    this.#annotations.undo(batch.annotations)
  }

  /** Reads the value of the KeyValue between `start` and `end`. @returns its key */
  #readKey(reader: ProtobufReader, start: number, end: number): KnownKey {
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
      end === valueStart + bytes[keyEnd + 1]! &&
      end - valueStart < 128
    ) {
      readValue(reader, valueStart, end, this.#value)
      return this.#keyOf(reader.view, keyStart, keyEnd)
    }
    const entry = this.#entry
    reader.at = start
    readEntry(reader, end, entry)
    readValue(reader, entry.valueStart, entry.valueEnd, this.#value)
    return this.#keyOf(reader.view, entry.keyStart, entry.keyEnd)
  }

  #keyOf(view: DataView, start: number, end: number): KnownKey {
    const before = this.#before
    const guess = before.next
    const size = end - start
    if (guess !== undefined && guess.size === size && equalBytes(guess.wire, 0, view, start, size)) {
      this.#before = guess
      return guess
    }
    this.#keyStart = start
    this.#keyEnd = end
    let key = this.#keys.find(view, start, end)
    if (key === undefined) {
      const text = stringOf(view, start, end)
      key = newKey(text, new DataView(bytesOf(view, start, end).slice().buffer), this.#rules)
      const { epoch } = this.#keys
      if (!this.#keys.add(view, start, end, key)) {
        const hasMeaning = key.meaning !== undefined || key.flag !== 0 || key.listsKeys || key.role !== 0
        return hasMeaning ? key : key.custom ? OTHER_CUSTOM : OTHER
      }
      // What is forgotten must not be held by who is not.
      if (this.#keys.epoch !== epoch) this.#first.next = undefined
    }
    before.next = key
    this.#before = key
    return key
  }

  #isListed(key: KnownKey, view: DataView): boolean {
    if (this.#listed === NO_KEYS) return false
    return this.#listed.has(key.isOther ? stringOf(view, this.#keyStart, this.#keyEnd) : key.text)
  }

  #indexIn(column: DictionaryColumn, key: KnownKey, view: DataView): number {
    if (!key.isOther) return column.indexOf(key.text)
    return indexOfText(column, view, this.#keyStart, this.#keyEnd)
  }

  /** The strings of the array that was read last. */
  #listOf(reader: ProtobufReader): ReadonlySet<string> {
    const { start, end, isMap } = this.#value
    const known = this.#lists.find(reader.view, start, end)
    if (known !== undefined) return known
    const keys = new Set<string>()
    const item = newValue()
    reader.at = isMap ? end : start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag !== 0x0a) {
        reader.skip(tag, end)
        continue
      }
      const itemEnd = reader.length(end)
      readValue(reader, reader.at, itemEnd, item)
      if (item.letter === LETTER.string) keys.add(stringOf(reader.view, item.start, item.end))
      reader.at = itemEnd
    }
    this.#lists.add(reader.view, start, end, keys)
    return keys
  }
}

function newKey(text: string, wire: DataView, rules: KeyRules): KnownKey {
  return {
    text,
    role: rules.roles?.get(text) ?? 0,
    wire,
    size: wire.byteLength,
    custom: (rules.isCustomKey ?? isCustomKey)(text),
    meaning: rules.meanings?.get(text) ?? meaningOf(text),
    flag: flagOf(text),
    listsKeys: text === INDEXED_KEYS,
    batch: 0,
    attributeIndex: -1,
    annotationIndex: -1,
    isOther: false,
    next: undefined,
  }
}

/** A row of a map column that is being filled: its type letters, and where it began. */
class MapRow {
  #letters = new Uint8Array(256)
  #view = new DataView(this.#letters.buffer)
  #length = 0
  #plain = true
  #keys = 0
  #values = 0
  #size = 0

  begin({ keys, values }: MapColumn): void {
    this.#length = 0
    this.#plain = true
    this.#keys = keys.rows
    this.#values = values.rows
    this.#size = values.size
  }

  push(letter: number): void {
    if (this.#length === this.#letters.length) {
      const next = new Uint8Array(this.#length * 4)
      next.set(this.#letters)
      this.#letters = next
      this.#view = new DataView(next.buffer)
    }
    this.#letters[this.#length++] = letter
    if (letter !== LETTER.string) this.#plain = false
  }

  /** Closes the row, and appends the letters' word: the empty one for strings alone. */
  end(column: MapColumn, types: DictionaryColumn): void {
    column.endRow()
    types.pushIndex(this.#plain ? 0 : types.indexOfWire(this.#view, 0, this.#length))
  }

  undo({ keys, values }: MapColumn): void {
    keys.cutTo(this.#keys)
    values.cutTo(this.#values, this.#size)
  }
}
