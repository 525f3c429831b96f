// ExportTraceServiceRequest in protobuf, wire bytes to columns: the hot path. No object a span and no string a field;
// what repeats (keys, resources, scopes, peers) is known by its bytes from one request to the next.
// What becomes of each field: docs/protocols/otlp-mapping.md.
import type { TextColumn } from '../span/text-column.ts'
import { SPAN_FLAG, SpanBatch } from '../span/span-batch.ts'
import type { TimeBounds } from '../span/time.ts'
import { AttributeColumns } from './otlp-attributes.ts'
import { writeEvents, writeLinks } from './otlp-events.ts'
import { OtlpSources, type ResourceColumns } from './otlp-resource.ts'
import { SpanFields, TimeLimits, type AttributeSink, type Places } from './otlp-span.ts'
import { MalformedError, Refusals, type Taken } from './taken.ts'
import { indexOfText, pushText, stringOf, TextWriter } from './otlp-text.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import { SemanticSpan } from './semantic-span.ts'

export interface OtlpTracesOptions {
  readonly receivedNanos: bigint
  /** Spans that start outside are refused one by one. */
  readonly bounds: TimeBounds
  /** Default true: SDKs export what was sampled. */
  readonly sampled?: boolean
}

const REQUEST_FIELDS = fieldsOf(1)
const RESOURCE_SPANS_FIELDS = fieldsOf(1, 2, 3)
const SCOPE_SPANS_FIELDS = fieldsOf(1, 2, 3)

/**
 * The resource's schema URL stands in the details of each of its spans, which may all differ: a request of 20 MiB with a
 * long one would become gigabytes.
 */
const MAX_SCHEMA_URL_BYTES = 512

/**
 * Appends the request's spans to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpTraces(body: Uint8Array, into: SpanBatch, options: OtlpTracesOptions): Taken {
  try {
    return decoder.decode(body, into, options)
  } catch (error) {
    if (error instanceof ProtobufError) throw new MalformedError(`The request is no OTLP traces: ${error.message}.`)
    throw error
  }
}

const NO_BATCH = new SpanBatch()

interface Source {
  readonly columns: ResourceColumns
  /** Of the resource, for the spans' details. */
  readonly schemaUrl: string
}

class OtlpTraceDecoder implements AttributeSink {
  readonly #reader = new ProtobufReader()
  readonly #fields = new SpanFields()
  readonly #attributes = new AttributeColumns()
  readonly #semantic = new SemanticSpan()
  readonly #sources = new OtlpSources()
  readonly #writer = new TextWriter()
  #into = NO_BATCH
  #unsampled = false
  // The details of the span before, where they were flags alone and of the same resource.
  #lastFlags = -1
  #lastDetails = 0

  decode(body: Uint8Array, into: SpanBatch, options: OtlpTracesOptions): Taken {
    const reader = this.#reader
    const before = into.rows
    const refusals = new Refusals()
    const limits = new TimeLimits(options.bounds)
    this.#attributes.beginBatch()
    this.#semantic.begin(into)
    this.#unsampled = options.sampled === false
    this.#sources.begin()
    reader.open(body)
    try {
      const end = body.length
      while (reader.at < end) {
        const tag = reader.tag()
        if (tag === 0x0a) {
          const resourceEnd = reader.length(end)
          this.#resourceSpans(into, resourceEnd, limits, refusals)
          reader.at = resourceEnd
        } else reader.skip(tag, end, REQUEST_FIELDS)
      }
    } finally {
      reader.close()
      this.#into = NO_BATCH
    }
    const { rows } = into.traceId
    into.source.padTo(rows, into.source.indexOf('otlp'))
    into.details.padTo(rows)
    into.statusMessage.padTo(rows)
    into.events.padTo(rows)
    into.links.padTo(rows)
    into.metadata.padTo(rows)
    into.cause.padTo(rows)
    into.receivedNanos.pushI64Rows(options.receivedNanos, rows - before)
    return refusals.taken(rows - before)
  }

