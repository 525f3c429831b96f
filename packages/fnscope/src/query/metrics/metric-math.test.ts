// Metric math over a few series whose results are calculated by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filledLabel } from './metric-labels.ts'
import { parseMath } from './metric-math.ts'
import { labelsOf, parseSearch } from './metric-search.ts'
import { isSeries, MathError, type TimeSeries } from './metric-series.ts'

function series(label: string, values: readonly (number | undefined)[]): TimeSeries {
  const points = values.flatMap((value, i) => (value === undefined ? [] : [[i * 60, value] as const]))
  return { label, periodSeconds: 60, points: new Map(points) }
}

const GIVEN: Readonly<Record<string, TimeSeries>> = {
  m1: series('m1', [10, 20, undefined, 40, 0]),
  m2: series('m2', [1, 2, 3, undefined, 5]),
  e1: series('e1', []),
}

/** Values by minute, `-` where there is none. */
function ask(expression: string): unknown {
  const value = parseMath(expression).calculate({
    find: (id) => GIVEN[id],
    metrics: (part) => Object.entries(GIVEN).flatMap(([id, one]) => (id.includes(part) ? [one] : [])),
    found: () => [GIVEN['m2']!],
    times: () => [0, 60, 120, 180, 240],
  })
  const shown = ({ points }: TimeSeries): string =>
    [0, 60, 120, 180, 240].map((time) => round(points.get(time))).join(' ')
  if (typeof value === 'number') return round(value)
  return isSeries(value) ? shown(value) : value.map(shown)
}

const round = (value: number | undefined): number | string =>
  value === undefined ? '-' : Math.round(value * 1e6) / 1e6

const CASES: readonly (readonly [string, unknown])[] = [
  ['m1 + 2 * m2', '12 24 - - 10'],
  ['(m1 + 2) * m2 ^ 2', '12 88 - - 50'],
  ['2 ^ 3 ^ 2', 64],
  ['-m1 / m2', '-10 -10 - - 0'],
  ['m1 / (m2 - 5)', '-2.5 -6.666667 - - -'],
  ['m1 > 10', '0 1 - 1 0'],
  ['m1 >= 10 AND m2 < 2', '1 0 - - 0'],
  ['m1 == 0 || m2 == 1', '1 0 - - 1'],
  ['m1 <> 10 && 1 <= 2', '0 1 - 1 1'],
  ['m1 != 10 OR 0', '0 1 - 1 1'],
  ['IF(m1 > 15, m1, 0)', '0 20 - 40 0'],
  ['IF(m1 > 15, m2)', '- 2 - - -'],
  ['IF(m1, 1, m2)', '1 1 - 1 5'],
  ['IF(SUM(m1) > 5, m2, m1)', '1 2 3 - 5'],
  ['FILL(m1, 7)', '10 20 7 40 0'],
  ['FILL(m1, REPEAT)', '10 20 20 40 0'],
  ['FILL(m1, LINEAR)', '10 20 30 40 0'],
  ['FILL(e1, LINEAR)', '- - - - -'],
  ['FILL(METRICS("m"), 0)', ['10 20 0 40 0', '1 2 3 0 5']],
  ['SUM(METRICS())', '11 22 3 40 5'],
  ['AVG([m1, m2])', '5.5 11 3 40 2.5'],
  ['STDDEV(m1)', 14.790199],
  ['STDDEV([m1, m2])', '4.5 9 0 0 2.5'],
  ['DATAPOINT_COUNT(m1) + METRIC_COUNT(METRICS()) + PERIOD(m1)', 67],
  ['DATAPOINT_COUNT(METRICS())', '2 2 1 1 2'],
  ['RUNNING_SUM(m1)', '10 30 - 70 70'],
  ['DIFF(m1)', '- 10 - 20 -40'],
  ['DIFF_TIME(m1)', '- 60 - 120 60'],
  ['RATE(m2)', '- 0.016667 0.016667 - 0.016667'],
  ['LOG10(m1 * 10) + LOG(m2)', '2 2.994177 - - -'],
  ['CEIL(m1 / 3) - FLOOR(m1 / 3) + ABS(0 - m2)', '2 3 - - 5'],
  [
    'MINUTE(m1) + HOUR(m1) + DAY(m1) * 100 + MONTH(m1) * 1000 + DATE(m1) * 10 + YEAR(m1) * 10000',
    '19701410 19701411 - 19701413 19701414',
  ],
  ['EPOCH(m2)', '0 60 120 - 240'],
  ['TIME_SERIES(5)', '5 5 5 5 5'],
  ['REMOVE_EMPTY(METRICS())', ['10 20 - 40 0', '1 2 3 - 5']],
  ['SORT(METRICS(), SUM, ASC)', ['1 2 3 - 5', '10 20 - 40 0', '- - - - -']],
  ['SORT(METRICS(), MAX, DESC, 1)', ['10 20 - 40 0']],
  ['SLICE(METRICS(), 1)', ['1 2 3 - 5', '- - - - -']],
  ['SLICE(METRICS(), 0, 1)', ['10 20 - 40 0']],
  ['FIRST(METRICS()) + LAST(METRICS("m"))', '11 22 - - 5'],
  [`SUM(SEARCH('{Shop, Name} Latency', 'p99', 60)) * 2`, '2 4 6 - 10'],
]

