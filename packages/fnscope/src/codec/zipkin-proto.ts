// Zipkin's ListOfSpans in protobuf, wire bytes to columns. JSON of both versions is written out as this and read here
// (zipkin-json.ts, zipkin-v1.ts). What becomes of each field: docs/protocols/zipkin.md.
// https://github.com/openzipkin/zipkin-api/blob/master/zipkin.proto
import type { AttributeValue } from '../span/attribute-value.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { BytesMemo } from './bytes-memo.ts'
import { Nanos } from './nanos.ts'
import { bytesOf, stringOf, TextWriter } from './otlp-text.ts'
import { fieldsOf, ProtobufError, ProtobufReader } from './protobuf-reader.ts'
import { ROW_ID, SpanRowWriter, type RowContext } from './span-row-writer.ts'
import { MalformedError, type Taken } from './taken.ts'
import { newProcess, TRACING_RULES, TracingTags, type TracingProcess } from './tracing-tags.ts'
import { writeAnnotation } from './zipkin-annotation.ts'
import { addressText } from './zipkin-address.ts'

const REQUEST_FIELDS = fieldsOf(1)
const SPAN_FIELDS = fieldsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
const ENDPOINT_FIELDS = fieldsOf(1, 2, 3, 4)
const ANNOTATION_FIELDS = fieldsOf(1, 2)
const TAG_FIELDS = fieldsOf(1, 2)

/** OpenTelemetry's kinds by Zipkin's: unspecified, client, server, producer, consumer. */
const KINDS: readonly number[] = [0, 3, 2, 4, 5]
/** As Jaeger has them, for who sends a span has sampled it. */
const SAMPLED = '{"flags":1}'
const DEBUG = '{"flags":3}'

interface Endpoint {
  serviceName: string
  address: string
  port: number
}

class ZipkinProtoDecoder {
  readonly #reader = new ProtobufReader()
  readonly #writer = new SpanRowWriter({ source: 'zipkin', ...TRACING_RULES })
  readonly #tags = new TracingTags(this.#writer)
  readonly #processes = new BytesMemo<TracingProcess>({ entries: 1024, keyBytes: 256 * 1024 })
  readonly #noProcess = newProcess({})
  readonly #events = new TextWriter()
  readonly #text = new TextWriter()
  readonly #nanos = new Nanos()
  // Of the span at hand.
  #hasStart = false
  #firstLow = 0
  #firstHigh = 0
  #hasPeer = false

  decode(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
    const reader = this.#reader
    const writer = this.#writer
    this.#processes.begin()
    this.#tags.begin()
    writer.begin(into, context)
    reader.open(body)
    try {
      const end = body.length
      while (reader.at < end) {
        const tag = reader.tag()
        if (tag === 0x0a) this.#span(reader.length(end), context)
        else reader.skip(tag, end, REQUEST_FIELDS)
      }
      return writer.end()
    } catch (error) {
      if (error instanceof ProtobufError)
        throw new MalformedError(`The request is no list of Zipkin spans: ${error.message}.`)
      throw error
    } finally {
      reader.close()
      writer.close()
    }
  }

