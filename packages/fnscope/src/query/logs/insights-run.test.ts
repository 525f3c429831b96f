import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInsightsQuery } from './insights-query.ts'
import { lineRow } from './insights-row.ts'
import { InsightsRun, TooManyRowsError } from './insights-run.ts'
import type { LogEvent } from './log-event.ts'
import { PatternError } from './pattern-error.ts'

const T0 = Date.UTC(2026, 10, 21, 12, 0, 0)

/** Lines, a minute apart, oldest first. */
const LINES = [
  '{"level":"INFO","order":{"id":1,"total":10.5},"user":"Ana","text":"訂單成立 🎉"}',
  '{"level":"ERROR","order":{"id":2,"total":99},"user":"民秀","error":"Le paiement a échoué"}',
  '{"level":"INFO","order":{"id":3,"total":20},"user":"Ana"}',
  'REPORT RequestId: r1\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB\tInit Duration: 101.20 ms\t',
  'REPORT RequestId: r2\tDuration: 7.50 ms\tBilled Duration: 8 ms\tMemory Size: 128 MB\tMax Memory Used: 46 MB\t',
  '[GET] path=/a status=200 time=15',
  '[PUT] path=/b status=500 time=25',
]

const EVENTS: readonly LogEvent[] = LINES.map((message, index) => ({
  timeNanos: BigInt(T0 + index * 60_000) * 1_000_000n,
  receivedNanos: BigInt(T0 + index * 60_000 + 5) * 1_000_000n,
  sequence: index,
  logGroup: '/aws/lambda/f',
  logStream: index < 3 ? 'one' : 'two',
  ...(message.startsWith('REPORT') ? { requestId: message.split(/[ \t]/)[2]! } : {}),
  message,
}))

/** The rows of the answer as objects, without @ptr. */
function ask(query: string, limit?: number): Readonly<Record<string, string>>[] {
  const run = new InsightsRun(parseInsightsQuery(query), limit)
  for (const event of EVENTS.toReversed()) if (!run.take(lineRow(event, '1'))) break
  return run.finish().map((row) => Object.fromEntries(row.filter(([field]) => field !== '@ptr')))
}

test('without a display, rows have their time and message, newest first', () => {
  assert.deepEqual(ask('limit 2'), [
    { '@timestamp': '2026-11-21 12:06:00.000', '@message': LINES[6] },
    { '@timestamp': '2026-11-21 12:05:00.000', '@message': LINES[5] },
  ])
})

test('fields, aliases and what is calculated of them', () => {
  assert.deepEqual(
    ask(
      "fields user, order.total * 2 as twice, concat(user, '!') as loud | filter order.id = 1 | display loud, twice, user",
    ),
    [{ loud: 'Ana!', twice: '21', user: 'Ana' }],
  )
  assert.deepEqual(ask('fields @logStream, @log, @type, @requestId | filter @requestId = "r1"'), [
    { '@logStream': 'two', '@log': '1:/aws/lambda/f', '@type': 'REPORT', '@requestId': 'r1' },
  ])
})

const FILTERS: readonly (readonly [filter: string, lines: readonly number[]])[] = [
  ['level = "ERROR"', [1]],
  ["level != 'ERROR'", [0, 2, 3, 4, 5, 6]],
  ['ispresent(level) and level != "ERROR"', [0, 2]],
  ['@message like /pai.*échoué/', [1]],
  ['@message like "🎉"', [0]],
  ['@message like "訂單"', [0]],
  ['user = "民秀"', [1]],
  ['@message =~ /^REPORT/', [3, 4]],
  ['@message like /(?i)error/', [1]],
  ['@message like /ERROR/i', [1]],
  ['@message not like /REPORT|level/', [5, 6]],
  ['order.total > 10.5', [1, 2]],
  ['order.total >= 10.5 and order.total < 99', [0, 2]],
  ['order.id in [1, 3]', [0, 2]],
  ['ispresent(order.id) and order.id not in [1, 3]', [1]],
  ['not ispresent(level) and @type = "REPORT"', [3, 4]],
  ['level = "ERROR" or user = "Ana" and order.id = 3', [1, 2]],
  ['(level = "ERROR" or user = "Ana") and order.id = 3', [2]],
  ['@duration > 10', [3]],
  ['@maxMemoryUsed = 46000000', [4]],
  ['ispresent(@initDuration)', [3]],
  ['strlen(user) = 2', [1]],
  ['tolower(level) = "error"', [1]],
  ['order.id % 2 = 0', [1]],
  ['`order.id` = 2', [1]],
]

for (const [filter, lines] of FILTERS)
  test(`filter ${filter}`, () => {
    const found = ask(`fields @message | filter ${filter} | sort @timestamp asc`)
    assert.deepEqual(
      found.map((row) => LINES.indexOf(row['@message']!)),
      lines,
    )
  })