for (const [expression, expected] of CASES)
  test(`${expression} is calculated`, () => {
    assert.deepEqual(ask(expression), expected)
  })

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['ANOMALY_DETECTION_BAND(m1)', /the function ANOMALY_DETECTION_BAND is not supported by fnscope \(character 1\)/],
  ['m1 + none', /no query with the id none \(character 6\)/],
  ['m1 m2', /expected the end of the expression \(character 4\)/],
  ['SUM(m1', /expected \) \(character 7\)/],
  ['IF(m1)', /IF takes 2 to 3 values/],
  ['IF(METRICS(), 1)', /is one metric, not a list/],
  ['SORT(METRICS(), P99, ASC)', /SORT wants AVG/],
  ['FILL(m1, m2)', /FILL wants a number/],
  ['METRICS() + METRICS()', /two lists of metrics cannot be combined/],
  ['FIRST(REMOVE_EMPTY(METRICS("e")))', /the list of metrics is empty/],
  ['SEARCH(m1)', /SEARCH wants a text in quotes/],
  [`SEARCH('a', 'Best')`, /wants a statistic in quotes/],
  [`SEARCH('{Shop', 'Sum')`, /} is expected here \(character 14\)/],
  [`SEARCH('(a OR', 'Sum')`, /a term is expected here/],
  ['('.repeat(2000), /nested too deep/],
  ['-'.repeat(2000) + '1', /nested too deep/],
]

for (const [expression, reason] of WRONG)
  test(`${expression.slice(0, 40)} is refused with the reason`, () => {
    assert.throws(
      () => ask(expression),
      (error) => error instanceof MathError && reason.test(error.message),
    )
  })

const METRICS = [
  { namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: 'orders-api' } },
  { namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: 'orders-api', Resource: 'orders-api' } },
  { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: '주문' } },
  { namespace: 'Shop', name: 'OrderValue', dimensions: { 'Shop Name': 'Café', Zone: 'eu' } },
  { namespace: 'Shop', name: 'CPUUtilization', dimensions: {} },
]

const SEARCHES: readonly (readonly [string, readonly number[]])[] = [
  ['{AWS/Lambda,FunctionName}', [0, 2]],
  ['{"AWS/Lambda","FunctionName"} MetricName="Invocations"', [0]],
  ['{Shop, "Shop Name", Zone} eu', [3]],
  ['{Shop}', [4]],
  ['{Shop} OrderValue', []],
  ['MetricName="Invocations"', [0, 1]],
  ['MetricName=Invocation', []],
  ['Namespace="AWS/Lambda" NOT Resource="orders-api"', [0, 2]],
  ['Namespace="AWS/Lambda" MetricName="Errors" "FunctionName"="주문"', [2]],
  ['{"AWS/Lambda","FunctionName"} "FunctionName"=("주문" OR "nothing")', [2]],
  ['FunctionName=api', [0, 1]],
  ['Invocations OR Errors', [0, 1, 2]],
  ['invocations AND (resource OR zone)', [1]],
  ['order value', [3]],
  ['Utilization', [4]],
  ['utiliz', []],
  ['"orders-api" "Resource"', [1]],
]

for (const [text, expected] of SEARCHES)
  test(`SEARCH of ${text} finds what it says`, () => {
    const { meets } = parseSearch(text, (problem) => new MathError(problem))
    assert.deepEqual(
      METRICS.flatMap((metric, i) => (meets(metric) ? [i] : [])),
      expected,
    )
  })

test('what SEARCH finds is called by what differs', () => {
  assert.deepEqual(labelsOf([METRICS[0]!, METRICS[2]!]), ['Invocations orders-api', 'Errors 주문'])
  assert.deepEqual(labelsOf([METRICS[0]!]), ['Invocations'])
})

test('labels are filled with figures and properties', () => {
  const one = { ...GIVEN['m1']!, metric: { ...METRICS[0]!, stat: 'Sum' } }
  const fill = (label: string): string => filledLabel(label, one, { region: 'eu-west-1', accountId: '1' })
  assert.equal(
    fill("${LABEL}: max ${MAX}, last ${LAST}, ${PROP('Dim.FunctionName')}"),
    'm1: max 40, last 0, orders-api',
  )
  assert.equal(
    fill(
      "${PROP('Namespace')} ${PROP('MetricName')} ${PROP('Stat')} ${PROP('Period')} ${PROP('Region')} ${PROP('Dim.No')}",
    ),
    'AWS/Lambda Invocations Sum 60 eu-west-1 ',
  )
  assert.equal(fill('한국 $1'), '한국 $1')
  assert.throws(() => fill('${MAX_TIME_RELATIVE}'), MathError)
})
