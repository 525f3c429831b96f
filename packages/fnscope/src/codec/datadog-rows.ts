// A Datadog span to a row, whichever version of the agent's API it came by: the codecs say where its fields stand, here is
// what they mean (docs/protocols/datadog.md).
import type { SpanBatch } from '../span/span-batch.ts'
import type { TimeBounds } from '../span/time.ts'
import { SPAN_FLAG } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { endItems, nextItem } from './datadog-item.ts'
import { eventsOfTag, linksOfTag } from './datadog-tag-json.ts'
import { DATADOG, factsOfType, TAG, TAGS, type TypeFacts } from './datadog-keys.ts'
import { DatadogSources, SOURCE_TEXT, UNKNOWN_TRACER, type DatadogTracer } from './datadog-source.ts'
import type { AttributeKey } from './otlp-attributes.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { ROW_ID, SpanRowWriter } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import { TraceIdParts } from './trace-id-parts.ts'

export interface DatadogContext {
  readonly receivedNanos: bigint
  readonly bounds: TimeBounds
  readonly tracer?: DatadogTracer
}

/** Of a span: where the texts of its own fields stand. */
export const FIELD = { service: 0, name: 1, resource: 2, type: 3 } as const
const FIELDS = 4

const NO_VIEW: DataView = new DataView(new ArrayBuffer(0))
const NO_TYPE = factsOfType('')
const KINDS: Readonly<Record<string, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const STATUS_ERROR = 2
/** A tag of events or links that is longer stays a tag. */
const MAX_TAG_JSON = 1024 * 1024

/**
 * Begin, then for each chunk of a trace `beginChunk`, for each span `beginSpan`, its fields in any order, `endSpan`;
 * at last `end`.
 */
export class DatadogRows {
  readonly writer = new SpanRowWriter(DATADOG)
  /** Of the span's own texts, by FIELD: set by the codec. */
  readonly starts = new Int32Array(FIELDS)
  readonly ends = new Int32Array(FIELDS)
  /** The JSON of events and links, as far as the codec writes it: items behind `nextItem`. */
  readonly events = new TextWriter()
  readonly links = new TextWriter()
  /** Links to what is no span, as JSON of their attributes. */
  readonly pointers = new TextWriter()
  /** Ids and times in signed halves. */
  traceLow = 0
  traceHigh = 0
  spanLow = 0
  spanHigh = 0
  parentLow = 0
  parentHigh = 0
  startLow = 0
  startHigh = 0
  durationLow = 0
  durationHigh = 0
  isError = false
  /** OpenTelemetry's SpanKind, where the span says it by number; 0 where it does not. */
  kind = 0
  readonly #sources = new DatadogSources()
  readonly #types = new BytesMemo<TypeFacts>({ entries: 256, keyBytes: 16 * 1024 })
  readonly #traceIds = new TraceIdParts()
  // Where the values of tags that matter stand, by TAG; of those alone whose bit is set.
  #present = 0
  readonly #tagStarts = new Int32Array(TAGS)
  readonly #tagEnds = new Int32Array(TAGS)
  #view: DataView = NO_VIEW
  #priority = 1
  // Of the process: said for the whole request, or by the first span of a chunk for the others.
  readonly #processStarts = new Int32Array(TAGS)
  readonly #processEnds = new Int32Array(TAGS)
  readonly #chunkStarts = new Int32Array(TAGS)
  readonly #chunkEnds = new Int32Array(TAGS)

  /** @param view where all that is told of the request's spans stands */
  begin(batch: SpanBatch, view: DataView, context: DatadogContext): void {
    this.writer.begin(batch, context)
    this.#sources.begin(context.tracer ?? UNKNOWN_TRACER)
    this.#traceIds.begin(batch.traceId)
    this.#view = view
    this.#processStarts.fill(0)
    this.#processEnds.fill(0)
  }

  /** What the request says of its process, by TAG: env, version, runtimeId, host. */
  setProcess(tag: number, start: number, end: number): void {
    this.#processStarts[tag] = start
    this.#processEnds[tag] = end
  }

