import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RawDocument } from './batch.ts'
import { DocumentBatch } from './document-batch.ts'

const DOCUMENT: RawDocument = {
  traceId: '6b0150e9aaaa00000000000000000001',
  spanId: '00000000000000ff',
  parentId: '2222222222222222',
  startNanos: 1_795_248_362_123_456_000n,
  receivedNanos: 5n,
  inProgress: true,
  segment: false,
  text: '{"name":"\u00fc"}',
}

test('documents are read as they were added, texts as strings and as bytes, with a parent and without', () => {
  const { parentId: _, ...root } = { ...DOCUMENT, inProgress: false, segment: true }
  const long = { ...root, text: 'x'.repeat(70_000) }
  const batch = new DocumentBatch()
  for (let round = 0; round < 2; round++) {
    batch.push(DOCUMENT)
    batch.push(root)
    batch.pushBytes(long, Buffer.from(long.text))
    batch.pushBytes(DOCUMENT, Buffer.from(DOCUMENT.text))
    assert.deepEqual(batch.read(), [DOCUMENT, root, long, DOCUMENT])
    assert.equal(batch.rows, 4)
    assert.deepEqual(batch.firstIds(2), [DOCUMENT.spanId, DOCUMENT.spanId])
    batch.clear()
    assert.deepEqual([batch.read(), batch.firstIds(3), batch.rows], [[], [], 0])
  }
})

test('what is no id is refused', () => {
  assert.throws(() => new DocumentBatch().push({ ...DOCUMENT, spanId: '5' }), TypeError)
})
