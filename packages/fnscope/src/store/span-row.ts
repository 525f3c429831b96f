// Rows of `spans` and `open_spans`, as Native columns → Span. Of columns that were not asked for every value is unknown.
import { parseAttributes, type Attributes } from '../span/attribute-value.ts'
import { NO_SPAN_ID } from '../span/id.ts'
import { requestIdOf } from '../span/request-id.ts'
import { SPAN_FLAG } from '../span/span-batch.ts'
import { parseDetails, parseEvents, parseLinks, parseScope } from '../span/span-json.ts'
import type { Cause, Span, SpanHttp } from '../span/span.ts'
import {
  fixedColumn,
  nestedColumn,
  textColumn,
  wordColumn,
  type NativeBlock,
  type TextValues,
  type WordValues,
} from './native-read.ts'
import { attributesOf, known } from './row.ts'

/** Text that should be JSON; undefined when it is empty or broken. */
function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A column's value by row. */
type Reader<Value> = (row: number) => Value

/** Words are few: each is parsed once a block. */
function parsedWords<Value>(column: WordValues, parse: (text: string) => Value): Reader<Value> {
  const parsed = new Map<number, Value>()
  return (row) => {
    const index = column.indexes[row]!
    let value = parsed.get(index)
    if (value === undefined) parsed.set(index, (value = parse(column.words[index]!)))
    return value
  }
}

function attributesReader(block: NativeBlock, map: string, types: string): Reader<Attributes> {
  if (!block.columns.has(map)) return () => ({})
  const column = nestedColumn(block, map)
  const [keys, values] = column.parts as [WordValues, TextValues]
  const letters = wordColumn(block, types)
  return (row) => {
    const [from, to] = column.range(row)
    if (from === to) return {}
    const entries = Array.from({ length: to - from }, (_, at) => from + at)
    return attributesOf(
      entries.map((at) => keys.text(at)),
      entries.map((at) => values.text(at)),
      letters.text(row),
    )
  }
}

function readersOf(block: NativeBlock) {
  const id = (name: string): Reader<string> => {
    const column = fixedColumn(block, name)
    return (row) => column.hex(row)
  }
  const u8 = (name: string): Reader<number> => {
    if (!block.columns.has(name)) return () => 0
    const column = fixedColumn(block, name)
    return (row) => column.u8(row)
  }
  const u16 = (name: string): Reader<number> => {
    if (!block.columns.has(name)) return () => 0
    const column = fixedColumn(block, name)
    return (row) => column.u16(row)
  }
  const i64 = (name: string): Reader<bigint> => {
    const column = fixedColumn(block, name)
    return (row) => column.i64(row)
  }
  const word = (name: string): Reader<string> => {
    if (!block.columns.has(name)) return () => ''
    const column = wordColumn(block, name)
    return (row) => column.text(row)
  }
  const parsed = <Value>(name: string, parse: (text: string) => Value): Reader<Value> =>
    block.columns.has(name) ? parsedWords(wordColumn(block, name), parse) : () => parse('')
  const text = (name: string): Reader<string> => {
    if (!block.columns.has(name)) return () => ''
    const column = textColumn(block, name)
    return (row) => column.text(row)
  }
  return {
    traceId: id('trace_id'),
    ids: id('ids'),
    startNanos: i64('start_nanos'),
    // An end before the start stands as a negative number in 64 unsigned bits.
    durationNanos: i64('duration_nanos'),
    kind: u8('kind'),
    rootRank: u8('root_rank'),
    flags: u16('flags'),
    statusCode: u8('status_code'),
    source: word('source'),
    service: word('service'),
    name: word('name'),
    origin: word('origin'),
    namespace: word('namespace'),
    accountId: word('account_id'),
    resourceArn: word('resource_arn'),
    statusMessage: text('status_message'),
    httpMethod: word('http_method'),
    httpUrl: text('http_url'),
    httpStatus: u16('http_status'),
    httpUserAgent: word('http_user_agent'),
    httpClientIp: text('http_client_ip'),
    user: text('user'),
    requestId: text('request_id'),
    peerName: word('peer_name'),
    peerType: word('peer_type'),
    resource: parsed('resource', parseAttributes),
    scope: word('scope'),
    attributes: attributesReader(block, 'attributes', 'attribute_types'),
    details: parsed('details', parseDetails),
    annotations: attributesReader(block, 'annotations', 'annotation_types'),
    metadata: text('metadata'),
    cause: text('cause'),
    events: text('events'),
    links: text('links'),
    receivedNanos: i64('received_nanos'),
  }
}