  #span(end: number, context: RowContext): void {
    const reader = this.#reader
    const writer = this.#writer
    let process = this.#noProcess
    let badParent = false
    let remoteStart = 0
    let remoteEnd = 0
    let shared = false
    writer.beginRow(reader.view)
    this.#tags.beginRow(reader.view)
    this.#events.clear()
    this.#hasStart = this.#hasPeer = false
    this.#firstLow = this.#firstHigh = 0
    writer.details = SAMPLED
    while (reader.at < end) {
      const tag = reader.tag()
      if ((tag & 7) !== 2 || tag > 0x62) {
        shared = this.#number(tag, end) || shared
        continue
      }
      const fieldEnd = reader.length(end)
      switch (tag) {
        case 0x0a:
          this.#id(ROW_ID.trace, 16, fieldEnd)
          break
        case 0x12:
          badParent = !this.#id(ROW_ID.parent, 8, fieldEnd) && fieldEnd > reader.at
          break
        case 0x1a:
          this.#id(ROW_ID.span, 8, fieldEnd)
          break
        case 0x2a:
          writer.setName(reader.at, fieldEnd)
          break
        case 0x42:
          process = this.#process(fieldEnd)
          break
        case 0x4a:
          remoteStart = reader.at
          remoteEnd = fieldEnd
          break
        case 0x52:
          this.#annotation(fieldEnd)
          break
        case 0x5a:
          this.#tag(fieldEnd)
          break
        case 0x22:
        case 0x32:
        case 0x3a:
        case 0x62:
          throw new ProtobufError(`field ${tag >>> 3} with wire type 2`, reader.at)
        default:
      }
      reader.at = fieldEnd
    }
    reader.checkEnd(end)
    if (remoteEnd > remoteStart) this.#remote(remoteStart, remoteEnd)
    reader.at = end
    if (shared) writer.boolean(writer.keyNamed('zipkin.shared'), true)
    if (!this.#hasStart) this.#setMissingStart(context)
    if (badParent) writer.undoRow('bad_parent_id')
    else this.#endRow(process)
  }

  #endRow(process: TracingProcess): void {
    const writer = this.#writer
    const { state } = this.#tags
    if (state !== '') writer.details = `${writer.details.slice(0, -1)},"state":${JSON.stringify(state)}}`
    if (this.#events.length > 0) this.#events.ascii(']')
    writer.endRow(this.#tags.source(process), this.#events)
  }

  /** Any field that is no message, text or id. @returns whether it says that the span is shared */
  #number(tag: number, end: number): boolean {
    const reader = this.#reader
    const writer = this.#writer
    switch (tag) {
      case 0x20: {
        const kind = reader.varint()
        writer.kind = (reader.high === 0 ? KINDS[kind] : undefined) ?? 0
        break
      }
      case 0x31: {
        const at = reader.fixed64(end)
        const low = reader.view.getInt32(at, true)
        const high = reader.view.getInt32(at + 4, true)
        this.#nanos.setMicros(low, high)
        this.#hasStart = (low | high) !== 0
        writer.setStart(high < 0 ? -1 : this.#nanos.low, high < 0 ? -1 : this.#nanos.high)
        break
      }
      case 0x38:
        this.#nanos.setMicros(reader.varint(), reader.high)
        writer.setDuration(this.#nanos.low, this.#nanos.high)
        break
      case 0x60:
        if ((reader.varint() | reader.high) !== 0) writer.details = DEBUG
        break
      case 0x68:
        return (reader.varint() | reader.high) !== 0
      default:
        reader.skip(tag, end, SPAN_FIELDS)
    }
    return false
  }

  /** An id of `size` bytes or, of a trace, of the lower half. One of another size stays zero. @returns whether it was one */
  #id(place: number, size: number, end: number): boolean {
    const { view, at } = this.#reader
    const given = end - at
    if (given !== size && given !== 8) return false
    const to = place + size - given
    for (let i = 0; i < given; i += 4) this.#writer.ids.setInt32(to + i, view.getInt32(at + i))
    return true
  }

  /** A span that was not finished may have no time but those of its annotations. */
  #setMissingStart({ receivedNanos }: RowContext): void {
    if (this.#firstHigh !== 0) this.#writer.setStart(this.#firstLow, this.#firstHigh)
    else
      this.#writer.setStart(Number(BigInt.asIntN(32, receivedNanos)), Number(BigInt.asIntN(32, receivedNanos >> 32n)))
  }

  #process(end: number): TracingProcess {
    const reader = this.#reader
    const start = reader.at
    let process = this.#processes.find(reader.view, start, end)
    if (process === undefined) {
      const { serviceName, address, port } = this.#endpoint(end)
      const resource: Record<string, AttributeValue> = {}
      if (serviceName !== '') resource['service.name'] = serviceName
      if (address !== '') resource['net.host.ip'] = address
      if (port !== 0) resource['net.host.port'] = BigInt(port)
      process = newProcess(resource)
      this.#processes.add(reader.view, start, end, process)
    }
    return process
  }

