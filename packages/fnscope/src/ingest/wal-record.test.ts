import assert from 'node:assert/strict'
import { test } from 'node:test'

import { decodeSegment, encodeBatchRecord, encodeRefusalRecord, MAGIC } from './wal-record.ts'

const block = (table: string, rows: number, text: string) => ({ table, rows, bytes: Buffer.from(text) })
const first = [block('spans', 2, 'first spans'), block('documents', 1, '')]
const second = [block('spans', 70_000, 'second')]
const file = (...records: Uint8Array[][]) => Buffer.concat([MAGIC, ...records.flat()])

test('what is encoded is decoded, refusals too', () => {
  const content = decodeSegment(
    file(encodeBatchRecord(first), encodeRefusalRecord('t-spans'), encodeBatchRecord(second)),
  )
  assert.deepEqual(content, {
    blocks: [...first, ...second],
    refused: new Set(['t-spans']),
    tornBytes: 0,
    corruptRecords: 0,
  })
})

test('a file cut at any byte gives whole batches only', () => {
  const whole = file(encodeBatchRecord(first), encodeBatchRecord(second))
  const firstEnd = file(encodeBatchRecord(first)).length
  for (let length = 0; length < whole.length; length++) {
    const content = decodeSegment(whole.subarray(0, length))
    assert.deepEqual(content?.blocks, length < firstEnd ? [] : first, `cut at ${length}`)
  }
})

test('a changed byte in one batch loses that batch alone', () => {
  const bytes = file(encodeBatchRecord(first), encodeBatchRecord(second))
  bytes[MAGIC.length + 30]! ^= 1
  const content = decodeSegment(bytes)
  assert.deepEqual(content?.blocks, second)
  assert.equal(content?.corruptRecords, 1)
})

test('any file of other bytes is no segment or an empty one, never an error', () => {
  let seed = 7
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) & 255
  for (let round = 0; round < 300; round++) {
    const junk = Buffer.from(Array.from({ length: round }, random))
    assert.deepEqual(decodeSegment(Buffer.concat([MAGIC, junk]))?.blocks, [])
    if (round > MAGIC.length) assert.equal(decodeSegment(junk), undefined)
  }
})
