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
  const evaluation = new Evaluation((selector) => SERIES.filter(({ labels }) => fits(selector, labels)), {
    startMs: ms,
    endMs: ms,
  })
  const value = evaluation.at(expression, ms)
  if (typeof value !== 'object') return value
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
  // Other times.
  ['calls_total{fn="a"} offset 15s', { 'calls_total prod a': 30 }],
  ['calls_total{fn="a"} @ 15', { 'calls_total prod a': 10 }],
  ['calls_total{fn="a"} @ 30 offset -15s', { 'calls_total prod a': 30 }],
  ['calls_total{fn="a"} offset 30s @ end()', { 'calls_total prod a': 20 }],
  // 20 and 30 at 30 and 45 s of (15, 45]: 10 in 15 s, and the range is twice as long.
  ['rate(calls_total{fn="a"}[30s] offset 15s)', { 'prod a': 0.666666667 }],
  ['min_over_time(calls_total{fn="a"}[45s:15s])', { 'prod a': 20 }],
  ['sum_over_time(temp[1m:30s])', { a: 9 }],
  ['max_over_time(sum(calls_total)[1m:15s] offset 15s)', { '': 35 }],
  ['max_over_time(temp[30s:15s] @ 30)', { a: 4 }],
  ['count_over_time(vector(1)[1m:10s])', { '': 6 }],
  ['sum_over_time(time()[1m:])', { '': 60 }],
  ['timestamp(temp offset 20s)', { a: 30 }],
  ['timestamp(-temp)', { a: 60 }],
  // Aggregations.
  ['topk(1, calls_total)', { 'calls_total prod a': 40 }],
  ['topk(2, calls_total) without (env, fn)', { 'calls_total prod a': 40, 'calls_total prod b': 6 }],
  ['topk(0.9, calls_total)', {}],
  ['bottomk by (env) (1, calls_total)', { 'calls_total prod b': 6, 'calls_total dev 한국': 1 }],
  ['quantile(0.25, calls_total)', { '': 3.5 }],
  ['quantile by (env) (1, calls_total)', { prod: 40, dev: 1 }],
  ['stddev(calls_total{env="prod"})', { '': 17 }],
  ['stdvar by (env) (calls_total)', { prod: 289, dev: 0 }],
  ['group by (env) (calls_total)', { prod: 1, dev: 1 }],
  ['count_values("is", errors_total)', { 3: 1, 4: 1 }],
  ['count_values by (env) ("is", errors_total > bool 0)', { 'prod 1': 2 }],
  // Which series belong together.
  ['calls_total and errors_total', { 'calls_total prod a': 40, 'calls_total prod b': 6 }],
  ['calls_total AND ON (fn) temp', { 'calls_total prod a': 40 }],
  ['calls_total unless errors_total', { 'calls_total dev 한국': 1 }],
  ['errors_total or calls_total', { 'errors_total prod a': 4, 'errors_total prod b': 3, 'calls_total dev 한국': 1 }],
  ['vector(1) or vector(2) and vector(3)', { '': 1 }],
  ['errors_total{fn="x"} or vector(0)', { '': 0 }],
  ['calls_total / on (fn) temp', { a: 8 }],
  ['calls_total / ignoring (env) temp', { a: 8 }],
  ['calls_total > on (fn) temp', { a: 40 }],
  ['calls_total > bool on (fn) temp', { a: 1 }],
  [
    'calls_total / on (env) group_left sum by (env) (calls_total)',
    { 'prod a': 0.869565217, 'prod b': 0.130434783, 'dev 한국': 1 },
  ],
  ['temp - on (fn) group_right () calls_total', { 'prod a': -35 }],
  ['temp * on (fn) group_left (env) errors_total', { 'prod a': 20 }],
  ['temp < on (fn) group_right calls_total', { 'calls_total prod a': 5 }],
  ['vector(1) atan2 vector(1)', { '': 0.785398163 }],
  // Functions.
  ['clamp(temp, 1, 3)', { a: 3 }],
  ['round(temp / 3, 0.1)', { a: 1.7 }],
  ['round(-temp / 2)', { a: -2 }],
  ['sgn(-temp) + sqrt(temp - 1) + ln(exp(temp)) + log2(temp + 3) + log10(temp * 20)', { a: 11 }],
  ['deg(vector(pi()))', { '': 180 }],
  ['scalar(temp) + 1', 6],
  ['scalar(calls_total)', NaN],
  ['absent(nothing{fn="x", env=~"a", le="1", le="2"})', { x: 1 }],
  ['absent(temp)', {}],
  ['absent_over_time(nothing{fn="x"}[5m])', { x: 1 }],
  ['absent_over_time(temp[5m])', {}],
  ['label_replace(temp, "short", "$1-${rest}$$", "fn", "(.)(?<rest>.*)")', { 'temp a a-$': 5 }],
  ['label_replace(temp, "short", "no", "fn", "b")', { 'temp a': 5 }],
  ['label_replace(temp, "fn", "", "", "")', { temp: 5 }],
  ['label_join(calls_total{fn="a"}, "both", "/", "env", "fn", "none")', { 'calls_total prod/a/ prod a': 40 }],
  ['changes(errors_total{fn="a"}[1m])', { 'prod a': 3 }],
  ['resets(calls_total{fn="b"}[1m])', { 'prod b': 1 }],
  ['deriv(calls_total{fn="a"}[1m])', { 'prod a': 0.666666667 }],
  ['predict_linear(calls_total{fn="a"}[1m], 60)', { 'prod a': 80 }],
  ['predict_linear(calls_total{fn="a"}[30s] offset 15s, 0)', { 'prod a': 40 }],
  ['idelta(temp[1m])', { a: 6 }],
  ['stddev_over_time(temp[30s]) + stdvar_over_time(temp[30s])', { a: 12 }],
  ['quantile_over_time(0.5, temp[1m])', { a: 1.5 }],
  ['present_over_time(temp[1m])', { a: 1 }],
  ['first_over_time(temp[1m])', { 'temp a': -1 }],
  ['hour() + minute()', { '': 1 }],
  ['day_of_week(vector(0)) + days_in_month(vector(1706745600)) + year(vector(0))', { '': 4 + 29 + 1970 }],
  [
    'day_of_year(vector(1709251199)) + month(vector(1709251199)) + day_of_month(vector(1709251199))',
    { '': 60 + 2 + 29 },
  ],
  ['vector(5m30s)', { '': 330 }],
  ['calls_total{fn=~"(?i)A"}', { 'calls_total prod a': 40 }],
  ['"a \\u00e9 \\x41"', 'a é A'],
  ['sort_desc(temp)', { 'temp a': 5 }],
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
  const evaluation = new Evaluation(() => [ended], { startMs: 0, endMs: 60 * SECOND })
  assert.deepEqual(evaluation.at(parsePromql('temp'), 60 * SECOND), [])
  assert.deepEqual(evaluation.at(parsePromql('count_over_time(temp[1m])'), 60 * SECOND), [
    { labels: { fn: 'a' }, value: 3 },
  ])
})

