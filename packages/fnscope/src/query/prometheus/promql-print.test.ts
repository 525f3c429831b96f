import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePromql } from './promql-parse.ts'
import { printPromql } from './promql-print.ts'

const CASES: readonly (readonly [string, string])[] = [
  ['sum   by(le,fn)( rate(a_bucket{fn =~ "x|y" , }[ 90s ]) )', 'sum by (le, fn) (rate(a_bucket{fn=~"x|y"}[1m30s]))'],
  ['a+b*-c', 'a + (b * (-c))'],
  ['a / IGNORING(x) GROUP_LEFT (y) b > bool 5m', '(a / ignoring (x) group_left (y) b) > bool 300'],
  ['max_over_time((a or b)[1h:] offset -1d @ start())', 'max_over_time((a or b)[1h:1m] @ start() offset -1d)'],
  ['{__name__="a-b",c=""} @ 1.5', '{__name__="a-b",c=""} @ 1.500'],
  [
    "topk(3, a) without (b) or label_replace(c,'d','e','f','')",
    'topk without (b) (3, a) or label_replace(c, "d", "e", "f", "")',
  ],
  ['-Inf ^ nan', '-(+Inf ^ NaN)'],
]

for (const [text, expected] of CASES)
  test(`${text} is written in one spelling, which means the same`, () => {
    const printed = printPromql(parsePromql(text))
    assert.equal(printed, expected)
    assert.equal(printPromql(parsePromql(printed)), printed)
  })
