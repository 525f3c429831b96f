import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FnscopeError } from '../errors.ts'
import { parseLogfmt } from './logfmt.ts'
import { parseTraceQl } from './traceql.ts'

const parse = (text: string): unknown => parseTraceQl(text, new Set())

test('an empty set of conditions is every trace', () => {
  assert.equal(parse('{}'), undefined)
  assert.equal(parse(' {  } '), undefined)
})

test('conditions joined by && are asked of one span', () => {
  assert.deepEqual(parse('{ resource.service.name = "주문 & co" && duration > 1.5s && .http.status_code >= 500 }'), {
    is: 'and',
    of: [
      {
        is: 'span',
        where: {
          is: 'and',
          of: [
            { is: 'text', field: 'service', op: '=', value: '주문 & co' },
            { is: 'number', field: 'duration', op: '>', value: 1_500_000_000n },
            { is: 'number', field: 'httpStatus', op: '>=', value: 500 },
          ],
        },
      },
    ],
  })
  assert.deepEqual(parse('{name=`GET "x"`&&span."a b"="c\\"}d"}'), {
    is: 'and',
    of: [
      {
        is: 'span',
        where: {
          is: 'and',
          of: [
            { is: 'text', field: 'name', op: '=', value: 'GET "x"' },
            { is: 'annotation', key: 'a b', op: '=', value: 'c"}d' },
          ],
        },
      },
    ],
  })
})

test('what is asked of the trace stands beside', () => {
  assert.deepEqual(parse('{ rootServiceName = "web" && traceDuration < 2s && kind = server }'), {
    is: 'and',
    of: [
      { is: 'span', where: { is: 'and', of: [{ is: 'number', field: 'kind', op: '=', value: 2 }] } },
      { is: 'root', where: { is: 'text', field: 'service', op: '=', value: 'web' } },
      { is: 'duration', op: '<', nanos: 2_000_000_000n },
    ],
  })
})

test('|| parts what is asked of one span from what is asked of another, and && binds tighter', () => {
  const named = (value: string): unknown => ({
    is: 'and',
    of: [{ is: 'span', where: { is: 'and', of: [{ is: 'text', field: 'name', op: '=', value }] } }],
  })
  assert.deepEqual(parse('{ name = "a" || name = "b" }'), { is: 'or', of: [named('a'), named('b')] })
  const { of } = parse('{ name = "a" && kind = server || rootName = "b" }') as { readonly of: readonly unknown[] }
  assert.deepEqual(of.length, 2)
  assert.deepEqual(of[1], {
    is: 'and',
    of: [{ is: 'root', where: { is: 'text', field: 'name', op: '=', value: 'b' } }],
  })
})

test('a choice of values is any of them, and unlike a value is what every span has otherwise', () => {
  const service = (value: string): unknown => ({ is: 'text', field: 'service', op: '=', value })
  const spanOf = (where: unknown): unknown => ({ is: 'and', of: [{ is: 'span', where: { is: 'and', of: [where] } }] })
  const either = { is: 'or', of: [service('shop.eu'), service('주문|x')] }
  assert.deepEqual(parse('{ resource.service.name =~ "shop\\\\.eu|주문\\\\|x" }'), spanOf(either))
  assert.deepEqual(parse('{ resource.service.name !~ `^(shop\\.eu|주문\\|x)$` }'), spanOf({ is: 'not', of: either }))
  assert.deepEqual(
    parse('{ resource.service.name != "shop" }'),
    spanOf({ is: 'not', of: { is: 'or', of: [service('shop')] } }),
  )
  assert.deepEqual(parse('{ rootServiceName =~ "a|b" }'), {
    is: 'and',
    of: [
      {
        is: 'or',
        of: ['a', 'b'].map((value) => ({ is: 'root', where: { is: 'text', field: 'service', op: '=', value } })),
      },
    ],
  })
})

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['', /this it cannot: \(the end\)/],
  ['name = "x"', /this it cannot: name = "x"/],
  ['{ name = "x" } && { name = "y" }', /this it cannot/],
  ['{ name = "x" } | count() > 2', /this it cannot/],
  ['{ (name = "x") }', /this it cannot/],
  ['{ name = "x" && }', /this it cannot/],
  ['{ name =~ "x.*" }', /a choice of texts, "shop\|cart", not "x\.\*" behind name/],
  ['{ name =~ "a|[bc]" }', /a choice of texts/],
  ['{ name =~ "\\\\d" }', /a choice of texts/],
  ['{ .colour != "red" }', /compares \.colour by = alone, not by !=/],
  ['{ .colour !~ "red|blue" }', /not by !~/],
  ['{ .items > 3 }', /compares \.items by = alone/],
  ['{ colour = "red" }', /does not know colour/],
  ['{ status = bad }', /status is error, ok or unset/],
  ['{ kind = bad }', /kind is one of/],
  ['{ duration > 5 }', /no duration like/],
  ['{ .http.status_code = "ok" }', /compared with a number/],
  [`{ ${Array.from({ length: 101 }, () => 'name = "x"').join(' && ')} }`, /More than 100 conditions/],
]
for (const [text, message] of REFUSED)
  test(`TraceQL ${JSON.stringify(text.slice(0, 40))} is refused with the reason`, () => {
    assert.throws(
      () => parse(text),
      (error) => error instanceof FnscopeError && message.test(error.message),
    )
  })

test('tags are read as logfmt', () => {
  assert.deepEqual(parseLogfmt('service.name=shop  customer="客户 \\"1\\"" empty='), [
    ['service.name', 'shop'],
    ['customer', '客户 "1"'],
    ['empty', ''],
  ])
  assert.deepEqual(parseLogfmt(''), [])
  for (const wrong of ['shop', '=x', 'a="b', 'a="b"c'])
    assert.throws(() => parseLogfmt(wrong), /'tags' wants key=value/)
})