  #resourceSpans(into: SpanBatch, end: number, limits: TimeLimits, refusals: Refusals): void {
    const reader = this.#reader
    const start = reader.at
    let resourceStart = 0
    let resourceEnd = 0
    let schemaUrl = ''
    // The schema URL stands behind the spans.
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) {
        resourceEnd = reader.length(end)
        resourceStart = reader.at
        reader.at = resourceEnd
      } else if (tag === 0x12) reader.at = reader.length(end)
      else if (tag === 0x1a) {
        const urlEnd = reader.length(end)
        if (urlEnd - reader.at > MAX_SCHEMA_URL_BYTES)
          throw new ProtobufError(`a schema URL of more than ${MAX_SCHEMA_URL_BYTES} bytes`, reader.at)
        schemaUrl = stringOf(reader.view, reader.at, urlEnd)
        reader.at = urlEnd
      } else reader.skip(tag, end, RESOURCE_SPANS_FIELDS)
    }
    reader.checkEnd(end)
    const columns = this.#sources.resource(into, reader, resourceStart, resourceEnd)
    this.#lastFlags = -1
    reader.at = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x12) {
        const scopeEnd = reader.length(end)
        this.#scopeSpans(into, scopeEnd, { columns, schemaUrl }, limits, refusals)
        reader.at = scopeEnd
      } else reader.skip(tag, end)
    }
  }

  #scopeSpans(into: SpanBatch, end: number, source: Source, limits: TimeLimits, refusals: Refusals): void {
    const reader = this.#reader
    const start = reader.at
    let scopeStart = 0
    let scopeEnd = 0
    let urlStart = 0
    let urlEnd = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a) {
        scopeEnd = reader.length(end)
        scopeStart = reader.at
        reader.at = scopeEnd
      } else if (tag === 0x1a) {
        urlEnd = reader.length(end)
        urlStart = reader.at
        reader.at = urlEnd
      } else if (tag === 0x12) reader.at = reader.length(end)
      else reader.skip(tag, end, SCOPE_SPANS_FIELDS)
    }
    reader.checkEnd(end)
    const scope = this.#sources.scope(into, reader, scopeStart, scopeEnd, urlStart, urlEnd)
    reader.at = start
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x12) {
        const spanEnd = reader.length(end)
        this.#span(into, spanEnd, source, limits, refusals)
        reader.at = spanEnd
      } else reader.skip(tag, end)
    }
    const { rows } = into.traceId
    into.resource.padTo(rows, source.columns.json)
    into.scope.padTo(rows, scope)
    this.#semantic.padTo(into, rows, source.columns)
  }

  #span(into: SpanBatch, end: number, source: Source, limits: TimeLimits, refusals: Refusals): void {
    const reader = this.#reader
    const fields = this.#fields
    const { view, at: start } = reader
    this.#into = into
    this.#attributes.beginRow(into)
    fields.read(reader, end, this)
    if (this.#attributes.wantsMore) {
      this.#attributes.beginAgain(into)
      reader.at = start
      fields.read(reader, end, this)
    }
    const refusal = fields.refusal(view, limits)
    if (refusal !== undefined) {
      refusals.add(refusal)
      this.#attributes.undoRow(into)
      this.#semantic.slots.clear()
      return
    }
    const row = into.traceId.rows
    const isRoot = fields.isRoot(view)
    into.traceId.pushWire(view, fields.traceId)
    into.spanId.pushWire(view, fields.spanId)
    if (isRoot) into.parentId.pushZero()
    else into.parentId.pushWire(view, fields.parentId)
    into.startNanos.pushHalves(fields.startLow, fields.startHigh)
    into.durationNanos.pushHalves(fields.durationLow(), fields.durationHigh())
    into.kind.pushU8(fields.kind)
    into.statusCode.pushU8(fields.statusCode)
    into.name.pushIndex(indexOfText(into.name, view, fields.name, fields.nameEnd))
    this.#attributes.endRow(into)
    if (this.#unsampled) this.#semantic.slots.flags |= SPAN_FLAG.unsampled
    this.#semantic.put(into, row, view, fields.kind, isRoot, fields.statusCode, source.columns)
    const details = this.#details(into, source)
    if (details !== 0) {
      into.details.padTo(row)
      into.details.pushIndex(details)
    }
    if (fields.messageEnd > fields.message) {
      into.statusMessage.padTo(row)
      pushText(into.statusMessage, view, fields.message, fields.messageEnd)
    }
    if (fields.events.count > 0) this.#putList(into.events, row, fields.events, writeEvents)
    if (fields.links.count > 0) this.#putList(into.links, row, fields.links, writeLinks)
  }

  takeAttribute(reader: ProtobufReader, start: number, end: number): void {
    this.#attributes.take(this.#into, reader, start, end, this.#semantic.slots)
  }

  #putList(column: TextColumn, row: number, { at, count }: Places, write: typeof writeEvents): void {
    const writer = this.#writer
    writer.clear()
    write(this.#reader, at, count, writer)
    column.padTo(row)
    column.pushBytes(writer.bytes, 0, writer.length)
  }

  /** The index of the span's details (SpanBatch.details). */
  #details(into: SpanBatch, { columns, schemaUrl }: Source): number {
    const fields = this.#fields
    const { flags, droppedAttributes, droppedEvents, droppedLinks } = fields
    const resourceDropped = columns.resource.droppedAttributes
    const hasState = fields.stateEnd > fields.state
    const plain = !hasState && (droppedAttributes | droppedEvents | droppedLinks) === 0
    if (plain && flags === this.#lastFlags) return this.#lastDetails
    if (plain && flags === 0 && resourceDropped === 0 && schemaUrl === '') return 0
    const writer = this.#writer
    writer.clear()
    if (flags !== 0) writer.ascii(`,"flags":${flags >>> 0}`)
    if (hasState) {
      writer.ascii(',"state":')
      writer.quoted(this.#reader.view, fields.state, fields.stateEnd)
    }
    if (droppedAttributes !== 0) writer.ascii(`,"droppedAttributes":${droppedAttributes >>> 0}`)
    if (droppedEvents !== 0) writer.ascii(`,"droppedEvents":${droppedEvents >>> 0}`)
    if (droppedLinks !== 0) writer.ascii(`,"droppedLinks":${droppedLinks >>> 0}`)
    if (resourceDropped !== 0) writer.ascii(`,"droppedResourceAttributes":${resourceDropped}`)
    if (schemaUrl !== '') writer.text(`,"schemaUrl":${JSON.stringify(schemaUrl)}`)
    writer.ascii('}')
    writer.bytes[0] = 123
    const index = into.details.indexOfWire(writer.view, 0, writer.length)
    if (plain) {
      this.#lastFlags = flags
      this.#lastDetails = index
    }
    return index
  }
}

const decoder = new OtlpTraceDecoder()