  #endpoint(end: number): Endpoint {
    const reader = this.#reader
    const endpoint: Endpoint = { serviceName: '', address: '', port: 0 }
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x0a || tag === 0x12 || tag === 0x1a) {
        const fieldEnd = reader.length(end)
        if (tag === 0x0a) endpoint.serviceName = stringOf(reader.view, reader.at, fieldEnd)
        // The IPv4 address stands before the other.
        else endpoint.address ||= addressText(bytesOf(reader.view, reader.at, fieldEnd))
        reader.at = fieldEnd
      } else if (tag === 0x20) {
        const port = reader.varint()
        endpoint.port = port > 0 && port < 65_536 ? port : 0
      } else reader.skip(tag, end, ENDPOINT_FIELDS)
    }
    reader.checkEnd(end)
    return endpoint
  }

  /** The other end of a call. What a tag says of it is believed before. */
  #remote(start: number, end: number): void {
    const reader = this.#reader
    const writer = this.#writer
    reader.at = start
    const { address, port } = this.#endpoint(end)
    if (!this.#hasPeer) {
      // Again for its place: the column wants the name where it stands.
      for (reader.at = start; reader.at < end;) {
        const tag = reader.tag()
        if (tag !== 0x0a) {
          reader.skip(tag, end)
          continue
        }
        const nameEnd = reader.length(end)
        if (nameEnd > reader.at) writer.string(writer.keyNamed('peer.service'), reader.at, nameEnd)
        reader.at = nameEnd
      }
    }
    if (address !== '') {
      this.#text.clear()
      this.#text.ascii(address)
      writer.stringOf(writer.keyNamed('network.peer.address'), this.#text)
    }
    if (port !== 0) writer.integer(writer.keyNamed('network.peer.port'), port, 0)
  }

  #annotation(end: number): void {
    const reader = this.#reader
    let valueStart = 0
    let valueEnd = 0
    this.#nanos.setMicros(0, 0)
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag === 0x09) {
        const at = reader.fixed64(end)
        this.#nanos.setMicros(reader.view.getInt32(at, true), reader.view.getInt32(at + 4, true))
      } else if (tag === 0x12) {
        valueEnd = reader.length(end)
        valueStart = reader.at
        reader.at = valueEnd
      } else reader.skip(tag, end, ANNOTATION_FIELDS)
    }
    reader.checkEnd(end)
    const { low, high } = this.#nanos
    if (this.#firstHigh === 0 && high > 0) {
      this.#firstLow = low
      this.#firstHigh = high
    }
    this.#events.ascii(this.#events.length === 0 ? '[{"nanos":' : ',{"nanos":')
    this.#events.ascii(this.#nanos.digits())
    writeAnnotation(reader.view, valueStart, valueEnd, this.#events)
    this.#events.ascii('}')
  }

  #tag(end: number): void {
    const reader = this.#reader
    const writer = this.#writer
    let keyStart = 0
    let keyEnd = 0
    let valueStart = 0
    let valueEnd = 0
    while (reader.at < end) {
      const tag = reader.tag()
      if (tag !== 0x0a && tag !== 0x12) {
        reader.skip(tag, end, TAG_FIELDS)
        continue
      }
      const fieldEnd = reader.length(end)
      if (tag === 0x0a) {
        keyStart = reader.at
        keyEnd = fieldEnd
      } else {
        valueStart = reader.at
        valueEnd = fieldEnd
      }
      reader.at = fieldEnd
    }
    reader.checkEnd(end)
    const key = writer.key(keyStart, keyEnd)
    if (key.text === 'peer.service') this.#hasPeer = true
    if (key.role === 0 || !this.#tags.take(key.role, valueStart, valueEnd)) writer.string(key, valueStart, valueEnd)
  }
}

const decoder = new ZipkinProtoDecoder()

/** Appends the request's spans to `into`. @throws MalformedError then `into` is in no state to be used */
export function decodeZipkinSpans(body: Uint8Array, into: SpanBatch, context: RowContext): Taken {
  return decoder.decode(body, into, context)
}
