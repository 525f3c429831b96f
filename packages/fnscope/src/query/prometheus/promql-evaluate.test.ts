import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluation } from './promql-evaluate.ts'
import { parsePromql } from './promql-parse.ts'
import { labelsKey, type Series } from './promql-series.ts'
import { PromqlError } from './promql-syntax.ts'
import { fits } from './prometheus-source.ts'

const SECOND = 1000

/** Samples every 15 s from 0 on. */
function series(name: string, labels: Readonly<Record<string, string>>, values: readonly number[]): Series {
  return {
    labels: { __name__: name, ...labels },
    times: values.map((_, index) => index * 15 * SECOND),
    values: [...values],
    staleTimes: new Set(),
  }
}

const SERIES: readonly Series[] = [
  series('calls_total', { fn: 'a', env: 'prod' }, [0, 10, 20, 30, 40]),
  series('calls_total', { fn: 'b', env: 'prod' }, [5, 8, 2, 4, 6]),
  series('calls_total', { fn: '한국', env: 'dev' }, [1, 1, 1, 1, 1]),
  series('errors_total', { fn: 'a', env: 'prod' }, [0, 0, 1, 2, 4]),
  series('errors_total', { fn: 'b', env: 'prod' }, [0, 0, 0, 0, 3]),
  series('temp', { fn: 'a' }, [3, -1, 4, -1, 5]),
  series('lat_bucket', { fn: 'a', le: '0.1' }, [20, 20, 20, 20, 20]),
  series('lat_bucket', { fn: 'a', le: '0.5' }, [60, 60, 60, 60, 60]),
  series('lat_bucket', { fn: 'a', le: '1' }, [90, 90, 90, 90, 90]),
  series('lat_bucket', { fn: 'a', le: '+Inf' }, [100, 100, 100, 100, 100]),
]

/** At 60 s: label values → value. */
function ask(query: string, ms = 60 * SECOND): unknown {
  const expression = parsePromql(query)
  const evaluation = new Evaluation((selector) => SERIES.filter(({ labels }) => fits(selector, labels)))
  const value = evaluation.at(expression, ms)
  if (typeof value === 'number') return value
  const rounded = value.map((sample) => [labelsKey(sample.labels), Math.round(sample.value * 1e9) / 1e9] as const)
  return Object.fromEntries(
    rounded.map(([key, number]) => [
      (JSON.parse(key) as readonly (readonly [string, string])[]).map(([, one]) => one).join(' '),
      number,
    ]),
  )
}

// query at 60 s, answer by hand
const CASES: readonly (readonly [string, unknown])[] = [
  ['1 + 2 * 3 ^ 2 ^ 0.5 - -1', 1 + 2 * 3 ** (2 ** 0.5) + 1],
  ['(1 + 2) * 3 % 4', 1],
  ['-2 ^ 2', -4],
  ['2 > bool 1', 1],
  ['calls_total{fn="a"}', { 'calls_total prod a': 40 }],
  ['calls_total{env!="prod"}', { 'calls_total dev 한국': 1 }],
  ['{__name__=~"calls.*", fn=~"a|b"}', { 'calls_total prod a': 40, 'calls_total prod b': 6 }],
  ['calls_total{fn!~"[ab]"}', { 'calls_total dev 한국': 1 }],
  ['calls_total{fn="한국"} * 2', { 'dev 한국': 2 }],
  ['calls_total{nothing=""}', { 'calls_total prod a': 40, 'calls_total prod b': 6, 'calls_total dev 한국': 1 }],
  // Left-open range: 15 to 60 s, 45 s between the samples and 60 s asked for. 30/45*(45+15)/60: the first sample is at
  // 15 s from the start, which is less than 1.1 times the 15 s between samples.
  ['rate(calls_total{fn="a"}[1m])', { 'prod a': 0.666666667 }],
  ['increase(calls_total{fn="a"}[1m])', { 'prod a': 40 }],
  // 8, 2, 4, 6: a reset; 6 - 8 + 8 = 6, to the start no more than where it would be 0: 45 * 8 / 6 = 60 s > 15 s.
  ['increase(calls_total{fn="b"}[1m])', { 'prod b': 8 }],
  // 0, 1, 2, 4: from the start nothing is added, the counter was 0 there.
  ['increase(errors_total{fn="a"}[1m])', { 'prod a': 4 }],
  ['irate(calls_total{fn="a"}[1m])', { 'prod a': 0.666666667 }],
  ['irate(calls_total{fn="b"}[30s])', { 'prod b': 0.133333333 }],
  ['delta(temp[1m])', { a: 8 }],
  ['rate(calls_total{fn="a"}[15s])', {}],
  ['sum_over_time(temp[1m])', { a: 7 }],
  ['avg_over_time(temp[1m])', { a: 1.75 }],
  ['min_over_time(temp[1m])', { a: -1 }],
  ['max_over_time(temp[1m])', { a: 5 }],
  ['count_over_time(temp[1m])', { a: 4 }],
  ['last_over_time(temp[1m])', { 'temp a': 5 }],
  ['sum(calls_total)', { '': 47 }],
  ['sum by (env) (calls_total)', { prod: 46, dev: 1 }],
  ['sum(calls_total) by (env)', { prod: 46, dev: 1 }],
  ['sum without (fn) (calls_total)', { prod: 46, dev: 1 }],
  ['avg by (env) (calls_total)', { prod: 23, dev: 1 }],
  ['max(calls_total)', { '': 40 }],
  ['min by (env) (calls_total)', { prod: 6, dev: 1 }],
  ['count(calls_total)', { '': 3 }],
  ['sum(rate(calls_total[1m])) by (env)', { prod: 48 / 60, dev: 0 }],
  ['100 * errors_total / calls_total', { 'prod a': 10, 'prod b': 50 }],
  ['calls_total > 5', { 'calls_total prod a': 40, 'calls_total prod b': 6 }],
  ['calls_total > bool 5', { 'prod a': 1, 'prod b': 1, 'dev 한국': 0 }],
  ['5 < calls_total', { 'calls_total prod a': 40, 'calls_total prod b': 6 }],
  ['calls_total == errors_total', {}],
  ['errors_total != calls_total', { 'errors_total prod a': 4, 'errors_total prod b': 3 }],
  ['-temp', { a: -5 }],
  ['abs(-temp) + ceil(temp) - floor(temp)', { a: 5 }],
  ['clamp_max(temp, 2) + clamp_min(temp, 9)', { a: 11 }],
  ['vector(1) + vector(1)', { '': 2 }],
  ['time()', 60],
  // 50 of 100 lie in (0.1, 0.5]: 0.1 + 0.4 * (50 - 20) / 40
  ['histogram_quantile(0.5, lat_bucket)', { a: 0.4 }],
  ['histogram_quantile(0.1, lat_bucket)', { a: 0.05 }],
  ['histogram_quantile(0.99, sum by (le) (lat_bucket))', { '': 1 }],
  ['histogram_quantile(2, lat_bucket)', { a: Infinity }],
  ['histogram_quantile(0.9, temp)', {}],
  ['nothing_here', {}],
]

