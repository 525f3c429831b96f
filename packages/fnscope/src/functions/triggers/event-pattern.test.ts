import assert from 'node:assert/strict'
import test from 'node:test'
import { inputOf, matchesPattern, parsePattern } from './event-pattern.ts'

const event = {
  source: 'shop',
  detail: { kind: 'order', total: 120, tags: ['new', 'gift'], file: 'in/a.png', user: { name: 'Ada' }, gone: null },
}

for (const [pattern, fits] of [
  ['{"source":["shop"]}', true],
  ['{"source":["other","shop"]}', true],
  ['{"source":["Shop"]}', false],
  ['{"detail":{"kind":["order"],"total":[120]}}', true],
  ['{"detail":{"tags":["gift"]}}', true],
  ['{"detail":{"tags":["old"]}}', false],
  ['{"detail":{"file":[{"prefix":"in/"}]}}', true],
  ['{"detail":{"file":[{"suffix":".PNG"}]}}', false],
  ['{"detail":{"file":[{"suffix":{"equals-ignore-case":".PNG"}}]}}', true],
  ['{"detail":{"file":[{"wildcard":"in/*.png"}]}}', true],
  ['{"detail":{"total":[{"numeric":[">",100,"<=",120]}]}}', true],
  ['{"detail":{"total":[{"numeric":["<",100]}]}}', false],
  ['{"detail":{"kind":[{"anything-but":"refund"}]}}', true],
  ['{"detail":{"kind":[{"anything-but":["order","refund"]}]}}', false],
  ['{"detail":{"kind":[{"anything-but":{"prefix":"ord"}}]}}', false],
  ['{"detail":{"coupon":[{"exists":false}]}}', true],
  ['{"detail":{"kind":[{"exists":false}]}}', false],
  ['{"detail":{"gone":[null]}}', true],
  ['{"detail":{"user":{"name":[{"equals-ignore-case":"ADA"}]}}}', true],
  ['{"$or":[{"source":["other"]},{"detail":{"total":[120]}}]}', true],
  ['{"detail":{"kind":[{"unheard-of":1}]}}', false],
] as const)
  test(`${pattern} ${fits ? 'fits' : 'does not fit'}`, () => {
    assert.equal(matchesPattern(parsePattern(pattern), event), fits)
  })

test('text that is no JSON object is no pattern', () => {
  assert.throws(() => parsePattern('["a"]'), SyntaxError)
  assert.throws(() => parsePattern('{'), SyntaxError)
})

test('a target gets the event, a part of it, its own input, or a template filled in', () => {
  assert.equal(inputOf(event, {}), JSON.stringify(event))
  assert.equal(inputOf(event, { inputPath: '$.detail.tags[1]' }), '"gift"')
  assert.equal(inputOf(event, { inputPath: '$.detail.none' }), 'null')
  assert.equal(inputOf(event, { input: '{"a":1}' }), '{"a":1}')
  const paths = { kind: '$.detail.kind', total: '$.detail.total' }
  const filled = inputOf(event, {
    inputTransformer: { paths, template: '{"what": "<kind>", "n": <total>, "text": "a <kind>"}' },
  })
  assert.deepEqual(JSON.parse(filled), { what: 'order', n: 120, text: 'a order' })
  assert.equal(inputOf(event, { inputTransformer: { paths, template: 'one <kind>' } }), '"one order"')
})
