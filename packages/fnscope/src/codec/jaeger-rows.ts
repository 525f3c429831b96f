// Jaeger's spans as rows: what its tags, logs and references mean, whichever of its wire formats they came in
// (jaeger-thrift.ts, jaeger-proto.ts read those). The table of it all is docs/protocols/jaeger.md.
import type { Attributes, AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { JaegerLog } from './jaeger-log.ts'
import { JaegerReferences } from './jaeger-references.ts'
import { Nanos } from './nanos.ts'
import type { AttributeKey } from './otlp-attributes.ts'
import { stringOf, TextWriter } from './otlp-text.ts'
import { LETTER, newValue, type WireValue } from './otlp-value.ts'
import { isTracingKey, TRACING_MEANINGS } from './semantic-tracing.ts'
import { newRowSource, type RowSource } from './row-source.ts'
import { ROW_ID, SpanRowWriter, type RowContext } from './span-row-writer.ts'
import type { Taken } from './taken.ts'

/** A tag or a log's field where it stands. */
export interface WireTag extends WireValue {
  keyStart: number
  keyEnd: number
}

export function newTag(): WireTag {
  return { ...newValue(), keyStart: 0, keyEnd: 0 }
}

/** Nanoseconds in signed halves of 32 bits. */
export interface Halves {
  readonly low: number
  readonly high: number
}

/** Who sent a batch of spans. */
export interface JaegerProcess {
  readonly number: number
  readonly resource: Attributes
  /** With no scope. */
  readonly source: RowSource
}

/** Tags that say what the model has a place of its own for. */
const ROLE = { kind: 1, error: 2, status: 3, description: 4, state: 5, scopeName: 6, scopeVersion: 7 } as const

const ROLES: ReadonlyMap<string, number> = new Map([
  ['span.kind', ROLE.kind],
  ['error', ROLE.error],
  ['otel.status_code', ROLE.status],
  ['otel.status_description', ROLE.description],
  ['w3c.tracestate', ROLE.state],
  ['otel.scope.name', ROLE.scopeName],
  ['otel.library.name', ROLE.scopeName],
  ['otel.scope.version', ROLE.scopeVersion],
  ['otel.library.version', ROLE.scopeVersion],
])

const KINDS: readonly string[] = ['', 'internal', 'server', 'client', 'producer', 'consumer']
const ERROR = 2
/** Distinct flags are a handful; the next one begins anew. */
const MAX_KNOWN_FLAGS = 64

export class JaegerRows {
  readonly #writer = new SpanRowWriter({
    source: 'jaeger',
    roles: ROLES,
    meanings: TRACING_MEANINGS,
    isCustomKey: (key) => !isTracingKey(key),
  })
  readonly #sources = new BytesMemo<RowSource>({ entries: 1024, keyBytes: 256 * 1024 })
  readonly #sourceKey = new TextWriter()
  readonly #events = new TextWriter()
  readonly #links = new TextWriter()
  readonly #warnings = new TextWriter()
  readonly #log = new JaegerLog()
  readonly #nanos = new Nanos()
  readonly references = new JaegerReferences()
  readonly #knownFlags = new Map<number, string>()
  #processes = 0
  #view: DataView = new DataView(new ArrayBuffer(0))
  #flags = 0
  #stateStart = 0
  #stateEnd = 0
  #scopeStart = 0
  #scopeEnd = 0
  #versionStart = 0
  #versionEnd = 0
  #isOtel = false

  begin(batch: SpanBatch, context: RowContext): void {
    this.#writer.begin(batch, context)
    this.#sources.begin()
  }

  /** @param view where tags and names of the spans to come stand */
  beginSpan(view: DataView): void {
    this.#view = view
    this.#writer.beginRow(view)
    this.references.clear()
    this.#events.clear()
    this.#warnings.clear()
    this.#flags = this.#stateStart = this.#stateEnd = 0
    this.#scopeStart = this.#scopeEnd = this.#versionStart = this.#versionEnd = 0
    this.#isOtel = false
  }

  traceHigh(low: number, high: number): void {
    this.#writer.ids.setInt32(ROW_ID.trace, high)
    this.#writer.ids.setInt32(ROW_ID.trace + 4, low)
  }

  traceLow(low: number, high: number): void {
    this.#writer.ids.setInt32(ROW_ID.trace + 8, high)
    this.#writer.ids.setInt32(ROW_ID.trace + 12, low)
  }

  spanId(low: number, high: number): void {
    this.#writer.ids.setInt32(ROW_ID.span, high)
    this.#writer.ids.setInt32(ROW_ID.span + 4, low)
  }

  parentId(low: number, high: number): void {
    this.#writer.ids.setInt32(ROW_ID.parent, high)
    this.#writer.ids.setInt32(ROW_ID.parent + 4, low)
  }

  name(start: number, end: number): void {
    this.#writer.setName(start, end)
  }

  /** Jaeger's own: 1 sampled, 2 debug, 8 firehose. */
  flags(flags: number): void {
    this.#flags = flags
  }

  /** A time before 1970 is the oldest there is. */
  start({ low, high }: Halves): void {
    if (high < 0) this.#writer.setStart(0, 0)
    else this.#writer.setStart(low, high)
  }

  duration({ low, high }: Halves): void {
    this.#writer.setDuration(low, high)
  }

  startMicros(low: number, high: number): void {
    this.#nanos.setMicros(low, high)
    this.start(this.#nanos)
  }

  durationMicros(low: number, high: number): void {
    this.#nanos.setMicros(low, high)
    this.duration(this.#nanos)
  }

  tag(tag: WireTag): void {
    const key = this.#writer.key(tag.keyStart, tag.keyEnd)
    if (key.role === 0 || !this.#takeRole(key.role, tag)) this.#attribute(key, tag)
  }

  #attribute(key: AttributeKey, tag: WireTag): void {
    const writer = this.#writer
    switch (tag.letter) {
      case LETTER.string:
        writer.string(key, tag.start, tag.end)
        break
      case LETTER.bytes:
        writer.bytes(key, tag.start, tag.end)
        break
      case LETTER.integer:
        writer.integer(key, tag.low, tag.high)
        break
      case LETTER.double:
        writer.double(key, tag.real)
        break
      default:
        writer.boolean(key, tag.low !== 0)
    }
  }

  /** Whether the tag is done with: it stands in a place of its own now. */
  #takeRole(role: number, tag: WireTag): boolean {
    if (role === ROLE.error) return this.#takeError(tag)
    if (tag.letter !== LETTER.string) return false
    const { start, end } = tag
    switch (role) {
      case ROLE.kind: {
        const kind = KINDS.indexOf(this.#short(tag).toLowerCase())
        if (kind > 0) this.#writer.kind = kind
        return kind > 0
      }
      case ROLE.status: {
        const status = ['OK', 'ERROR'].indexOf(this.#short(tag).toUpperCase()) + 1
        this.#isOtel = true
        this.#writer.statusCode = Math.max(status, this.#writer.statusCode)
        return status > 0
      }
      case ROLE.description:
        this.#writer.message.set(start, end)
        return true
      case ROLE.state:
        this.#stateStart = start
        this.#stateEnd = end
        return true
      case ROLE.scopeName:
        this.#isOtel = true
        this.#scopeStart = start
        this.#scopeEnd = end
        return true
      default:
        this.#versionStart = start
        this.#versionEnd = end
        return true
    }
  }

  /** Anything but false is an error; one that says what went wrong stays a tag. */
  #takeError(tag: WireTag): boolean {
    if (tag.letter === LETTER.boolean) {
      if (tag.low !== 0) this.#writer.statusCode = ERROR
      return tag.low !== 0
    }
    if (tag.letter !== LETTER.string || tag.start === tag.end) return false
    const text = this.#short(tag)
    if (text !== 'false') this.#writer.statusCode = ERROR
    return text === 'true'
  }

  /** '' of a text that is too long to be a word that anybody looks for. */
  #short({ start, end }: WireTag): string {
    return end - start > 16 ? '' : stringOf(this.#view, start, end)
  }

  /** A log's fields are given to it, and then it is ended. */
  beginLog(): JaegerLog {
    this.#log.clear()
    return this.#log
  }

  /** @param time since 1970 */
  endLog({ low, high }: Halves): void {
    const events = this.#events
    events.ascii(events.length === 0 ? '[' : ',')
    this.#log.write(this.#view, { low, high, messageIsName: this.#isOtel }, events)
  }

  endLogMicros(low: number, high: number): void {
    this.#nanos.setMicros(low, high)
    this.endLog(this.#nanos)
  }

  /** What a collector on the way had to say of the span. */
  warning(start: number, end: number): void {
    this.#warnings.ascii(this.#warnings.length === 0 ? '[' : ',')
    this.#warnings.quoted(this.#view, start, end)
  }

  endSpan(process: JaegerProcess): void {
    const writer = this.#writer
    const { ids } = writer
    const links = this.#links
    links.clear()
    if (this.references.count > 0) this.references.write(ids, links)
    if (this.#events.length > 0) this.#events.ascii(']')
    if (this.#warnings.length > 0) {
      this.#warnings.ascii(']')
      writer.jsonOf(writer.keyNamed('jaeger.warnings'), this.#warnings)
    }
    writer.details = this.#details()
    writer.endRow(this.#sourceOf(process), this.#events, links)
  }

  end(): Taken {
    return this.#writer.end()
  }

  close(): void {
    this.#writer.close()
  }

  #details(): string {
    const flags = this.#flags >>> 0
    const { dropped } = this.references
    if (this.#stateEnd > this.#stateStart || dropped > 0) {
      const state = stringOf(this.#view, this.#stateStart, this.#stateEnd)
      const members = [
        flags === 0 ? '' : `"flags":${flags}`,
        state === '' ? '' : `"state":${JSON.stringify(state)}`,
        dropped === 0 ? '' : `"droppedLinks":${dropped}`,
      ]
      return `{${members.filter((member) => member !== '').join(',')}}`
    }
    if (flags === 0) return ''
    let details = this.#knownFlags.get(flags)
    if (details === undefined) {
      if (this.#knownFlags.size >= MAX_KNOWN_FLAGS) this.#knownFlags.clear()
      details = `{"flags":${flags}}`
      this.#knownFlags.set(flags, details)
    }
    return details
  }

  /** What was read of a process. @param tags in their order; those of Jaeger's own names are renamed */
  process(serviceName: string, tags: ReadonlyMap<string, AttributeValue>): JaegerProcess {
    const named = new Map<string, AttributeValue>()
    if (serviceName !== '') named.set('service.name', serviceName)
    for (const [key, value] of tags) {
      if (key === 'service.name' && serviceName !== '') continue
      named.set(key === 'hostname' ? 'host.name' : key, value)
    }
    const resource = Object.fromEntries(named)
    this.#processes += 1
    return { number: this.#processes, resource, source: newRowSource(resource) }
  }

  #sourceOf(process: JaegerProcess): RowSource {
    if (this.#scopeEnd === this.#scopeStart && this.#versionEnd === this.#versionStart) return process.source
    const key = this.#sourceKey
    key.clear()
    key.ascii(`${process.number},${this.#scopeEnd - this.#scopeStart},`)
    key.copy(this.#view, this.#scopeStart, this.#scopeEnd)
    key.copy(this.#view, this.#versionStart, this.#versionEnd)
    let source = this.#sources.find(key.view, 0, key.length)
    if (source === undefined) {
      const name = stringOf(this.#view, this.#scopeStart, this.#scopeEnd)
      const version = stringOf(this.#view, this.#versionStart, this.#versionEnd)
      source = newRowSource(process.resource, { name, version, attributes: {} })
      this.#sources.add(key.view, 0, key.length, source)
    }
    return source
  }
}