for (const [query, expected] of CASES)
  test(query, () => {
    assert.deepEqual(ask(query), expected)
  })

test('a value is seen for five minutes, and no longer once its series was said to end', () => {
  const instant = (ms: number): unknown => ask('temp', ms)
  assert.deepEqual(instant(60 * SECOND + 299 * SECOND), { 'temp a': 5 })
  assert.deepEqual(instant(60 * SECOND + 300 * SECOND), {})
  const ended = { ...SERIES[5]!, staleTimes: new Set([60 * SECOND]) }
  const evaluation = new Evaluation(() => [ended])
  assert.deepEqual(evaluation.at(parsePromql('temp'), 60 * SECOND), [])
  assert.deepEqual(evaluation.at(parsePromql('count_over_time(temp[1m])'), 60 * SECOND), [
    { labels: { fn: 'a' }, value: 3 },
  ])
})

const REFUSED: readonly (readonly [query: string, message: RegExp])[] = [
  ['calls_total offset 5m', /offset is not supported/],
  ['calls_total @ 100', /@ is not supported/],
  ['rate(calls_total[5m:1m])', /expected "]"|subquery is not supported|expected a duration/],
  ['sum(calls_total)[5m:]', /expected|subquery/],
  ['topk(3, calls_total)', /aggregation topk is not supported/],
  ['quantile by (a) (0.5, calls_total)', /aggregation quantile is not supported/],
  ['label_replace(a, "b", "c", "d", "e")', /function label_replace is not supported/],
  ['predict_linear(a[1h], 1)', /function predict_linear is not supported/],
  ['calls_total and errors_total', /and is not supported/],
  ['calls_total / on (fn) errors_total', /on is not supported/],
  ['calls_total / ignoring (fn) errors_total', /ignoring is not supported/],
  ['rate(calls_total)', /expected type range vector/],
  ['sum(calls_total[5m]', /expected/],
  ['{}', /non-empty matcher/],
  ['{fn=~".*"}', /non-empty matcher/],
  ['calls_total{fn=}', /expected a text in quotes/],
  ['calls_total{fn~"a"}', /unexpected character/],
  ['calls_total{fn=~"("}', /no regular expression/],
  ['1 +', /end of input/],
  ['1 > 2', /BOOL/],
  ['$x', /unexpected character/],
  ['"text"', /a text as a value is not supported/],
  ['a b', /expected an operator/],
  ['('.repeat(2000) + '1' + ')'.repeat(2000), /nested too deep/],
  ['-'.repeat(5000) + '1', /nested too deep/],
]

for (const [query, message] of REFUSED)
  test(`${query.slice(0, 40)} is refused`, () => {
    assert.throws(
      () => ask(query),
      (error) => {
        assert.ok(error instanceof PromqlError, String(error))
        assert.match(error.message, message)
        return true
      },
    )
  })

test('two series that would be the same without their name are refused', () => {
  assert.throws(() => ask('rate({fn="a", env="prod"}[1m])'), /same labelset/)
  assert.throws(() => ask('temp + {fn="a", env="prod"} * 1'), /same labelset/)
})
