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
    inputTransformer: {
      paths,
      template: '{"what": "<kind>", "same": <kind>, "n": <total>, "text": "a <kind> \\"<other>"}',
    },
  })
  assert.deepEqual(JSON.parse(filled), { what: 'order', same: 'order', n: 120, text: 'a order "<other>' })
  const whole = { paths: {}, template: '{"all": <aws.events.event.json>, "envelope": <aws.events.event>}' }
  assert.deepEqual(JSON.parse(inputOf(event, { inputTransformer: whole })), {
    all: event,
    envelope: { source: 'shop' },
  })
  assert.equal(
    inputOf({ a: 'say "no"' }, { inputTransformer: { paths: { a: '$.a' }, template: '<a>' } }),
    '"say \\"no\\""',
  )
  assert.equal(inputOf(event, { inputTransformer: { paths, template: 'one <kind>' } }), '"one order"')
})

test('networks, and what is anything but several beginnings or ends', () => {
  const cases: [pattern: string, event: object, fits: boolean][] = [
    ['{"ip":[{"cidr":"10.0.0.0/24"}]}', { ip: '10.0.0.255' }, true],
    ['{"ip":[{"cidr":"10.0.0.0/24"}]}', { ip: '10.0.1.0' }, false],
    ['{"ip":[{"cidr":"fd00::/8"}]}', { ip: 'fd12::1' }, true],
    ['{"ip":[{"cidr":"fd00::/8"}]}', { ip: 'localhost' }, false],
    ['{"a":[{"anything-but":{"prefix":["x","y"]}}]}', { a: 'yes' }, false],
    ['{"a":[{"anything-but":{"suffix":"s"}}]}', { a: 'no' }, true],
    ['{"a":[{"anything-but":{"wildcard":"*/b"}}]}', { a: 'a/b' }, false],
    ['{"a":[{"anything-but":{"equals-ignore-case":["NO"]}}]}', { a: 'no' }, false],
    ['{"a":[{"anything-but":"x"}]}', {}, false],
    ['{"$or":[{"a":[1]},{"b":[{"numeric":[">",0,"<=",5]}]}]}', { b: 5 }, true],
    ['{"$or":[{"a":[1]},{"b":[{"numeric":[">",0,"<=",5]}]}]}', { b: 0 }, false],
  ]
  for (const [pattern, event, fits] of cases) assert.equal(matchesPattern(parsePattern(pattern), event), fits, pattern)
})

test('what is no pattern is refused, saying where', () => {
  for (const [text, said] of [
    ['[]', /JSON object/],
    ['{"a":"b"}', /"a" must be/],
    ['{"a":{"b":[]}}', /"a\.b" must be/],
    ['{"a":[["b"]]}', /"a": .* not a list/],
    ['{"a":[{"like":"b"}]}', /"a": .*like/],
    ['{"a":[{"constructor":1}]}', /"a": .*constructor/],
    ['{"a":[{"prefix":"b","suffix":"c"}]}', /"a": /],
    ['{"a":[{"numeric":[">"]}]}', /numeric does not take/],
    ['{"a":[{"cidr":"10.0.0.0/33"}]}', /cidr does not take/],
    ['{"a":[{"anything-but":{"numeric":[1]}}]}', /anything-but does not take/],
    ['{"$or":[{"a":[1]}]}', /two patterns/],
  ] as const)
    assert.throws(() => parsePattern(text), { name: 'SyntaxError', message: said })
})
