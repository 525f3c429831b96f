import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeeperThan, setOwn } from './json.ts'

test('depth counts arrays and objects, not what stands in strings', () => {
  assert.equal(isDeeperThan('[[[1]]]', 3), false)
  assert.equal(isDeeperThan('[[[[1]]]]', 3), true)
  assert.equal(isDeeperThan('[{"a":[{}]}]', 3), true)
  assert.equal(isDeeperThan('[[1],[2],[3],[4]]', 2), false)
  assert.equal(isDeeperThan('{"a":"[[[[["}', 3), false)
  assert.equal(isDeeperThan(String.raw`{"a":"\"[[[[["}`, 3), false)
  assert.equal(isDeeperThan(String.raw`{"a":"\\","b":[[[1]]]}`, 3), true)
})

test('a member named like the prototype is an own member', () => {
  const target: { [key: string]: unknown } = {}
  setOwn(target, '__proto__', 1)
  setOwn(target, 'a', 2)
  assert.deepEqual(Object.entries(target), [
    ['__proto__', 1],
    ['a', 2],
  ])
  assert.equal(Object.getPrototypeOf(target), Object.prototype)
})
