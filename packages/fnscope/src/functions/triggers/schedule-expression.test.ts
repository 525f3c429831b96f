import assert from 'node:assert/strict'
import test from 'node:test'
import { nextTime, parseSchedule } from './schedule-expression.ts'

const after = '2026-11-21T10:07:30Z' // a Saturday
const next = (expression: string, timezone = 'UTC', from = after): string | undefined => {
  const time = nextTime(parseSchedule(expression, timezone), Date.parse(from), Date.parse(from))
  return time === undefined ? undefined : new Date(time).toISOString().replace('.000', '')
}

for (const [expression, expected, timezone] of [
  ['rate(5 minutes)', '2026-11-21T10:12:30Z'],
  ['rate(1 hour)', '2026-11-21T11:07:30Z'],
  ['rate(2 days)', '2026-11-23T10:07:30Z'],
  ['cron(0/15 * * * ? *)', '2026-11-21T10:15:00Z'],
  ['cron(0 10 * * ? *)', '2026-11-22T10:00:00Z'],
  ['cron(15 12 ? * MON-FRI *)', '2026-11-23T12:15:00Z'],
  ['cron(0 8 1 * ? *)', '2026-12-01T08:00:00Z'],
  ['cron(0 0 L * ? *)', '2026-11-30T00:00:00Z'],
  ['cron(0 0 15W 8 ? *)', '2027-08-16T00:00:00Z'],
  ['cron(0 0 ? * 6L *)', '2026-11-27T00:00:00Z'],
  ['cron(0 0 ? * 2#1 *)', '2026-12-07T00:00:00Z'],
  ['cron(5,10 10 21 NOV ? 2026)', '2026-11-21T10:10:00Z'],
  ['cron(0 0 29 2 ? *)', '2028-02-29T00:00:00Z'],
  ['cron(0 9 * * ? *)', '2026-11-22T08:00:00Z', 'Europe/Berlin'],
  ['cron(0 18 * * ? *)', '2026-11-21T23:00:00Z', 'America/New_York'],
  ['cron(0 0 1 1 ? 2020)', undefined],
  ['at(2026-12-24T18:00:00)', '2026-12-24T17:00:00Z', 'Europe/Berlin'],
  ['at(2020-01-01T00:00:00)', undefined],
] as const)
  test(`${expression}${timezone === undefined ? '' : ` in ${timezone}`} fires at ${expected ?? 'no time'}`, () => {
    assert.equal(next(expression, timezone), expected)
  })

test('a time that the clocks leave out in spring comes an hour later, one that they show twice comes once', () => {
  assert.equal(next('cron(30 2 * * ? *)', 'Europe/Berlin', '2027-03-27T12:00:00Z'), '2027-03-28T01:30:00Z')
  assert.equal(next('cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-24T12:00:00Z'), '2026-10-25T01:30:00Z')
})

for (const expression of [
  'rate(0 minutes)',
  'rate(5 weeks)',
  'cron(* * * * *)',
  'cron(0 0 1 * 2 *)',
  'cron(61 * * * ? *)',
  'cron(a * * * ? *)',
  'at(tomorrow)',
  'every day',
])
  test(`${expression} is no schedule`, () => {
    assert.throws(() => parseSchedule(expression, 'UTC'), SyntaxError)
  })

test('a time zone that nobody knows is refused', () => {
  assert.throws(() => parseSchedule('cron(0 0 * * ? *)', 'Mars/Olympus'), /no time zone/)
})
