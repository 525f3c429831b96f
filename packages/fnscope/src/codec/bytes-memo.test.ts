import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BytesMemo } from './bytes-memo.ts'

function viewOf(text: string): DataView {
  const bytes = new TextEncoder().encode(text)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function find(memo: BytesMemo<number>, text: string): number | undefined {
  const view = viewOf(text)
  return memo.find(view, 0, view.byteLength)
}

function add(memo: BytesMemo<number>, text: string, value: number): boolean {
  const view = viewOf(text)
  memo.find(view, 0, view.byteLength)
  return memo.add(view, 0, view.byteLength, value)
}

test('what was added is found by the same bytes and by no others', () => {
  const memo = new BytesMemo<number>({ entries: 4000, keyBytes: 100_000 })
  memo.begin()
  for (let i = 0; i < 3000; i++) assert.equal(add(memo, `key-${i}`, i), true)
  for (let i = 0; i < 3000; i++) assert.equal(find(memo, `key-${i}`), i)
  assert.equal(find(memo, 'key-3000'), undefined)
  assert.equal(find(memo, 'key-'), undefined)
  assert.equal(find(memo, ''), undefined)
})

test('a full one forgets all, once a request, and takes nothing more of that request', () => {
  const memo = new BytesMemo<number>({ entries: 10, keyBytes: 1000 })
  memo.begin()
  for (let i = 0; i < 10; i++) assert.equal(add(memo, `a${i}`, i), true)
  for (let i = 0; i < 10; i++) assert.equal(add(memo, `b${i}`, i), true)
  assert.equal(find(memo, 'a0'), undefined)
  assert.equal(add(memo, 'c', 1), false)
  assert.equal(find(memo, 'b9'), 9)
  memo.begin()
  assert.equal(add(memo, 'c', 1), true)
  assert.equal(find(memo, 'c'), 1)
  assert.equal(find(memo, 'b9'), undefined)
})

test('a key that is too long is not kept', () => {
  const memo = new BytesMemo<number>({ entries: 10, keyBytes: 1000 })
  memo.begin()
  assert.equal(add(memo, 'x'.repeat(251), 1), false)
  assert.equal(add(memo, 'x'.repeat(250), 1), true)
})