  beginChunk(): void {
    this.#traceIds.beginChunk()
    this.#chunkStarts.set(this.#processStarts)
    this.#chunkEnds.set(this.#processEnds)
    this.#priority = 1
  }

  /** Of a chunk that says it itself. @param low and @param high halves of the trace id's upper 64 bits */
  setUpperId(low: number, high: number): void {
    this.#traceIds.setUpper(low, high)
  }

  /** −1 user reject, 0 auto reject, 1 auto keep, 2 user keep. */
  setPriority(priority: number): void {
    this.#priority = priority
  }

  beginSpan(): void {
    this.writer.beginRow(this.#view)
    // A loop is done before a call of fill() has begun.
    for (let field = 0; field < FIELDS; field++) this.starts[field] = this.ends[field] = 0
    this.#present = 0
    this.events.clear()
    this.links.clear()
    this.pointers.clear()
    this.traceLow = this.traceHigh = this.spanLow = this.spanHigh = this.parentLow = this.parentHigh = 0
    this.startLow = this.startHigh = this.durationLow = this.durationHigh = 0
    this.isError = false
    this.kind = 0
  }

  setField(field: number, start: number, end: number): void {
    this.starts[field] = start
    this.ends[field] = end
  }

  /** A tag: a text under a key that `writer.key` has just read. */
  tag(key: AttributeKey, start: number, end: number): void {
    const { role } = key
    if (role !== 0) {
      if (role === TAG.events && this.#takeEvents(start, end)) return
      if (role === TAG.links && this.#takeLinks(start, end)) return
      this.#tagStarts[role] = start
      this.#tagEnds[role] = end
      if (end > start) this.#present |= 1 << role
      else this.#present &= ~(1 << role)
    }
    this.writer.string(key, start, end)
  }

  /** A number under a key that `writer.key` has just read. */
  metric(key: AttributeKey, value: number): void {
    if (key.role === TAG.priority) this.#priority = value
    this.writer.double(key, value)
  }

  /** The same for a whole number, in halves. */
  wholeMetric(key: AttributeKey, low: number, high: number): void {
    if (key.role === TAG.priority) this.#priority = high < 0 ? -1 : low
    this.writer.integer(key, low, high)
  }

  /** @returns whether the span is kept */
  endSpan(): boolean {
    const { writer, ends } = this
    const type = this.#typeFacts()
    const isInferred = this.#has(TAG.inferred)
    this.#putIds()
    writer.setStart(this.startLow, this.startHigh)
    // A clock that was set back while the span ran.
    if (this.durationHigh < 0) this.durationLow = this.durationHigh = 0
    writer.setDuration(this.durationLow, this.durationHigh)
    writer.kind = this.kind || this.#kind(type)
    this.#putNames(type)
    if (this.#has(TAG.requestId) && (type.isFunction || isInferred)) this.#putRequestId(type)
    if (type.isDatabase && !this.#has(TAG.databaseSystem)) this.#copyField('db.system.name', FIELD.type)
    if (type.isSql && ends[FIELD.resource]! > 0) this.#copyField('db.query.text', FIELD.resource)
    if (this.#priority <= 0) writer.flags |= SPAN_FLAG.unsampled
    if (this.isError) this.#putError()
    if (this.pointers.length > 0) {
      endItems(this.pointers)
      writer.jsonOf(writer.keyNamed('span_pointers'), this.pointers)
    }
    endItems(this.events)
    endItems(this.links)
    const kept = writer.endRow(this.#source(isInferred), this.events, this.links)
    if (kept) this.#traceIds.addRow()
    return kept
  }

  /** Completes the batch. */
  end(): Taken {
    this.#traceIds.end()
    return this.writer.end()
  }

  /** Lets go of the request. */
  close(): void {
    this.writer.close()
    this.#view = NO_VIEW
  }

  #has(tag: number): boolean {
    return ((this.#present >>> tag) & 1) === 1
  }

  #typeFacts(): TypeFacts {
    const start = this.starts[FIELD.type]!
    const end = this.ends[FIELD.type]!
    if (start === end) return NO_TYPE
    let facts = this.#types.find(this.#view, start, end)
    if (facts === undefined) {
      facts = factsOfType(stringOf(this.#view, start, end))
      this.#types.add(this.#view, start, end, facts)
    }
    return facts
  }

  #putIds(): void {
    const { ids } = this.writer
    if (this.#has(TAG.traceIdUpper))
      this.#traceIds.setUpperHex(this.#view, this.#tagStarts[TAG.traceIdUpper]!, this.#tagEnds[TAG.traceIdUpper]!)
    // An id of zero is none, whatever its upper half: it must not pass for one.
    if ((this.traceLow | this.traceHigh) !== 0) {
      ids.setInt32(ROW_ID.trace, this.#traceIds.upperHigh)
      ids.setInt32(ROW_ID.trace + 4, this.#traceIds.upperLow)
    }
    ids.setInt32(ROW_ID.trace + 8, this.traceHigh)
    ids.setInt32(ROW_ID.trace + 12, this.traceLow)
    ids.setInt32(ROW_ID.span, this.spanHigh)
    ids.setInt32(ROW_ID.span + 4, this.spanLow)
    ids.setInt32(ROW_ID.parent, this.parentHigh)
    ids.setInt32(ROW_ID.parent + 4, this.parentLow)
  }

  #kind(type: TypeFacts): number {
    if (!this.#has(TAG.kind)) return type.kind
    const start = this.#tagStarts[TAG.kind]!
    const end = this.#tagEnds[TAG.kind]!
    if (end - start > 8) return type.kind
    // Of five words the length and the first letter say which it is; anything else is asked by name.
    const first = this.#view.getUint8(start)
    if (end - start === 6 && first === 99) return KINDS['client']!
    if (end - start === 6 && first === 115) return KINDS['server']!
    return KINDS[stringOf(this.#view, start, end).toLowerCase()] ?? type.kind
  }

  /** The name that lists show, and all three that Datadog has, so that each can be searched by. */
  #putNames(type: TypeFacts): void {
    const { writer, starts, ends } = this
    const hasResource = ends[FIELD.resource]! > starts[FIELD.resource]!
    const hasName = ends[FIELD.name]! > starts[FIELD.name]!
    const shown = hasResource && (type.isWeb || !hasName) ? FIELD.resource : FIELD.name
    writer.setName(starts[shown]!, ends[shown]!)
    if (hasName) this.#copyField('operation.name', FIELD.name)
    if (hasResource) this.#copyField('resource.name', FIELD.resource)
    if (ends[FIELD.type]! > starts[FIELD.type]!) this.#copyField('span.type', FIELD.type)
  }

  #copyField(name: string, field: number): void {
    this.writer.string(this.writer.keyNamed(name), this.starts[field]!, this.ends[field]!)
  }

  #putRequestId({ isFunction }: TypeFacts): void {
    const { writer } = this
    const start = this.#tagStarts[TAG.requestId]!
    const end = this.#tagEnds[TAG.requestId]!
    if (!isFunction) {
      writer.requestId.set(start, end)
      return
    }
    writer.string(writer.keyNamed('faas.invocation_id'), start, end)
    if (!this.#has(TAG.coldStart)) return
    // "true" or "false".
    const isCold = this.#view.getUint8(this.#tagStarts[TAG.coldStart]!) === 116
    writer.boolean(writer.keyNamed('faas.coldstart'), isCold)
  }

  #putError(): void {
    const { writer } = this
    writer.statusCode = STATUS_ERROR
    if (this.#has(TAG.errorMessage))
      writer.message.set(this.#tagStarts[TAG.errorMessage]!, this.#tagEnds[TAG.errorMessage]!)
    if (!this.#has(TAG.errorType) && !this.#has(TAG.errorMessage) && !this.#has(TAG.errorStack)) return
    const to = this.events
    nextItem(to)
    to.ascii('{"nanos":')
    const low = (this.startLow >>> 0) + (this.durationLow >>> 0)
    to.integer(low | 0, this.startHigh + this.durationHigh + (low > 0xffff_ffff ? 1 : 0))
    to.ascii(',"name":"exception","attributes":')
    let before = '{'
    for (const [name, tag] of [
      ['exception.type', TAG.errorType],
      ['exception.message', TAG.errorMessage],
      ['exception.stacktrace', TAG.errorStack],
    ] as const) {
      if (!this.#has(tag)) continue
      to.ascii(`${before}"${name}":`)
      to.quoted(this.#view, this.#tagStarts[tag]!, this.#tagEnds[tag]!)
      before = ','
    }
    to.ascii('}}')
  }

  #takeEvents(start: number, end: number): boolean {
    if (end - start > MAX_TAG_JSON || this.#view.getUint8(start) !== 91) return false
    const events = eventsOfTag(stringOf(this.#view, start, end))
    if (events === undefined) return false
    putItems(this.events, events)
    return true
  }

  #takeLinks(start: number, end: number): boolean {
    if (end - start > MAX_TAG_JSON) return false
    const found = linksOfTag(stringOf(this.#view, start, end))
    if (found === undefined) return false
    putItems(this.links, found.links)
    putItems(this.pointers, found.pointers)
    return true
  }

  #source(isInferred: boolean): ReturnType<DatadogSources['find']> {
    const { starts, ends } = this.#sources
    starts[SOURCE_TEXT.service] = this.starts[FIELD.service]!
    ends[SOURCE_TEXT.service] = this.ends[FIELD.service]!
    // Of the span's service, which need not be that of the spans around it.
    const hasVersion = this.#has(TAG.version)
    starts[SOURCE_TEXT.version] = (hasVersion ? this.#tagStarts : this.#processStarts)[TAG.version]!
    ends[SOURCE_TEXT.version] = (hasVersion ? this.#tagEnds : this.#processEnds)[TAG.version]!
    this.#ofProcess(SOURCE_TEXT.env, TAG.env)
    this.#ofProcess(SOURCE_TEXT.runtimeId, TAG.runtimeId)
    this.#ofProcess(SOURCE_TEXT.language, TAG.language)
    this.#ofProcess(SOURCE_TEXT.host, TAG.host)
    // A span above the function's stands for what called it.
    if (isInferred) this.#forget(SOURCE_TEXT.functionArn, SOURCE_TEXT.functionName, SOURCE_TEXT.functionVersion)
    else this.#ofFunction()
    return this.#sources.find(this.#view)
  }

  // A call of another function names that one: only a span that has the ARN is the function's own.
  #ofFunction(): void {
    const isFunction = this.#has(TAG.functionArn)
    for (const [text, tag] of [
      [SOURCE_TEXT.functionArn, TAG.functionArn],
      [SOURCE_TEXT.functionName, TAG.functionName],
      [SOURCE_TEXT.functionVersion, TAG.functionVersion],
    ] as const) {
      if (isFunction) this.#ofProcess(text, tag)
      else this.#fromChunk(text, tag)
    }
  }

  #ofProcess(text: number, tag: number): void {
    if (this.#has(tag)) {
      this.#chunkStarts[tag] = this.#tagStarts[tag]!
      this.#chunkEnds[tag] = this.#tagEnds[tag]!
    }
    this.#fromChunk(text, tag)
  }

  #fromChunk(text: number, tag: number): void {
    this.#sources.starts[text] = this.#chunkStarts[tag]!
    this.#sources.ends[text] = this.#chunkEnds[tag]!
  }

  #forget(...texts: readonly number[]): void {
    for (const text of texts) this.#sources.starts[text] = this.#sources.ends[text] = 0
  }
}

function putItems(to: TextWriter, items: readonly string[]): void {
  for (const item of items) {
    nextItem(to)
    to.text(item)
  }
}

/** The request is refused. @param path where it was sent */
export function noTraces(path: string, reason: string): MalformedError {
  return new MalformedError(`The request is no ${path}: ${reason}.`)
}
