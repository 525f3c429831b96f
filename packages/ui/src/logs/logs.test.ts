import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleLogLine } from '../../../fnscope/src/api/console-types.ts'
import { joined, keyed, merged } from './keyed-lines.ts'
import { membersOf } from './line-members.ts'
import { isWanted, parseLogQuery, withField } from './log-query.ts'

const BODY = '{"level":"INFO","message":"order taken","order":{"id":7,"tags":["a"]},"客户":"Ana B"}'
const line = (more: Partial<ConsoleLogLine> = {}): ConsoleLogLine => ({
  timeMs: 1,
  time: '1000000',
  received: '2',
  kind: 'function',
  function: 'orders',
  logGroup: '/aws/lambda/orders',
  logStream: 's',
  severity: 'INFO',
  level: 'info',
  body: BODY,
  ...more,
})

test('words and members are told apart, quoted values are whole', () => {
  assert.deepEqual(parseLogQuery('slow order.id:7 客户:"Ana B" "two words" http://x'), {
    words: ['slow', 'two', 'words'],
    fields: { 'order.id': '7', 客户: 'Ana B', http: '//x' },
  })
  assert.deepEqual(parseLogQuery('  '), { words: [], fields: {} })
})

test('a value that is filtered for is found again as it was', () => {
  for (const value of ['7', 'Ana B', 'say "hi"', String.raw`a\b`, ''])
    assert.deepEqual(parseLogQuery(withField('x', 'k', value)).fields, { k: value })
  assert.equal(withField('k:7', 'k', '7'), 'k:7')
})

test('the members of a JSON line have paths; a plain line is all message', () => {
  assert.deepEqual(membersOf(BODY), {
    message: 'order taken',
    members: [
      ['level', 'INFO'],
      ['order.id', '7'],
      ['order.tags', '["a"]'],
      ['客户', 'Ana B'],
    ],
  })
  assert.deepEqual(membersOf('{broken').message, '{broken')
  assert.deepEqual(membersOf('[1]').members, [])
})

test('lines that come in are filtered as the server does', () => {
  const none = { words: [], fields: {}, levels: [] }
  assert.ok(isWanted(line(), none))
  assert.ok(isWanted(line(), { ...none, words: ['ORDER', 'taken'], fields: { 'order.id': '7' }, levels: ['info'] }))
  assert.ok(!isWanted(line(), { ...none, fields: { 'order.id': '8' } }))
  assert.ok(!isWanted(line(), { ...none, levels: ['error'] }))
  assert.ok(!isWanted(line(), { ...none, function: 'payments' }))
  assert.ok(!isWanted(line(), { ...none, request: 'r' }))
})

test('equal lines have keys of their own, and a line that comes twice is there once', () => {
  const lines = keyed([line(), line(), line({ time: '2' })])
  assert.equal(new Set(lines.map(({ key }) => key)).size, 3)
  assert.deepEqual(
    merged([line({ time: '3', received: '9' })], [line({ time: '3', received: '9' }), line()]).map(({ time }) => time),
    ['3', '1000000'],
  )
})

test('pages that overlap are one list, and equal lines of one page stay', () => {
  const [a, b, c] = ['3', '2', '1'].map((time) => line({ time }))
  const times = joined([
    [a!, b!, b!],
    [b!, c!],
  ]).map(({ time }) => time)
  assert.deepEqual(times, ['3', '2', '2', '1'])
})
