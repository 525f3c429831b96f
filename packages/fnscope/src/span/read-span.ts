// Rows of a SpanBatch back as Span objects: for tests and for whoever looks at a few spans before they are stored.
// The store reads its own rows; this is not on that way.
import { parseLiteral, type AttributeValue, type Attributes } from './attribute-value.ts'
import { formatHex, NO_SPAN_ID } from './id.ts'
import { DictionaryColumn, FixedColumn, TextColumn, type ListColumn, type MapColumn } from './columns.ts'
import type { SpanBatch } from './span-batch.ts'
import { completeSpan, type Cause, type Span, type SpanHttp } from './span.ts'

const decoder = new TextDecoder()

function texts(column: TextColumn | DictionaryColumn): string[] {
  if (column instanceof DictionaryColumn) return numbers(column.indexBytes(), 4).map((index) => column.words[index]!)
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

function floats(column: FixedColumn): number[] {
  const bytes = column.bytes()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: column.rows }, (_, row) => view.getFloat64(row * 8, true))
}

function ids(column: FixedColumn): string[] {
  const bytes = column.bytes()
  return Array.from({ length: column.rows }, (_, row) => formatHex(bytes, row * column.width, column.width))
}

/** `values` cut into rows. */
function cut<Value>(ends: FixedColumn, values: readonly Value[]): Value[][] {
  return Array.from({ length: ends.rows }, (_, row) =>
    values.slice(row === 0 ? 0 : Number(ends.i64(row - 1)), Number(ends.i64(row))),
  )
}

function maps<Value>(
  column: MapColumn<FixedColumn | TextColumn>,
  values: readonly Value[],
): { [key: string]: Value }[] {
  const pairs = texts(column.keys).map((key, index) => [key, values[index]!] as const)
  return cut(column.ends, pairs).map((row) => Object.fromEntries(row))
}

function attributes(strings: MapColumn, typed: MapColumn): Attributes[] {
  const others = maps<AttributeValue>(typed, texts(typed.values).map(parseLiteral))
  return maps<AttributeValue>(strings, texts(strings.values)).map((row, index) => ({ ...row, ...others[index] }))
}

function lists<Value>(column: ListColumn<FixedColumn | TextColumn | DictionaryColumn>, values: Value[]): Value[][] {
  return cut(column.ends, values)
}

