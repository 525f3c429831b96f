// Points of the category `tracing`, as DataKit makes them of the spans of ddtrace, OpenTelemetry and others: start and
// duration in microseconds, ids in decimal or hex, what the span was in `operation`, `resource` and `status`.
// What becomes of each: docs/protocols/datakit.md.
import { attributeJson, attributeText } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { TextWriter } from './otlp-text.ts'
import { parsePointId } from './point-ids.ts'
import { PointSources } from './point-sources.ts'
import { COLUMN_KEYS, invocationOf, isOwnKey, kindOfPoint, NAMES_OF } from './point-span-keys.ts'
import type { Point, PointField, PointKind } from './point.ts'
import { ROW_ID, SpanRowWriter, type RowContext } from './span-row-writer.ts'
import type { Taken } from './taken.ts'

const MAX_INT64 = 2n ** 63n - 1n
const MASK = 2n ** 64n - 1n

/** An attribute whose texts stand in the scratch bytes: its key too, unless it is one of our own names. */
interface Entry {
  readonly name: string
  readonly keyStart: number
  readonly keyEnd: number
  readonly kind: PointKind
  readonly start: number
  readonly end: number
  readonly value: PointField['value']
}

export class PointSpans {
  readonly #writer = new SpanRowWriter({ source: 'dataway', isCustomKey: (key) => !isOwnKey(key) })
  readonly #sources = new PointSources()
  readonly #scratch = new TextWriter()
  readonly #events = new TextWriter()

  begin(batch: SpanBatch, context: RowContext): void {
    this.#writer.begin(batch, context)
  }

  /** @returns what the batch got since `begin` */
  end(): Taken {
    return this.#writer.end()
  }

  close(): void {
    this.#writer.close()
  }

  /** Adds the span, or counts why not. @param timeNanos of the point: the start, where no field says it @returns whether it is kept */
  add(point: Point, timeNanos: bigint): boolean {
    const writer = this.#writer
    const values = new Map<string, PointField['value']>()
    for (const { key, value } of point.fields) values.set(key, value)
    for (const { key, value } of point.tags) values.set(key, value)
    const text = (key: string): string => {
      const value = values.get(key)
      return typeof value === 'string' ? value : ''
    }
    const prefersHex = (text('source') || point.name) !== 'ddtrace'
    const traceId = parsePointId(values.get('trace_id'), prefersHex)
    const spanId = parsePointId(values.get('span_id'), prefersHex)
    const entries = this.#entries(point, values)
    writer.beginRow(this.#scratch.view)
    if (traceId === undefined || traceId === 0n) return this.#refuse('bad_trace_id')
    if (spanId === undefined || spanId === 0n || spanId > MASK) return this.#refuse('bad_span_id')
    const parentId =
      text('parent_id') === '' && typeof values.get('parent_id') !== 'bigint'
        ? 0n
        : parsePointId(values.get('parent_id'), prefersHex)
    if (parentId === undefined || parentId > MASK) return this.#refuse('bad_parent_id')
    writer.ids.setBigUint64(ROW_ID.trace, traceId >> 64n)
    writer.ids.setBigUint64(ROW_ID.trace + 8, traceId & MASK)
    writer.ids.setBigUint64(ROW_ID.span, spanId)
    writer.ids.setBigUint64(ROW_ID.parent, parentId)
    const start = startOf(values.get('start'), timeNanos)
    const duration = microsToNanos(values.get('duration')) ?? 0n
    writer.setStart(Number(BigInt.asIntN(32, start)), Number(start >> 32n))
    writer.setDuration(Number(BigInt.asIntN(32, duration)), Number(duration >> 32n))
    writer.setNameText(text('operation') || text('resource') || point.name)
    writer.kind = kindOfPoint(text('span_kind'), text('span_type'), text('source_type'))
    const failed = text('status') === 'error' || text('status') === 'critical'
    writer.statusCode = failed ? 2 : 0
    if (failed) writer.message.setText(text('error_message') || text('error.message'))
    for (const entry of entries) this.#put(entry)
    const events = failed ? this.#exception(text, start + duration) : undefined
    return writer.endRow(this.#sources.find(point, text), events)
  }

  #refuse(reason: 'bad_trace_id' | 'bad_span_id' | 'bad_parent_id'): boolean {
    this.#writer.undoRow(reason)
    return false
  }

  /** Lays down the texts of all attributes, before a row begins that looks at them. */
  #entries({ tags, fields }: Point, values: ReadonlyMap<string, PointField['value']>): Entry[] {
    const scratch = this.#scratch
    scratch.clear()
    const entries: Entry[] = []
    const add = (key: string, kind: PointKind, value: PointField['value'], name = ''): void => {
      const keyStart = scratch.length
      if (name === '') scratch.text(key)
      const keyEnd = scratch.length
      const start = keyEnd
      if (kind === 's' || kind === 'd') scratch.text(attributeText(value))
      else if (kind === 'a') scratch.text(attributeJson(value))
      entries.push({ name, keyStart, keyEnd, kind, start, end: scratch.length, value })
    }
    const addWithNames = (key: string, kind: PointKind, value: PointField['value']): void => {
      if (COLUMN_KEYS.has(key)) return
      add(key, kind, value)
      const name = NAMES_OF.get(key)
      if (name !== undefined) add('', kind, value, name)
    }
    for (const { key, value } of tags) addWithNames(key, 's', value)
    for (const { key, kind, value } of fields) addWithNames(key, kind, value)
    const type = values.get('source_type')
    const resource = values.get('resource')
    if (type === 'db' && typeof resource === 'string') add('', 's', resource, 'db.query.text')
    for (const [name, value] of invocationOf(values.get('message')))
      add('', typeof value === 'string' ? 's' : 'b', value, name)
    return entries
  }

