// The tables that take inserts, and the type of each of their columns. The DDL (schema/*.sql) must agree: a test
// compares the two. Column names are the model's fields in snake_case; nothing else outside store/ knows them.
import type { SpanBatch } from '../span/span-batch.ts'

/** A field of SpanBatch that is a column. spanId and parentId are one: a parent's id that stood just before is nearly free. */
export type SpanField = Exclude<keyof SpanBatch, 'rows' | 'checkRows' | 'clear' | 'spanId' | 'parentId'> | 'ids'

const WORD = 'LowCardinality(String)'
const TEXTS = 'Map(LowCardinality(String), String)'

/** ClickHouse type of each span column, in the order of SpanBatch. */
export const SPAN_TYPES: Readonly<Record<SpanField, string>> = {
  traceId: 'FixedString(16)',
  ids: 'FixedString(16)',
  startNanos: 'Int64',
  durationNanos: 'UInt64',
  kind: 'UInt8',
  rootRank: 'UInt8',
  flags: 'UInt16',
  statusCode: 'UInt8',
  source: WORD,
  service: WORD,
  name: WORD,
  origin: WORD,
  namespace: WORD,
  accountId: WORD,
  resourceArn: WORD,
  statusMessage: 'String',
  httpMethod: WORD,
  httpUrl: 'String',
  httpStatus: 'UInt16',
  httpUserAgent: WORD,
  httpClientIp: 'String',
  user: 'String',
  requestId: 'String',
  peerName: WORD,
  peerType: WORD,
  resource: WORD,
  scope: WORD,
  attributes: TEXTS,
  attributeTypes: WORD,
  details: WORD,
  annotations: TEXTS,
  annotationTypes: WORD,
  metadata: 'String',
  cause: 'String',
  events: 'String',
  links: 'String',
  receivedNanos: 'Int64',
}

const DOCUMENT_TYPES = {
  traceId: 'FixedString(16)',
  spanId: 'FixedString(8)',
  parentId: 'FixedString(8)',
  startNanos: 'Int64',
  receivedNanos: 'Int64',
  inProgress: 'Bool',
  segment: 'Bool',
  text: 'String',
} as const

const LOG_TYPES = {
  timeNanos: 'Int64',
  receivedNanos: 'Int64',
  sequence: 'UInt32',
  kind: WORD,
  logGroup: WORD,
  logStream: WORD,
  service: WORD,
  requestId: 'String',
  traceId: 'FixedString(16)',
  spanId: 'FixedString(8)',
  severity: WORD,
  severityNumber: 'UInt8',
  body: 'String',
  attributes: TEXTS,
  attributeTypes: WORD,
  resource: WORD,
  observedNanos: 'Int64',
  bodyType: WORD,
  eventName: WORD,
  scope: WORD,
  details: WORD,
} as const

const METRIC_TYPES = {
  name: WORD,
  namespace: WORD,
  service: WORD,
  dimensions: TEXTS,
  unit: WORD,
  kind: WORD,
  timeNanos: 'Int64',
  startNanos: 'Int64',
  receivedNanos: 'Int64',
  value: 'Float64',
  count: 'Float64',
  min: 'Float64',
  max: 'Float64',
  bounds: 'Array(Float64)',
  counts: 'Array(Float64)',
  monotonic: 'Bool',
  temporality: 'UInt8',
  resolutionSeconds: 'Float64',
  attributes: TEXTS,
  attributeTypes: WORD,
  resource: WORD,
  requestId: 'String',
  traceId: 'FixedString(16)',
  dimensionTypes: WORD,
  description: WORD,
  integer: 'String',
  exponential: 'String',
  flags: 'UInt32',
  exemplars: 'String',
  scope: WORD,
  details: WORD,
} as const

/** Field → type for every table that `insert` takes. */
export const INSERT_TABLES = {
  spans: SPAN_TYPES,
  open_spans: SPAN_TYPES,
  documents: DOCUMENT_TYPES,
  logs: LOG_TYPES,
  metrics: METRIC_TYPES,
} as const

export type InsertTable = keyof typeof INSERT_TABLES

export function isInsertTable(table: string): table is InsertTable {
  return Object.hasOwn(INSERT_TABLES, table)
}

const COLUMN_NAMES = new Map<string, string>()

/** `httpUserAgent` → `http_user_agent`. Only for the model's own fields: each is kept. */
export function columnName(field: string): string {
  let name = COLUMN_NAMES.get(field)
  if (name === undefined) {
    name = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    COLUMN_NAMES.set(field, name)
  }
  return name
}

/** `name Type, …` of a table, as ClickHouse's input() wants it. */
export function structureOf(table: InsertTable): string {
  return Object.entries(INSERT_TABLES[table])
    .map(([field, type]) => `${columnName(field)} ${type}`)
    .join(', ')
}
