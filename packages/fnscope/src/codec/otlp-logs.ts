// ExportLogsServiceRequest in protobuf: wire bytes to log records, in one walk. What becomes of each field:
// docs/protocols/otlp-logs-metrics.md.
import { exactText, type AttributeValue } from '../span/attribute-value.ts'
import type { LogDetails, LogRecord } from '../span/log-record.ts'
import { attributeBetween, idBetween, putAttribute, type OwnAttributes } from './otlp-objects.ts'
import { MAX_ROWS, walkSources, type OtlpSignalOptions, type OtlpSource } from './otlp-source.ts'
import { MalformedError, Refusals, type Taken } from './taken.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import { logPlaceOf, requestIdIn, type LogPlace } from './semantic-log.ts'

const RECORD_FIELDS = fieldsOf(1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)
const LAST_SEVERITY = 24

/**
 * Appends the request's log records to `into`.
 * @throws MalformedError then `into` is in no state to be used
 */
export function decodeOtlpLogs(body: Uint8Array, into: LogRecord[], options: OtlpSignalOptions): Taken {
  const reader = new ProtobufReader()
  const refusals = new Refusals()
  const records = new LogReader(reader, options)
  const { maxRows = MAX_ROWS } = options
  const before = into.length
  reader.open(body)
  try {
    walkSources(reader, body.length, (end, source) => {
      const record = records.read(end, source)
      if (typeof record === 'string') refusals.add(record)
      else if (into.length - before >= maxRows) refusals.add('too_many')
      else into.push(record)
    })
  } catch (error) {
    if (error instanceof ProtobufError) throw new MalformedError(`The request is no OTLP logs: ${error.message}.`)
    throw error
  }
  return refusals.taken(into.length - before)
}

class LogReader {
  readonly #reader: ProtobufReader
  readonly #options: OtlpSignalOptions
  #source: OtlpSource | undefined
  #place: LogPlace = { logGroup: '', logStream: '' }
  #details: LogDetails | undefined
  #traceFlags = 0
  #dropped = 0

  constructor(reader: ProtobufReader, options: OtlpSignalOptions) {
    this.#reader = reader
    this.#options = options
  }

  /** The LogRecord that begins at `reader.at`, or why it is not kept. */
  read(end: number, source: OtlpSource): LogRecord | 'too_old' | 'too_new' {
    const reader = this.#reader
    const { view } = reader
    const attributes: OwnAttributes = {}
    let time = 0n
    let observed = 0n
    let severityNumber = 0
    let severity = ''
    let body: AttributeValue = ''
    let dropped = 0
    let traceFlags = 0
    let traceId: string | undefined
    let spanId: string | undefined
    let eventName = ''
    while (reader.at < end) {
      const tag = reader.tag()
      switch (tag) {
        case 0x09:
          time = view.getBigUint64(reader.fixed64(end), true)
          break
        case 0x10:
          severityNumber = reader.varint()
          if (reader.high !== 0 || severityNumber < 0 || severityNumber > LAST_SEVERITY) severityNumber = 0
          break
        case 0x38:
          dropped = reader.varint() >>> 0
          break
        case 0x45:
          traceFlags = view.getUint32(reader.fixed32(end), true)
          break
        case 0x59:
          observed = view.getBigUint64(reader.fixed64(end), true)
          break
        case 0x1a:
        case 0x2a:
        case 0x32:
        case 0x4a:
        case 0x52:
        case 0x62: {
          const fieldEnd = reader.length(end)
          const start = reader.at
          if (tag === 0x32) putAttribute(reader, start, fieldEnd, attributes)
          else if (tag === 0x2a) body = attributeBetween(reader, start, fieldEnd)
          else if (tag === 0x1a) severity = reader.text(start, fieldEnd)
          else if (tag === 0x4a) traceId = idBetween(reader, start, fieldEnd, 16)
          else if (tag === 0x52) spanId = idBetween(reader, start, fieldEnd, 8)
          else eventName = reader.text(start, fieldEnd)
          reader.at = fieldEnd
          break
        }
        default:
          reader.skip(tag, end, RECORD_FIELDS)
      }
    }
    reader.checkEnd(end)
    const { receivedNanos, bounds } = this.#options
    const timeNanos = time || observed || receivedNanos
    if (timeNanos < bounds.minNanos) return 'too_old'
    if (timeNanos > bounds.maxNanos) return 'too_new'
    const details = this.#detailsOf(source, traceFlags, dropped)
    const requestId = requestIdIn(attributes) ?? requestIdIn(source.resource)
    return {
      timeNanos,
      receivedNanos,
      // One that no column holds says nothing of a time.
      ...(observed === 0n || observed > MAX_INT64 ? undefined : { observedNanos: observed }),
      kind: 'otlp',
      ...this.#place,
      service: source.service,
      ...(requestId === undefined ? undefined : { requestId }),
      ...(traceId === undefined ? undefined : { traceId }),
      ...(spanId === undefined ? undefined : { spanId }),
      severity,
      severityNumber,
      body: exactText(body),
      ...(typeof body === 'string' ? undefined : { value: body }),
      ...(eventName === '' ? undefined : { eventName }),
      attributes,
      resource: source.resource,
      ...(source.scope === undefined ? undefined : { scope: source.scope }),
      ...(details === undefined ? undefined : { details }),
    }
  }

  /** The same object while nothing changes: its text is made once then. */
  #detailsOf(source: OtlpSource, traceFlags: number, dropped: number): LogDetails | undefined {
    if (source === this.#source && traceFlags === this.#traceFlags && dropped === this.#dropped) return this.#details
    if (source !== this.#source) this.#place = logPlaceOf(source.resource)
    this.#source = source
    this.#traceFlags = traceFlags
    this.#dropped = dropped
    const { schemaUrl, droppedResourceAttributes } = source
    const plain = traceFlags === 0 && dropped === 0 && droppedResourceAttributes === 0 && schemaUrl === ''
    this.#details = plain
      ? undefined
      : {
          ...(traceFlags === 0 ? undefined : { traceFlags }),
          ...(dropped === 0 ? undefined : { droppedAttributes: dropped }),
          ...(droppedResourceAttributes === 0 ? undefined : { droppedResourceAttributes }),
          ...(schemaUrl === '' ? undefined : { schemaUrl }),
        }
    return this.#details
  }
}

const MAX_INT64 = 2n ** 63n - 1n
