// Jaeger's spans as rows: what its tags, logs and references mean, whichever of its wire formats they came in
// (jaeger-thrift.ts, jaeger-proto.ts read those). The table of it all is docs/protocols/jaeger.md.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { JaegerLog } from './jaeger-log.ts'
import { JaegerReferences } from './jaeger-references.ts'
import { Nanos } from './nanos.ts'
import type { AttributeKey } from './otlp-attributes.ts'
import { TextWriter } from './otlp-text.ts'
import { LETTER, newValue, type WireValue } from './otlp-value.ts'
import { ROW_ID, SpanRowWriter, type RowContext } from './span-row-writer.ts'
import type { Taken } from './taken.ts'
import { newProcess, TRACING_RULES, TracingTags, type TracingProcess } from './tracing-tags.ts'

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

const OPEN_BRACKET = 91
const COMMA = 44
/** Distinct flags are a handful; the next one begins anew. */
const MAX_KNOWN_FLAGS = 64

export class JaegerRows {
  readonly #writer = new SpanRowWriter({ source: 'jaeger', ...TRACING_RULES })
  readonly #tags = new TracingTags(this.#writer)
  readonly #events = new TextWriter()
  readonly #links = new TextWriter()
  readonly #warnings = new TextWriter()
  readonly #log = new JaegerLog()
  readonly #nanos = new Nanos()
  readonly references = new JaegerReferences()
  readonly #knownFlags = new Map<number, string>()
  #view: DataView = new DataView(new ArrayBuffer(0))
  #flags = 0

  begin(batch: SpanBatch, context: RowContext): void {
    this.#writer.begin(batch, context)
    this.#tags.begin()
  }

  /** @param view where tags and names of the spans to come stand */
  beginSpan(view: DataView): void {
    this.#view = view
    this.#writer.beginRow(view)
    this.#tags.beginRow(view)
    this.references.clear()
    this.#events.clear()
    this.#warnings.clear()
    this.#flags = 0
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

  #takeRole(role: number, { letter, start, end, low }: WireTag): boolean {
    if (letter === LETTER.string) return this.#tags.take(role, start, end)
    return letter === LETTER.boolean && this.#tags.takeFlag(role, low !== 0)
  }

  /** A log's fields are given to it, and then it is ended. */
  beginLog(): JaegerLog {
    this.#log.clear()
    return this.#log
  }

  /** @param time since 1970 */
  endLog(time: Nanos): void {
    const events = this.#events
    events.byte(events.length === 0 ? OPEN_BRACKET : COMMA)
    this.#log.write(this.#view, time.digits(), this.#tags.isOtel, events)
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

  endSpan(process: TracingProcess): void {
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
    writer.endRow(this.#tags.source(process), this.#events, links)
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
    const { state } = this.#tags
    if (state !== '' || dropped > 0) {
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
  process(serviceName: string, tags: ReadonlyMap<string, AttributeValue>): TracingProcess {
    const named = new Map<string, AttributeValue>()
    if (serviceName !== '') named.set('service.name', serviceName)
    for (const [key, value] of tags) {
      if (key === 'service.name' && serviceName !== '') continue
      named.set(key === 'hostname' ? 'host.name' : key, value)
    }
    return newProcess(Object.fromEntries(named))
  }
}