test('stats are what one calculates by hand', () => {
  assert.deepEqual(ask('stats count(*)'), [{ 'count(*)': '7' }])
  assert.deepEqual(
    ask(
      'filter @type = "REPORT" | stats avg(@duration) as a, min(@duration), max(@duration), sum(@billedDuration) as s, count(@initDuration) as colds, max(@maxMemoryUsed)/1000000 as mb',
    ),
    [{ a: '10', 'min(@duration)': '7.5', 'max(@duration)': '12.5', s: '21', colds: '1', mb: '46' }],
  )
  assert.deepEqual(
    ask('stats pct(order.total, 50) as p50, pct(order.total, 100) as most, count_distinct(user) as users'),
    [{ p50: '20', most: '99', users: '2' }],
  )
  assert.deepEqual(ask('filter ispresent(user) | stats sum(order.total) as total by user | sort total desc'), [
    { user: '民秀', total: '99' },
    { user: 'Ana', total: '30.5' },
  ])
  assert.deepEqual(ask('stats count(*) as n by bin(5m)'), [
    { 'bin(5m)': '2026-11-21 12:05:00.000', n: '2' },
    { 'bin(5m)': '2026-11-21 12:00:00.000', n: '5' },
  ])
  assert.deepEqual(
    ask(
      'fields datefloor(@timestamp, 1h) as f, dateceil(@timestamp, 1d) as c, toMillis(f) as ms, fromMillis(ms + 1) as m | display f, c, ms, m | limit 1',
    ),
    [{ f: '2026-11-21 12:00:00.000', c: '2026-11-22 00:00:00.000', ms: '1795262400000', m: '2026-11-21 12:00:00.001' }],
  )
  assert.deepEqual(ask('stats latest(user) as l, earliest(user) as e'), [{ l: 'Ana', e: 'Ana' }])
  assert.deepEqual(ask('filter level = "none" | stats count(*) as n, avg(@duration) as a'), [{ n: '0' }])
})

test('parse takes values out of the message, by * and by named groups', () => {
  const wanted = [
    { method: 'PUT', status: '500', time: '25' },
    { method: 'GET', status: '200', time: '15' },
  ]
  assert.deepEqual(
    ask(
      'parse @message "[*] path=* status=* time=*" as method, path, status, time | filter ispresent(status) | display method, status, time',
    ),
    wanted,
  )
  assert.deepEqual(
    ask(
      'parse @message /\\[(?<method>\\w+)\\].*status=(?<status>\\d+) time=(?<time>\\d+)/ | filter status > 0 | display method, status, time',
    ),
    wanted,
  )
  assert.deepEqual(ask('parse "time=*" as time | stats max(time) as m'), [{ m: '25' }])
})

test('sort, limit and dedup', () => {
  assert.deepEqual(
    ask('fields order.id as id | filter ispresent(id) | sort order.total desc | limit 2').map(({ id }) => id),
    ['2', '3'],
  )
  assert.deepEqual(
    ask('fields user, order.id as id | filter ispresent(user) | dedup user').map(({ id }) => id),
    ['3', '2'],
  )
  assert.deepEqual(ask('fields @message', 3).length, 3)
  // What has no such field comes last in either order.
  assert.deepEqual(ask('fields order.id as id | sort id asc | limit 4'), [{ id: '1' }, { id: '2' }, { id: '3' }, {}])
})

const REFUSED: readonly (readonly [query: string, position: number])[] = [
  ['', 0],
  ['frobnicate x', 0],
  ['fields @message | pattern @message', 18],
  ['filter @message like', 20],
  ['filter nosuch(@message) = 1', 7],
  ['filter count(*) > 1', 7],
  ['stats user', 6],
  ['stats count(*) by bin(5x)', 22],
  ['fields datefloor(@timestamp)', 27],
  ['limit 0', 6],
  ['limit 10001', 6],
  ['fields @message @logStream', 16],
  ['filter (a = 1', 13],
  ['filter a = "open', 11],
  ['filter a like /open', 14],
  ['filter a like /(/', 14],
  ['filter a like /x/g', 14],
  ['parse @message "a * b *" as one', 15],
  ['parse @message /(\\d+)/', 15],
  ['stats pct(a)', 6],
  ['stats pct(a, 101)', 6],
  ['SOURCE logGroups() | fields x', 0],
]

for (const [query, position] of REFUSED)
  test(`"${query}" is refused at character ${position + 1}`, () => {
    let at: number | undefined
    try {
      parseInsightsQuery(query)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      at = error.position
    }
    assert.equal(at, position)
  })

test('what is nested too deep or would hold too much is refused', () => {
  assert.throws(() => parseInsightsQuery(`filter ${'('.repeat(5000)}1${')'.repeat(5000)}`), PatternError)
  assert.throws(() => parseInsightsQuery(`filter ${'not '.repeat(2000)}1`), PatternError)
  assert.throws(() => parseInsightsQuery(`filter ${'-'.repeat(5000)}1`), PatternError)
  const run = new InsightsRun(parseInsightsQuery('stats count(*) by @ptr'))
  assert.throws(() => {
    for (let i = 0; i < 200_001; i++) run.take(lineRow({ ...EVENTS[0]!, sequence: i }, '1'))
  }, TooManyRowsError)
})
