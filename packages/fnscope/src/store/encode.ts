// Batch → blocks of rows, one per table that has any: spans by copying their columns, the few others from objects.
import type { Batch } from '../span/batch.ts'
import { exactText, typeOf, type Attributes } from '../span/attribute-value.ts'
import { DictionaryColumn } from '../span/dictionary-column.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { ListColumn, MapColumn } from '../span/nested-columns.ts'
import { TextColumn } from '../span/text-column.ts'
import type { DocumentBatch } from '../span/document-batch.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import { formatExemplars, formatExponential, formatLogDetails, formatMetricDetails } from '../span/signal-json.ts'
import { formatResource, formatScope } from '../span/span-json.ts'
import { markSpans } from './mark-spans.ts'
import { columnOf, encodeNative, type Column, type NamedColumn } from './native.ts'
import type { EncodedBlock } from './store.ts'
import { columnName, INSERT_TABLES, SPAN_TYPES, type InsertTable, type SpanField } from './tables.ts'

function encodeSpans(table: InsertTable, spans: SpanBatch): EncodedBlock {
  const columns: NamedColumn[] = []
  for (const field in SPAN_TYPES)
    columns.push({
      name: columnName(field),
      type: SPAN_TYPES[field as SpanField],
      column: field === 'ids' ? idsOf(spans) : spans[field as Exclude<SpanField, 'ids'>],
    })
  return { table, rows: spans.rows, bytes: encodeNative(spans.rows, columns) }
}

/** The span's id and its parent's, 16 bytes. */
function idsOf(spans: SpanBatch): FixedColumn {
  const ids = new FixedColumn(16)
  ids.pushPairs(spans.spanId, spans.parentId)
  return ids
}

/** Of a map, in order. */
type Entries = readonly (readonly [key: string, text: string])[]

type Value = string | number | bigint | boolean | undefined | readonly number[] | Entries

/** @throws TypeError when it is no id: a codec's bug. */
function pushId(column: FixedColumn, hex: string): void {
  if (!column.pushHex(hex)) throw new TypeError(`not an id of ${column.width} bytes: ${hex}`)
}

function pushFixed(column: FixedColumn, type: string, value: Value): void {
  if (value === undefined) column.pushZero()
  else if (typeof value === 'string') pushId(column, value)
  else if (typeof value === 'bigint') column.pushI64(value)
  else if (typeof value === 'boolean') column.pushBool(value)
  else if (typeof value !== 'number') throw new TypeError(`no scalar: ${typeof value}`)
  else if (type.endsWith('Float64')) column.pushF64(value)
  else if (column.width === 1) column.pushU8(value)
  else if (column.width === 2) column.pushU16(value)
  else column.pushU32(value)
}

function pushValue(column: Column, type: string, value: Value): void {
  if (column instanceof TextColumn || column instanceof DictionaryColumn)
    column.push(typeof value === 'string' ? value : '')
  else if (column instanceof FixedColumn) pushFixed(column, type, value)
  else if (column instanceof ListColumn) {
    for (const item of value as readonly number[]) (column.items as FixedColumn).pushF64(item)
    column.endRow()
  } else if (column instanceof MapColumn) {
    for (const [key, text] of value as Entries) {
      column.keys.push(key)
      ;(column.values as TextColumn).push(text)
    }
    column.endRow()
  }
}

type Row = Readonly<Record<string, Value>>

function encodeRows(table: InsertTable, rows: readonly Row[]): EncodedBlock {
  const columns: NamedColumn[] = []
  for (const [field, type] of Object.entries(INSERT_TABLES[table])) {
    const column = columnOf(type)
    for (const row of rows) pushValue(column, type, row[field])
    columns.push({ name: columnName(field), type, column })
  }
  return { table, rows: rows.length, bytes: encodeNative(rows.length, columns) }
}

function encodeDocuments(documents: DocumentBatch): EncodedBlock {
  const columns = Object.entries(INSERT_TABLES.documents).map(([field, type]) => ({
    name: columnName(field),
    type,
    column: documents[field as keyof (typeof INSERT_TABLES)['documents']],
  }))
  return { table: 'documents', rows: documents.rows, bytes: encodeNative(documents.rows, columns) }
}

/** Attributes as a map of texts, and the letters of their types ('' when all are strings). */
function textsOf(attributes: Attributes): { readonly attributes: Entries; readonly attributeTypes: string } {
  const entries: [string, string][] = []
  let letters = ''
  for (const [key, value] of Object.entries(attributes)) {
    entries.push([key, exactText(value)])
    letters += typeOf(value)
  }
  return { attributes: entries, attributeTypes: /^s*$/.test(letters) ? '' : letters }
}

/** Codecs give the records of one source the same objects: the text of the last one is kept. */
function textOfLast<Value>(format: (value: Value) => string): (value: Value) => string {
  let last: Value | undefined
  let text: string | undefined
  return (value) => {
    if (text === undefined || value !== last) {
      last = value
      text = format(value)
    }
    return text
  }
}

function logRowOf(): (record: LogRecord, sequence: number) => Row {
  const resourceText = textOfLast(formatResource)
  const scopeText = textOfLast(formatScope)
  const detailsText = textOfLast(formatLogDetails)
  return (record, sequence) => ({
    ...record,
    sequence,
    ...textsOf(record.attributes),
    resource: resourceText(record.resource),
    bodyType: record.value === undefined ? '' : typeOf(record.value),
    value: undefined,
    scope: scopeText(record.scope),
    details: detailsText(record.details),
  })
}

function metricRowOf(): (point: MetricPoint) => Row {
  const resourceText = textOfLast(formatResource)
  const scopeText = textOfLast(formatScope)
  const detailsText = textOfLast(formatMetricDetails)
  return (point) => ({
    ...point,
    dimensions: Object.entries(point.dimensions),
    ...textsOf(point.attributes),
    resource: resourceText(point.resource),
    integer: point.integer === undefined ? '' : String(point.integer),
    exponential: formatExponential(point.exponential),
    exemplars: formatExemplars(point.exemplars),
    scope: scopeText(point.scope),
    details: detailsText(point.details),
  })
}

/** See Writer.encode. The blocks share no memory with the batch. */
export function encodeBatch(batch: Batch): readonly EncodedBlock[] {
  const blocks: EncodedBlock[] = []
  if (batch.spans.rows > 0) {
    markSpans(batch.spans)
    blocks.push(encodeSpans('spans', batch.spans))
  }
  if (batch.openSpans.rows > 0) blocks.push(encodeSpans('open_spans', batch.openSpans))
  if (batch.documents.rows > 0) blocks.push(encodeDocuments(batch.documents))
  if (batch.logs.length > 0) blocks.push(encodeRows('logs', batch.logs.map(logRowOf())))
  if (batch.metrics.length > 0) blocks.push(encodeRows('metrics', batch.metrics.map(metricRowOf())))
  return blocks
}
