import assert from 'node:assert/strict'
import { test } from 'node:test'

import { giveArena, giveBytes, takeArena, takeBytes } from './block-memory.ts'

test('memory that was given back serves a block of about the same size', () => {
  const first = takeBytes(150_000)
  assert.equal(first.length, 150_000)
  giveBytes(first)
  const second = takeBytes(140_000)
  assert.equal(second.buffer, first.buffer)
  assert.equal(second.length, 140_000)
  assert.notEqual(takeBytes(140_000).buffer, first.buffer)
})

test('bytes that it never gave are left alone', () => {
  const file = new Uint8Array(400_000)
  for (const bytes of [file.subarray(100, 200_000), file.subarray(0, 200_000), new Uint8Array(10)]) giveBytes(bytes)
  assert.notEqual(takeBytes(200_000).buffer, file.buffer)
})

test('large memory is not kept', () => {
  const large = takeBytes(8 * 1024 * 1024)
  giveBytes(large)
  assert.notEqual(takeBytes(8 * 1024 * 1024).buffer, large.buffer)
})

test('an arena gives its own memory while there is some, and other memory after that', () => {
  const arena = takeArena(1000)
  const [first, second, large] = [arena.take(101), arena.take(104), arena.take(arena.bytes.length)]
  assert.deepEqual([first.buffer, second.buffer], [arena.bytes.buffer, arena.bytes.buffer])
  assert.deepEqual([first.byteOffset, second.byteOffset % 8], [0, 0])
  assert.ok(second.byteOffset >= 101)
  assert.notEqual(large.buffer, arena.bytes.buffer)
  giveArena(arena)
  assert.equal(takeArena(900).bytes, arena.bytes)
  assert.notEqual(takeArena(900).bytes, arena.bytes)
})
