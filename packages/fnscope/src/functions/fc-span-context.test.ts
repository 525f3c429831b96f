import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeBaggages, spanContextOf, traceHeaderOf } from './fc-span-context.ts'

const cases: readonly (readonly [string | undefined, string | undefined])[] = [
  // zeros at the front of either id may be left out
  ['124ed43254b54966:4ed:0:1', 'Root=1-00000000-00000000124ed43254b54966;Parent=00000000000004ed;Sampled=1'],
  [
    'ABCDEF0123456789124ed43254b54966:124ed43254b54966:1:3',
    'Root=1-abcdef01-23456789124ed43254b54966;Parent=124ed43254b54966;Sampled=1',
  ],
  ['124ed43254b54966:4ed:0:0', 'Root=1-00000000-00000000124ed43254b54966;Parent=00000000000004ed;Sampled=0'],
  [undefined, undefined],
  ['', undefined],
  ['0:0:0:1', undefined],
  ['124ed43254b54966:4ed:0', undefined],
  ['not:a:span:context', undefined],
  [`${'1'.repeat(33)}:1:0:1`, undefined],
]

for (const [spanContext, header] of cases)
  test(`the span context ${JSON.stringify(spanContext)} is ${header ?? 'none'}`, () => {
    assert.equal(traceHeaderOf(spanContext), header)
  })

test('a handler is told of the span it runs under, with as many digits as its caller sent', () => {
  const segmentId = 'aaaaaaaaaaaaaaaa'
  const short = { traceId: '0000000000000000124ed43254b54966', recorded: true, segmentId }
  assert.equal(spanContextOf(short, 'bbbbbbbbbbbbbbbb'), '124ed43254b54966:bbbbbbbbbbbbbbbb:aaaaaaaaaaaaaaaa:1')
  const long = { ...short, traceId: 'f'.repeat(32) }
  assert.equal(spanContextOf(long, 'bbbbbbbbbbbbbbbb'), `${'f'.repeat(32)}:bbbbbbbbbbbbbbbb:${segmentId}:1`)
  assert.equal(spanContextOf({ ...long, recorded: false }, 'bbbbbbbbbbbbbbbb'), '')
})

test('baggage is base64 of JSON, and nothing where there is none', () => {
  assert.equal(encodeBaggages({}), '')
  assert.equal(Buffer.from(encodeBaggages({ user: '张三' }), 'base64').toString(), '{"user":"张三"}')
})
