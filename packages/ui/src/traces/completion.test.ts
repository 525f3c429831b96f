import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { completeKey, completeValue, placeIn } from './completion.ts'

test('the caret is in a key or in a value', () => {
  assert.deepEqual(placeIn('us', 2), { from: 0, word: 'us' })
  assert.deepEqual(placeIn('ok user:bri', 11), { from: 8, word: 'bri', key: 'user' })
  assert.deepEqual(placeIn('annotation.user = "br', 21), { from: 18, word: 'br', key: 'user' })
  assert.deepEqual(placeIn('service("or', 11), { from: 8, word: 'or', key: 'service' })
})

test('keys and values that fit are offered', () => {
  assert.deepEqual(
    completeKey({ from: 0, word: 'us' }, ['user', 'amount']).map(({ text }) => text),
    ['user:', 'user:'],
  )
  assert.deepEqual(
    completeKey({ from: 0, word: 'annotation.am' }, ['amount']).map(({ text }) => text),
    ['annotation.amount = '],
  )
  assert.deepEqual(completeValue({ from: 0, word: 'br', key: 'user' }, ['brian"1', 'x']), [{ text: '"brian\\"1"' }])
})