  #put({ name, keyStart, keyEnd, kind, start, end, value }: Entry): void {
    const writer = this.#writer
    const key = name === '' ? writer.key(keyStart, keyEnd) : writer.keyNamed(name)
    if (kind === 's') writer.string(key, start, end)
    else if (kind === 'a') writer.json(key, start, end)
    else if (kind === 'b') writer.boolean(key, value === true)
    else if (kind === 'f') writer.double(key, Number(value))
    else if (kind === 'd') writer.string(key, start, end)
    else if (typeof value === 'bigint' && value <= MAX_INT64)
      writer.integer(key, Number(BigInt.asIntN(32, value)), Number(value >> 32n))
    else writer.double(key, Number(value))
  }

  /** The error as an event, as OpenTelemetry has it. */
  #exception(text: (key: string) => string, nanos: bigint): TextWriter | undefined {
    const attributes: Record<string, string> = {}
    for (const [name, key] of [
      ['exception.type', 'error_type'],
      ['exception.message', 'error_message'],
      ['exception.stacktrace', 'error_stack'],
    ] as const)
      if (text(key) !== '') attributes[name] = text(key)
    if (Object.keys(attributes).length === 0) return undefined
    this.#events.clear()
    this.#events.text(attributeJson([{ nanos, name: 'exception', attributes }]))
    return this.#events
  }
}

/** The finer of the two where they are the same microsecond. */
function startOf(field: PointField['value'] | undefined, timeNanos: bigint): bigint {
  const start = microsToNanos(field)
  if (start === undefined) return inRange(timeNanos)
  return timeNanos >= start && timeNanos < start + 1000n ? timeNanos : start
}

/** A negative one is 0; so is a time before 1970, which is out of bounds as well. */
function microsToNanos(value: PointField['value'] | undefined): bigint | undefined {
  const nanos =
    typeof value === 'bigint'
      ? value * 1000n
      : typeof value === 'number' && Number.isFinite(value)
        ? BigInt(Math.round(value)) * 1000n
        : undefined
  if (nanos === undefined) return undefined
  // What 64 bits do not hold is out of all bounds, and must not come round to within them.
  return inRange(nanos)
}

function inRange(nanos: bigint): bigint {
  return nanos > MAX_INT64 ? MAX_INT64 : nanos < 0n ? 0n : nanos
}
