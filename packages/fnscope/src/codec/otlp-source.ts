// What stands around log records and data points: a request holds resources, a resource scopes, a scope the records.
// The same for logs and metrics, which name their fields differently and number them alike.
import type { Attributes } from '../span/attribute-value.ts'
import type { SpanScope } from '../span/span.ts'
import type { TimeBounds } from '../span/time.ts'
import { putAttribute, type OwnAttributes } from './otlp-objects.ts'
import { fieldsOf, ProtobufError, type ProtobufReader } from './protobuf-reader.ts'
import { resourceMeaning } from './semantic-resource.ts'

export interface OtlpSignalOptions {
  readonly receivedNanos: bigint
  /** Records and points of another time are refused one by one. */
  readonly bounds: TimeBounds
  /** Of one request. Smaller in tests. */
  readonly maxRows?: number
}

/** An empty record is two bytes: without a bound one request could ask for gigabytes of objects. */
export const MAX_ROWS = 250_000

/** Read once; all records of a source share the objects. */
export interface OtlpSource {
  readonly resource: Attributes
  readonly service: string
  readonly droppedResourceAttributes: number
  /** Of the resource; '' when none was sent. */
  readonly schemaUrl: string
  readonly scope: SpanScope | undefined
}

const REQUEST_FIELDS = fieldsOf(1)
const GROUP_FIELDS = fieldsOf(1, 2, 3)
const RESOURCE_FIELDS = fieldsOf(1, 2)
const SCOPE_FIELDS = fieldsOf(1, 2, 3, 4)

/** It stands in the details of each record, which may all differ. */
const MAX_SCHEMA_URL_BYTES = 512

/** Calls `take` with `reader.at` at the start of each record, and where it ends. @throws ProtobufError */
export function walkSources(
  reader: ProtobufReader,
  end: number,
  take: (recordEnd: number, source: OtlpSource) => void,
): void {
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a) {
      const groupEnd = reader.length(end)
      walkResource(reader, groupEnd, take)
      reader.at = groupEnd
    } else reader.skip(tag, end, REQUEST_FIELDS)
  }
}

type Resource = Omit<OtlpSource, 'scope' | 'schemaUrl'>

function walkResource(
  reader: ProtobufReader,
  end: number,
  take: (recordEnd: number, source: OtlpSource) => void,
): void {
  const start = reader.at
  const head = readHead(reader, end)
  const resource = readResource(reader, head.start, head.end)
  const { schemaUrl } = head
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x12) {
      const scopeEnd = reader.length(end)
      walkScope(reader, scopeEnd, { ...resource, schemaUrl }, take)
      reader.at = scopeEnd
    } else reader.skip(tag, end)
  }
}

function walkScope(
  reader: ProtobufReader,
  end: number,
  resource: Omit<OtlpSource, 'scope'>,
  take: (recordEnd: number, source: OtlpSource) => void,
): void {
  const start = reader.at
  const head = readHead(reader, end)
  const source = { ...resource, scope: readScope(reader, head) }
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x12) {
      const recordEnd = reader.length(end)
      take(recordEnd, source)
      reader.at = recordEnd
    } else reader.skip(tag, end)
  }
}

interface Head {
  /** Of the Resource or the InstrumentationScope. */
  readonly start: number
  readonly end: number
  readonly schemaUrl: string
}

/** What is said of all records of the message, which may stand behind them. */
function readHead(reader: ProtobufReader, end: number): Head {
  let headStart = 0
  let headEnd = 0
  let schemaUrl = ''
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a) {
      headEnd = reader.length(end)
      headStart = reader.at
      reader.at = headEnd
    } else if (tag === 0x1a) {
      const urlEnd = reader.length(end)
      if (urlEnd - reader.at > MAX_SCHEMA_URL_BYTES)
        throw new ProtobufError(`a schema URL of more than ${MAX_SCHEMA_URL_BYTES} bytes`, reader.at)
      schemaUrl = reader.text(reader.at, urlEnd)
      reader.at = urlEnd
    } else if (tag === 0x12) reader.at = reader.length(end)
    else reader.skip(tag, end, GROUP_FIELDS)
  }
  reader.checkEnd(end)
  return { start: headStart, end: headEnd, schemaUrl }
}

function readResource(reader: ProtobufReader, start: number, end: number): Resource {
  const attributes: OwnAttributes = {}
  let dropped = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a) {
      const entryEnd = reader.length(end)
      putAttribute(reader, reader.at, entryEnd, attributes)
    } else if (tag === 0x10) dropped = reader.varint() >>> 0
    else reader.skip(tag, end, RESOURCE_FIELDS)
  }
  reader.checkEnd(end)
  const { service } = resourceMeaning(new Map(Object.entries(attributes)))
  return { resource: attributes, service, droppedResourceAttributes: dropped }
}

function readScope(reader: ProtobufReader, { start, end, schemaUrl }: Head): SpanScope | undefined {
  if (start === end && schemaUrl === '') return undefined
  const attributes: OwnAttributes = {}
  let name = ''
  let version = ''
  let dropped = 0
  reader.at = start
  while (reader.at < end) {
    const tag = reader.tag()
    if (tag === 0x0a || tag === 0x12) {
      const textEnd = reader.length(end)
      const text = reader.text(reader.at, textEnd)
      if (tag === 0x0a) name = text
      else version = text
      reader.at = textEnd
    } else if (tag === 0x1a) {
      const entryEnd = reader.length(end)
      putAttribute(reader, reader.at, entryEnd, attributes)
    } else if (tag === 0x20) dropped = reader.varint() >>> 0
    else reader.skip(tag, end, SCOPE_FIELDS)
  }
  reader.checkEnd(end)
  return {
    name,
    version,
    attributes,
    ...(dropped === 0 ? {} : { droppedAttributes: dropped }),
    ...(schemaUrl === '' ? {} : { schemaUrl }),
  }
}