/** All rows, in order. @param options.open the batch is of spans in progress: they get no end. */
export function readSpans(batch: SpanBatch, options: { readonly open?: boolean } = {}): Span[] {
  const flag = (column: FixedColumn): boolean[] => numbers(column.bytes(), 1).map((byte) => byte === 1)
  const traceIds = ids(batch.traceId)
  const spanIds = ids(batch.spanId)
  const parentIds = ids(batch.parentId)
  const kinds = numbers(batch.kind.bytes(), 1)
  const ranks = numbers(batch.rootRank.bytes(), 1)
  const codes = numbers(batch.statusCode.bytes(), 1)
  const statuses = numbers(batch.httpStatus.bytes(), 2)
  const u32 = (column: FixedColumn): number[] => numbers(column.bytes(), 4)
  const flags = u32(batch.traceFlags)
  const dropped = [u32(batch.droppedAttributes), u32(batch.droppedEvents), u32(batch.droppedLinks)] as const
  const [segment, error, fault, throttle, cold, traced] = [
    flag(batch.segment),
    flag(batch.error),
    flag(batch.fault),
    flag(batch.throttle),
    flag(batch.coldStart),
    flag(batch.traced),
  ]
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
    scopeName: texts(batch.scopeName),
    scopeVersion: texts(batch.scopeVersion),
    traceState: texts(batch.traceState),
    metadata: texts(batch.metadata),
    cause: texts(batch.cause),
  }
  const scopes = maps<AttributeValue>(batch.scopeAttributes, texts(batch.scopeAttributes.values))
  const resources = attributes(batch.resource, batch.resourceTyped)
  const own = attributes(batch.attributes, batch.attributesTyped)
  const annotationTexts = maps(batch.annotationStrings, texts(batch.annotationStrings.values))
  const annotationNumbers = maps(batch.annotationNumbers, floats(batch.annotationNumbers.values))
  const annotationFlags = maps(batch.annotationBooleans, flag(batch.annotationBooleans.values))
  const eventTimes = lists(batch.eventNanos, longs(batch.eventNanos.items))
  const eventNames = lists(batch.eventNames, texts(batch.eventNames.items))
  const eventAttributes = lists(batch.eventAttributes, texts(batch.eventAttributes.items))
  const linkTraces = lists(batch.linkTraceIds, ids(batch.linkTraceIds.items))
  const linkSpans = lists(batch.linkSpanIds, ids(batch.linkSpanIds.items))
  const linkStates = lists(batch.linkStates, texts(batch.linkStates.items))
  const linkAttributes = lists(batch.linkAttributes, texts(batch.linkAttributes.items))

  return Array.from({ length: batch.rows }, (_, row) => {
    const startNanos = batch.startNanos.i64(row)
    const http: SpanHttp = {
      ...filled('method', text.method[row]),
      ...filled('url', text.url[row]),
      ...(statuses[row] === 0 ? {} : { status: statuses[row]! }),
      ...filled('userAgent', text.userAgent[row]),
      ...filled('clientIp', text.clientIp[row]),
      ...(traced[row] ? { traced: true } : {}),
    }
    return completeSpan({
      traceId: traceIds[row]!,
      spanId: spanIds[row]!,
      ...(parentIds[row] === NO_SPAN_ID ? {} : { parentId: parentIds[row]! }),
      startNanos,
      ...(options.open === true ? {} : { endNanos: startNanos + batch.durationNanos.i64(row) }),
      kind: kinds[row]!,
      segment: segment[row]!,
      rootRank: ranks[row]!,
      source: text.source[row]!,
      service: text.service[row]!,
      name: text.name[row]!,
      ...filled('origin', text.origin[row]),
      ...filled('namespace', text.namespace[row]),
      ...filled('accountId', text.accountId[row]),
      ...filled('resourceArn', text.resourceArn[row]),
      error: error[row]!,
      fault: fault[row]!,
      throttle: throttle[row]!,
      coldStart: cold[row]!,
      statusCode: codes[row]!,
      ...filled('statusMessage', text.statusMessage[row]),
      ...(Object.keys(http).length === 0 ? {} : { http }),
      ...filled('user', text.user[row]),
      ...filled('requestId', text.requestId[row]),
      ...(text.peerName[row] === '' ? {} : { peer: { name: text.peerName[row]!, type: text.peerType[row]! } }),
      resource: resources[row]!,
      attributes: own[row]!,
      ...(text.scopeName[row] === '' && text.scopeVersion[row] === ''
        ? {}
        : { scope: { name: text.scopeName[row]!, version: text.scopeVersion[row]!, attributes: scopes[row]! } }),
      traceFlags: flags[row]!,
      ...filled('traceState', text.traceState[row]),
      dropped: { attributes: dropped[0][row]!, events: dropped[1][row]!, links: dropped[2][row]! },
      annotations: { ...annotationTexts[row], ...annotationNumbers[row], ...annotationFlags[row] },
      ...(text.metadata[row] === '' ? {} : { metadata: JSON.parse(text.metadata[row]!) as { [key: string]: unknown } }),
      ...(text.cause[row] === '' ? {} : { cause: JSON.parse(text.cause[row]!) as Cause }),
      events: eventTimes[row]!.map((timeNanos, index) => ({
        timeNanos,
        name: eventNames[row]![index]!,
        attributes: JSON.parse(eventAttributes[row]![index]!) as Attributes,
      })),
      links: linkTraces[row]!.map((traceId, index) => ({
        traceId,
        ...(linkSpans[row]![index] === NO_SPAN_ID ? {} : { spanId: linkSpans[row]![index]! }),
        ...filled('traceState', linkStates[row]![index]),
        attributes: JSON.parse(linkAttributes[row]![index]!) as Attributes,
      })),
      receivedNanos: batch.receivedNanos.i64(row),
    })
  })
}

function longs(column: FixedColumn): bigint[] {
  return Array.from({ length: column.rows }, (_, row) => column.i64(row))
}

/** The member, unless its text is empty: how the columns say "none". */
function filled<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return (value === undefined || value === '' ? {} : { [name]: value }) as { [key in Name]?: string }
}
