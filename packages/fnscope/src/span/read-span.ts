// Rows of a SpanBatch back as Span objects: for tests and for whoever looks at a few spans before they are stored.
// The store reads its own rows; this is not on that way.
import { attributeOf, parseAttributes, type Attributes } from './attribute-value.ts'
import { formatHex, NO_SPAN_ID } from './id.ts'
import { DictionaryColumn } from './dictionary-column.ts'
import type { FixedColumn } from './fixed-column.ts'
import type { MapColumn } from './nested-columns.ts'
import type { TextColumn } from './text-column.ts'
import { requestIdOf } from './request-id.ts'
import { SPAN_FLAG, type SpanBatch } from './span-batch.ts'
import { parseDetails, parseEvents, parseLinks, parseScope } from './span-json.ts'
import { completeSpan, type Cause, type Span, type SpanHttp } from './span.ts'

const decoder = new TextDecoder()

function texts(column: TextColumn | DictionaryColumn): string[] {
  if (column instanceof DictionaryColumn) {
    const { words } = column
    return numbers(column.indexBytes(), 4).map((index) => words[index]!)
  }
  const bytes = column.bytes()
  const found: string[] = []
  for (let at = 0; at < bytes.length;) {
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      size |= (byte & 127) << shift
      if (byte < 128) break
    }
    found.push(decoder.decode(bytes.subarray(at, at + size)))
    at += size
  }
  return found
}

function numbers(bytes: Uint8Array, width: 1 | 2 | 4): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / width }, (_, row) =>
    width === 1 ? bytes[row]! : width === 2 ? view.getUint16(row * 2, true) : view.getUint32(row * 4, true),
  )
}

function ids(column: FixedColumn): string[] {
  const bytes = column.bytes()
  return Array.from({ length: column.rows }, (_, row) => formatHex(bytes, row * column.width, column.width))
}

/** A map column's rows, its values by their types' letters. */
function attributes(column: MapColumn, types: DictionaryColumn): Attributes[] {
  const keys = texts(column.keys)
  const values = texts(column.values)
  return texts(types).map((letters, row) => {
    const from = row === 0 ? 0 : Number(column.ends.i64(row - 1))
    const to = Number(column.ends.i64(row))
    return Object.fromEntries(
      keys.slice(from, to).map((key, at) => [key, attributeOf(letters[at] ?? 's', values[from + at]!)]),
    )
  })
}

/** All rows, in order. @param options.open the batch is of spans in progress: they get no end. */
export function readSpans(batch: SpanBatch, options: { readonly open?: boolean } = {}): Span[] {
  const traceIds = ids(batch.traceId)
  const spanIds = ids(batch.spanId)
  const parentIds = ids(batch.parentId)
  const kinds = numbers(batch.kind.bytes(), 1)
  const ranks = numbers(batch.rootRank.bytes(), 1)
  const flags = numbers(batch.flags.bytes(), 2)
  const codes = numbers(batch.statusCode.bytes(), 1)
  const statuses = numbers(batch.httpStatus.bytes(), 2)
  const text = {
    source: texts(batch.source),
    service: texts(batch.service),
    name: texts(batch.name),
    origin: texts(batch.origin),
    namespace: texts(batch.namespace),
    accountId: texts(batch.accountId),
    resourceArn: texts(batch.resourceArn),
    statusMessage: texts(batch.statusMessage),
    method: texts(batch.httpMethod),
    url: texts(batch.httpUrl),
    userAgent: texts(batch.httpUserAgent),
    clientIp: texts(batch.httpClientIp),
    user: texts(batch.user),
    requestId: texts(batch.requestId),
    peerName: texts(batch.peerName),
    peerType: texts(batch.peerType),
    resource: texts(batch.resource),
    scope: texts(batch.scope),
    details: texts(batch.details),
    metadata: texts(batch.metadata),
    cause: texts(batch.cause),
    events: texts(batch.events),
    links: texts(batch.links),
  }
  const own = attributes(batch.attributes, batch.attributeTypes)
  const annotations = attributes(batch.annotations, batch.annotationTypes)

  return Array.from({ length: batch.rows }, (_, row) => {
    const startNanos = batch.startNanos.i64(row)
    const has = (flag: number): boolean => (flags[row]! & flag) !== 0
    const http: SpanHttp = {
      ...filled('method', text.method[row]),
      ...filled('url', text.url[row]),
      ...(statuses[row] === 0 ? {} : { status: statuses[row]! }),
      ...filled('userAgent', text.userAgent[row]),
      ...filled('clientIp', text.clientIp[row]),
      ...(has(SPAN_FLAG.traced) ? { traced: true } : {}),
    }
    const scope = parseScope(text.scope[row]!)
    return completeSpan({
      traceId: traceIds[row]!,
      spanId: spanIds[row]!,
      ...(parentIds[row] === NO_SPAN_ID ? {} : { parentId: parentIds[row]! }),
      startNanos,
      ...(options.open === true ? {} : { endNanos: startNanos + batch.durationNanos.i64(row) }),
      kind: kinds[row]!,
      segment: has(SPAN_FLAG.segment),
      rootRank: ranks[row]!,
      source: text.source[row]!,
      service: text.service[row]!,
      name: text.name[row]!,
      ...filled('origin', text.origin[row]),
      ...filled('namespace', text.namespace[row]),
      ...filled('accountId', text.accountId[row]),
      ...filled('resourceArn', text.resourceArn[row]),
      error: has(SPAN_FLAG.error),
      fault: has(SPAN_FLAG.fault),
      throttle: has(SPAN_FLAG.throttle),
      coldStart: has(SPAN_FLAG.coldStart),
      ...(has(SPAN_FLAG.unsampled) ? { unsampled: true } : {}),
      statusCode: codes[row]!,
      ...filled('statusMessage', text.statusMessage[row]),
      ...(Object.keys(http).length === 0 ? {} : { http }),
      ...filled('user', text.user[row]),
      ...filled('requestId', requestIdOf(text.requestId[row]!, flags[row]!, text.origin[row]!, own[row]!)),
      ...(text.peerName[row] === '' ? {} : { peer: { name: text.peerName[row]!, type: text.peerType[row]! } }),
      resource: parseAttributes(text.resource[row]!),
      attributes: own[row]!,
      ...(scope === undefined ? {} : { scope }),
      ...parseDetails(text.details[row]!),
      annotations: annotations[row] as Span['annotations'],
      ...(text.metadata[row] === '' ? {} : { metadata: JSON.parse(text.metadata[row]!) as { [key: string]: unknown } }),
      ...(text.cause[row] === '' ? {} : { cause: JSON.parse(text.cause[row]!) as Cause }),
      events: parseEvents(text.events[row]!),
      links: parseLinks(text.links[row]!),
      receivedNanos: batch.receivedNanos.i64(row),
    })
  })
}

/** The member, unless its text is empty: how the columns say "none". */
function filled<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return (value === undefined || value === '' ? {} : { [name]: value }) as { [key in Name]?: string }
}
