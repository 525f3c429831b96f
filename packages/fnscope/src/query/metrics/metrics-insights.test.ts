import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MathError } from './metric-series.ts'
import { parseMetricsInsights, type ReadMetric } from './metrics-insights.ts'

const metric = (dimensions: Readonly<Record<string, string>>, ...sums: readonly number[]): ReadMetric => ({
  dimensions,
  periods: sums.map((sum, i) => ({
    startNanos: BigInt(i * 60) * 10n ** 9n,
    unit: '',
    count: 2,
    sum,
    min: sum / 4,
    max: sum,
    values: [],
  })),
})

test('a query says which metrics it means', () => {
  const meets = (from: string, dimensions: Readonly<Record<string, string>>): boolean =>
    parseMetricsInsights(`select avg("a b") from ${from}`).meets(dimensions)
  assert.ok(meets('"AWS/Lambda"', { a: '1', b: '2' }))
  assert.ok(meets('SCHEMA("AWS/Lambda")', {}) && !meets('SCHEMA("AWS/Lambda")', { a: '1' }))
  assert.ok(meets('schema(X, b, a)', { a: '1', b: '2' }) && !meets('SCHEMA(X, a)', { a: '1', b: '2' }))
  assert.ok(meets("X WHERE a = '1' AND \"b\"\"\" != 'it''s'", { a: '1', 'b"': '2' }))
  assert.ok(!meets("X WHERE a != 'it''s'", { a: "it's" }) && !meets("X WHERE b != '1'", { a: '1' }))
  const { namespace, name } = parseMetricsInsights('SELECT SUM("a ""b""") FROM "x/y"')
  assert.deepEqual([namespace, name], ['x/y', 'a "b"'])
})

test('periods are added up by group, ordered by the points of each, and cut', () => {
  const read = [
    metric({ f: '商店', v: '1' }, 8, 4),
    metric({ f: '商店', v: '2' }, 40),
    metric({ f: 'b' }, 100),
    metric({}, 4),
  ]
  const series = (text: string): unknown =>
    parseMetricsInsights(text)
      .series(read, 60)
      .map(({ label, points }) => [label, [...points]])
  assert.deepEqual(series('SELECT AVG(x) FROM X'), [
    [
      '',
      [
        [0, 19],
        [60, 2],
      ],
    ],
  ])
  assert.deepEqual(series('SELECT SUM(x) FROM X GROUP BY f ORDER BY MAX() DESC'), [
    ['b', [[0, 100]]],
    [
      '商店',
      [
        [0, 48],
        [60, 4],
      ],
    ],
    ['Other', [[0, 4]]],
  ])
  assert.deepEqual(series('SELECT MIN(x) FROM X GROUP BY f, v ORDER BY SUM() LIMIT 2'), [
    ['Other Other', [[0, 1]]],
    [
      '商店 1',
      [
        [0, 2],
        [60, 1],
      ],
    ],
  ])
  assert.deepEqual(series('SELECT COUNT(x) FROM X GROUP BY f ORDER BY COUNT() ASC LIMIT 1'), [['Other', [[0, 2]]]])
})

test('what it cannot be is refused with what was found and where', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['SELECT P99(x) FROM X', /AVG, COUNT.*"P99\(x\).*character 8\)/],
    ['SELECT AVG(x)', /expected FROM, and the query ends \(character 14\)/],
    ['SELECT AVG(x) FROM X WHERE a > 1', /expected = or !=.*"> 1".*character 30/],
    ['SELECT AVG(x) FROM X WHERE a IN (1)', /expected = or !=/],
    ['SELECT AVG(x) FROM X WHERE tag.env = 1', /tags and accounts.*character 31/],
    ['SELECT AVG(x) FROM X WHERE a = "b"', /text in single quotes/],
    ["SELECT AVG(x) FROM X WHERE a = 'b' OR c = 'd'", /the end of the query.*"OR c/],
    ['SELECT AVG(x) FROM X LIMIT 501', /a number from 1 to 500.*"501"/],
    ['SELECT AVG(x) FROM X GROUP BY a LIMIT 1 ORDER BY SUM()', /in the order WHERE/],
    ['SELECT AVG(x) FROM AWS/Lambda', /"\/Lambda".*character 23/],
  ]
  for (const [text, message] of refused)
    assert.throws(
      () => parseMetricsInsights(text),
      (error) => error instanceof MathError && message.test(error.message),
      text,
    )
})
