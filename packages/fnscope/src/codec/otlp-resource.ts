// Resource and InstrumentationScope messages: each becomes JSON text once, and its columns' words once a batch. Senders
// repeat them in every request, so they are found again by their bytes.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { LETTER, newEntry, newValue, readEntry, readValue, writeAttributes } from './otlp-value.ts'
import { fieldsOf, type ProtobufReader } from './protobuf-reader.ts'
import { resourceMeaning, type ResourceMeaning } from './semantic-resource.ts'

const RESOURCE_FIELDS = fieldsOf(1, 2)
const SCOPE_FIELDS = fieldsOf(1, 2, 3, 4)

export interface OtlpResource {
  readonly meaning: ResourceMeaning
  /** Attribute JSON; '' without attributes. */
  readonly json: string
  readonly droppedAttributes: number
}

const NO_RESOURCE: OtlpResource = { meaning: resourceMeaning(new Map()), json: '', droppedAttributes: 0 }

const writer = new TextWriter()

/** Reads the Resource between `start` and `end`; nothing between them is a request without one. */
export function readResource(reader: ProtobufReader, start: number, end: number): OtlpResource {
  if (start === end) return NO_RESOURCE
  const entry = newEntry()
  const value = newValue()
  const texts = new Map<string, AttributeValue>()
  let droppedAttributes = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a) {
      const entryEnd = reader.length(end)
      readEntry(reader, entryEnd, entry)
      readValue(reader, entry.valueStart, entry.valueEnd, value)
      if (value.letter === LETTER.string)
        texts.set(stringOf(reader.view, entry.keyStart, entry.keyEnd), stringOf(reader.view, value.start, value.end))
      reader.at = entryEnd
    } else if (tag === 0x10) droppedAttributes = reader.varint()
    else reader.skip(tag, end, RESOURCE_FIELDS)
  }
  reader.checkEnd(end)
  writer.clear()
  writeAttributes(reader, start, end, 0x0a, writer)
  return { meaning: resourceMeaning(texts), json: writer.toString(), droppedAttributes: droppedAttributes >>> 0 }
}

/** The scope's JSON (SpanBatch.scope) of the InstrumentationScope between `start` and `end`; '' when nothing is said. */
export function readScope(reader: ProtobufReader, start: number, end: number, schemaUrl: string): string {
  let name = ''
  let version = ''
  let dropped = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a || tag === 0x12) {
      const textEnd = reader.length(end)
      const text = stringOf(reader.view, reader.at, textEnd)
      if (tag === 0x0a) name = text
      else version = text
      reader.at = textEnd
    } else if (tag === 0x1a) reader.at = reader.length(end)
    else if (tag === 0x20) dropped = reader.varint()
    else reader.skip(tag, end, SCOPE_FIELDS)
  }
  reader.checkEnd(end)
  writer.clear()
  const attributes = writeAttributes(reader, start, end, 0x1a, writer) ? writer.toString() : ''
  const members = [
    name === '' ? '' : `"name":${JSON.stringify(name)}`,
    version === '' ? '' : `"version":${JSON.stringify(version)}`,
    attributes === '' ? '' : `"attributes":${attributes}`,
    dropped === 0 ? '' : `"droppedAttributes":${dropped >>> 0}`,
    schemaUrl === '' ? '' : `"schemaUrl":${JSON.stringify(schemaUrl)}`,
  ].filter((member) => member !== '')
  return members.length === 0 ? '' : `{${members.join(',')}}`
}

/** A resource in the columns of the batch that is being filled. */
export interface ResourceColumns {
  readonly resource: OtlpResource
  batch: number
  json: number
  service: number
  origin: number
  accountId: number
  arn: number
}

interface ScopeColumn {
  readonly json: string
  batch: number
  index: number
}

export class OtlpSources {
  readonly #resources = new BytesMemo<ResourceColumns>({ entries: 2048, keyBytes: 4 * 1024 * 1024 })
  readonly #scopes = new BytesMemo<ScopeColumn>({ entries: 1024, keyBytes: 512 * 1024 })
  readonly #key = new TextWriter()
  #batch = 0

  begin(): void {
    this.#batch += 1
    this.#resources.begin()
    this.#scopes.begin()
  }

  resource(batch: SpanBatch, reader: ProtobufReader, start: number, end: number): ResourceColumns {
    let found = this.#resources.find(reader.view, start, end)
    if (found === undefined) {
      const resource = readResource(reader, start, end)
      found = { resource, batch: 0, json: 0, service: 0, origin: 0, accountId: 0, arn: 0 }
      this.#resources.add(reader.view, start, end, found)
    }
    if (found.batch !== this.#batch) {
      const { json, meaning } = found.resource
      found.batch = this.#batch
      found.json = batch.resource.indexOf(json)
      found.service = batch.service.indexOf(meaning.service)
      found.origin = batch.origin.indexOf(meaning.origin)
      found.accountId = batch.accountId.indexOf(meaning.accountId)
      found.arn = batch.resourceArn.indexOf(meaning.arn)
    }
    return found
  }

  /** The scope's index in SpanBatch.scope. */
  scope(
    batch: SpanBatch,
    reader: ProtobufReader,
    start: number,
    end: number,
    urlStart: number,
    urlEnd: number,
  ): number {
    if (start === end && urlStart === urlEnd) return 0
    const key = this.#key
    key.clear()
    key.ascii(`${end - start},`)
    key.copy(reader.view, start, end)
    key.copy(reader.view, urlStart, urlEnd)
    let found = this.#scopes.find(key.view, 0, key.length)
    if (found === undefined) {
      const json = readScope(reader, start, end, stringOf(reader.view, urlStart, urlEnd))
      found = { json, batch: 0, index: 0 }
      this.#scopes.add(key.view, 0, key.length, found)
    }
    if (found.batch !== this.#batch) {
      found.batch = this.#batch
      found.index = batch.scope.indexOf(found.json)
    }
    return found.index
  }
}
