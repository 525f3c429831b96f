import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyBudget } from './body-budget.ts'
import { BodyBuffer } from './body-buffer.ts'

const KIB = 1024

test('the body that has been arriving for the longest gives way, and its room goes to the newcomer', () => {
  const budget = new BodyBudget(100)
  const gone: string[] = []
  const shares = ['first', 'second', 'third'].map((name) => budget.open(() => gone.push(name)))
  for (const share of shares) assert.ok(share.take(30))
  const newcomer = budget.open(() => gone.push('newcomer'))
  assert.ok(newcomer.take(50))
  assert.deepEqual(gone, ['first', 'second'])
  assert.equal(budget.usedBytes, 80)
  assert.equal(shares[0]!.take(1), false)
})

test('a body that is whole no longer gives way, and without room the newcomer is refused', () => {
  const budget = new BodyBudget(100)
  const whole = budget.open(() => assert.fail('was whole'))
  assert.ok(whole.take(80))
  whole.arrived()
  const newcomer = budget.open(() => assert.fail('asked itself'))
  assert.equal(newcomer.take(30), false)
  assert.ok(newcomer.take(20))
  whole.release()
  whole.release()
  assert.equal(budget.usedBytes, 20)
})

test('one that wants more than there is at all makes nobody give way', () => {
  const budget = new BodyBudget(100)
  assert.ok(budget.open(() => assert.fail('gave way for nothing')).take(50))
  assert.equal(budget.open(() => {}).take(101), false)
})

test('a buffer holds the pieces in their order and pays for what it takes', () => {
  const budget = new BodyBudget(4096 * KIB)
  const share = budget.open(() => {})
  const body = new BodyBuffer(share, 1024 * KIB)
  const pieces = Array.from({ length: 600 }, (_, n) => Buffer.alloc(n, n))
  for (const piece of pieces) assert.equal(body.append(piece), undefined)
  assert.deepEqual(body.bytes(), Buffer.concat(pieces))
  assert.ok(budget.usedBytes >= body.length && budget.usedBytes <= 2 * body.length)
  assert.equal(body.append(Buffer.alloc(1024 * KIB)), 'too_large')
})

test('what is announced is believed up to 256 KB', () => {
  const budget = new BodyBudget(1024 * KIB)
  const body = new BodyBuffer(
    budget.open(() => {}),
    20 * 1024 * KIB,
  )
  assert.equal(body.append(Buffer.alloc(10), 20 * 1024 * KIB), undefined)
  assert.equal(budget.usedBytes, 256 * KIB)
})

test('memory that is used again shows nothing of what it held', () => {
  const budget = new BodyBudget(1024 * KIB)
  const newBody = (): BodyBuffer =>
    new BodyBuffer(
      budget.open(() => {}),
      1024 * KIB,
    )
  const first = newBody()
  first.append(Buffer.alloc(100 * KIB, 'secret'))
  const memory = first.bytes().buffer
  first.recycle()
  assert.equal(first.length, 0)
  const second = newBody()
  second.append(Buffer.from('short'), 100 * KIB)
  assert.equal(second.bytes().buffer, memory)
  assert.equal(second.bytes().toString(), 'short')
})

test('a buffer that gave way takes no more', () => {
  const budget = new BodyBudget(100)
  const share = budget.open(() => {})
  const body = new BodyBuffer(share, 1000)
  share.release()
  assert.equal(body.append(Buffer.alloc(10)), 'no_room')
})
