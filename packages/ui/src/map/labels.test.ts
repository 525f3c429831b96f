import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleCalls } from '../../../fnscope/src/api/console-types.ts'
import { kindMark, kindName, rate, trouble } from './labels.ts'

test('rates are of a minute, as exact as they are small', () => {
  assert.deepEqual([0, 0.0001, 0.01, 0.05, 0.5, 100].map(rate), [
    '0/min',
    '0.006/min',
    '0.6/min',
    '3.0/min',
    '30/min',
    '6,000/min',
  ])
})

test('the gravest trouble is named', () => {
  const calls = { count: 100, ok: 90, error: 8, throttle: 0, fault: 2 } as ConsoleCalls
  assert.equal(trouble(calls), '2.0 % fault')
  assert.equal(trouble({ ...calls, fault: 0 }), '8.0 % error')
  assert.equal(trouble({ ...calls, fault: 0, error: 0 }), '')
})

test('a type that nobody foresaw has a mark and a name', () => {
  assert.deepEqual([kindMark('AWS::Kinesis::Stream'), kindName('AWS::Kinesis::Stream')], ['KIN', 'Kinesis Stream'])
  assert.deepEqual([kindMark(''), kindMark('Database::SQL')], ['●', 'DB'])
})
