import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { toFilter } from './short-form.ts'

test('short words become an expression', () => {
  const cases = [
    ['user:brian1', '(user = "brian1" OR annotation[user] = "brian1")'],
    ['status:500', 'http.status = 500'],
    ['status:>=500 service:orders', 'http.status >= 500 AND service("orders")'],
    ['duration:>200ms', 'duration > 0.2'],
    ['cart.id:42 paid:true', 'annotation[cart.id] = 42 AND annotation[paid] = true'],
    ['note:"two words"', 'annotation[note] = "two words"'],
    ['!service:orders fault', '!service("orders") AND fault'],
    ['status:fault', 'fault'],
  ]
  for (const [text, filter] of cases) assert.equal(toFilter(text!), filter)
})

test('a bare word is looked for in the places that have names', () => {
  assert.equal(toFilter('check"out'), 'check"out')
  assert.equal(toFilter('checkout'), '(service("checkout") OR http.url CONTAINS "checkout" OR name = "checkout")')
})

test('an expression stays as it is', () => {
  for (const text of [
    'annotation.user = "brian1"',
    'service("orders") { fault } AND !ok',
    'responsetime > 5',
    '!fault AND ok',
  ])
    assert.equal(toFilter(text), text)
})
