import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanBatch } from '../span/span-batch.ts'
import { columnName, isInsertTable, SPAN_TYPES, structureOf } from './tables.ts'

test('every column of a SpanBatch is one of the spans table, in the same order', () => {
  const fields = Object.keys(new SpanBatch()).filter((field) => field !== 'parentId')
  assert.deepEqual(
    Object.keys(SPAN_TYPES),
    fields.map((field) => (field === 'spanId' ? 'ids' : field)),
  )
})

test('a field is a column by its words', () => {
  assert.equal(columnName('httpUserAgent'), 'http_user_agent')
  assert.equal(columnName('user'), 'user')
  assert.match(structureOf('documents'), /^trace_id FixedString\(16\), .*, in_progress Bool, .*text String$/)
})

test('only the tables of the list take inserts', () => {
  assert.ok(isInsertTable('spans'))
  for (const table of ['traces', 'toString', '__proto__', 'spans ']) assert.ok(!isInsertTable(table), table)
})
