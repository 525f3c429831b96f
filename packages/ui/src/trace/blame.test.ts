import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { blameOf } from './blame.ts'
import { buildTree, FLAG } from './rows.ts'
import { sampleColumns, type SampleSpan } from './sample-columns.ts'

const segment = FLAG.segment
const whose = (spans: readonly Omit<SampleSpan, 'startUs' | 'durationUs'>[]): (string | undefined)[] => {
  const tree = buildTree(sampleColumns(spans.map((span) => ({ startUs: 0, durationUs: 1, ...span }))))
  return spans.map((_, row) => blameOf(tree, row)?.whose)
}

test("an exception in the handler is the function's, in both of its segments", () => {
  const fault = FLAG.fault
  const spans = [
    { type: 'AWS::Lambda', flags: segment | fault },
    { parent: 0, type: 'AWS::Lambda::Function', flags: segment | fault },
    { parent: 1, name: '## handler', flags: fault },
  ]
  assert.deepEqual(whose(spans), ['function', 'function', 'function'])
})

test("without the function having failed it is the service's", () => {
  const spans = [
    { type: 'AWS::Lambda', flags: segment | FLAG.fault },
    { parent: 0, type: 'AWS::Lambda::Function', flags: segment },
  ]
  assert.deepEqual(whose(spans), ['service', undefined])
})

test("a call that failed is the called service's, one that was throttled a throttle, a 4xx the caller's", () => {
  const spans = [
    { type: 'AWS::Lambda::Function', flags: segment },
    { parent: 0, type: 'aws', flags: FLAG.fault },
    { parent: 0, type: 'remote', flags: FLAG.throttle | FLAG.error },
    { parent: 0, type: 'remote', flags: FLAG.error },
  ]
  assert.deepEqual(whose(spans), [undefined, 'service', 'throttle', 'client'])
})