type Readers = ReturnType<typeof readersOf>

function httpOf(read: Readers, row: number): SpanHttp | undefined {
  const http: SpanHttp = {
    ...known('method', read.httpMethod(row), ''),
    ...known('url', read.httpUrl(row), ''),
    ...known('status', read.httpStatus(row), 0),
    ...known('userAgent', read.httpUserAgent(row), ''),
    ...known('clientIp', read.httpClientIp(row), ''),
    ...known('traced', (read.flags(row) & SPAN_FLAG.traced) !== 0, false),
  }
  return Object.keys(http).length === 0 ? undefined : http
}

function spanOf(read: Readers, row: number, inProgress: boolean): Span {
  const startNanos = read.startNanos(row)
  const ids = read.ids(row)
  const metadata = parseJson(read.metadata(row)) as Span['metadata']
  const cause = parseJson(read.cause(row)) as Cause | undefined
  const http = httpOf(read, row)
  const scope = parseScope(read.scope(row))
  const flags = read.flags(row)
  const origin = read.origin(row)
  const attributes = read.attributes(row)
  const peer = { name: read.peerName(row), type: read.peerType(row) }
  return {
    traceId: read.traceId(row),
    spanId: ids.slice(0, 16),
    ...known('parentId', ids.slice(16), NO_SPAN_ID),
    startNanos,
    ...(inProgress ? {} : { endNanos: startNanos + read.durationNanos(row) }),
    inProgress,
    kind: read.kind(row),
    segment: (flags & SPAN_FLAG.segment) !== 0,
    rootRank: read.rootRank(row),
    source: read.source(row),
    service: read.service(row),
    name: read.name(row),
    ...known('origin', origin, ''),
    ...known('namespace', read.namespace(row), ''),
    ...known('accountId', read.accountId(row), ''),
    ...known('resourceArn', read.resourceArn(row), ''),
    error: (flags & SPAN_FLAG.error) !== 0,
    fault: (flags & SPAN_FLAG.fault) !== 0,
    throttle: (flags & SPAN_FLAG.throttle) !== 0,
    coldStart: (flags & SPAN_FLAG.coldStart) !== 0,
    ...known('unsampled', (flags & SPAN_FLAG.unsampled) !== 0, false),
    statusCode: read.statusCode(row),
    ...known('statusMessage', read.statusMessage(row), ''),
    ...(http ? { http } : {}),
    ...known('user', read.user(row), ''),
    ...known('requestId', requestIdOf(read.requestId(row), flags, origin, attributes), ''),
    ...(peer.name === '' && peer.type === '' ? {} : { peer }),
    resource: read.resource(row),
    attributes,
    ...(scope ? { scope } : {}),
    ...read.details(row),
    annotations: read.annotations(row) as Span['annotations'],
    ...(metadata === undefined ? {} : { metadata }),
    ...(cause === undefined ? {} : { cause }),
    events: parseEvents(read.events(row)),
    links: parseLinks(read.links(row)),
    receivedNanos: read.receivedNanos(row),
  }
}

/** The block's rows as spans, in its order. @param inProgress they are of `open_spans` */
export function spansOf(block: NativeBlock, inProgress: boolean): Span[] {
  const read = readersOf(block)
  return Array.from({ length: block.rows }, (_, row) => spanOf(read, row, inProgress))
}