const REFUSED: readonly (readonly [query: string, message: RegExp])[] = [
  ['limitk(3, calls_total)', /1:1: .*aggregation limitk is not supported/],
  ['holt_winters(a[1h], 1, 1)', /function holt_winters is not supported/],
  ['calls_total offset 5m offset 1m', /may not be set multiple times/],
  ['1 offset 5m', /offset must be preceded by/],
  ['calls_total @ noon', /expected a timestamp/],
  ['calls_total offset 5m [5m]', /no offset and no @ modifiers allowed before range/],
  ['sum(calls_total)[5m]', /ranges only allowed for vector selectors/],
  ['calls_total[5m:1m:1m]', /expected "]"/],
  ['calls_total[0s]', /duration must be greater than 0/],
  ['calls_total[5mm]', /bad number or duration syntax: "5mm"/],
  ['rate(calls_total[5m])[5m][5m:]', /ranges only allowed/],
  ['sum(calls_total, errors_total)', /wanted 1, got 2/],
  ['topk(calls_total, calls_total)', /expected type scalar in aggregation parameter of topk/],
  ['count_values(1, calls_total)', /expected type string/],
  ['sum(1)', /expected type instant vector/],
  ['1 and calls_total', /set operator "and" not allowed in binary scalar expression/],
  ['calls_total and on (fn) group_left errors_total', /no grouping allowed for "and"/],
  ['calls_total * bool 2', /bool modifier can only be used on comparison operators/],
  ['calls_total * on (fn) 2', /vector matching only allowed between instant vectors/],
  ['calls_total * on (fn) group_left (fn) temp', /must not occur in ON and GROUP/],
  ['calls_total[5m] + 1', /only scalar and instant vector/],
  ['-"text"', /unary expression only allowed/],
  [
    'calls_total * on (env) errors_total',
    /duplicate series for the match group {env="prod"} on the right hand-side of the operation;many-to-many/,
  ],
  ['calls_total * on (env) sum by (env) (errors_total)', /many-to-one matching must be explicit/],
  ['label_replace(temp, "a b", "$1", "fn", "")', /invalid destination label name/],
  ['label_replace(calls_total, "fn", "same", "env", "prod")', /same labelset/],
  ['clamp(temp, 1)', /expected 3 argument\(s\)/],
  ['label_join(temp, "a")', /expected at least 3 argument/],
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
