// Filter expressions as boto3 and the AWS CLI send them: every keyword and operator over traces that tell them apart.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runClient, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, putDocuments, runXray, segmentAt, visible } from './xray-client.ts'
import { CASES } from './xray-filter-cases.ts'
import { filterTraces } from './xray-filter-traces.ts'

const FROM = Math.floor(epochSeconds()) - 3600
const RANGE = { StartTime: FROM - 10, EndTime: FROM + 600 }
const traces = filterTraces(FROM)
/** Half an hour later: half of them are of a customer. */
const LATER = FROM + 1800
const many = Array.from({ length: 300 }, (_, i) =>
  segmentAt(LATER + i * 0.1, { annotations: { customer: i % 2 === 0 ? 'even' : 'odd' } }),
)

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
  const documents = [...traces.values()].flatMap((one) => one.documents)
  await putDocuments(fnscope, documents)
  await putDocuments(fnscope, many)
  await visible(fnscope, documents)
  await visible(fnscope, many)
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

/** What each of the expressions finds, as sorted names, through boto3's paginator. */
async function found(expressions: readonly string[]): Promise<string[]> {
  const ids = await runXray<string[][]>(
    fnscope,
    `
pages = xray.get_paginator('get_trace_summaries')
answer([[one['Id'] for page in pages.paginate(**request['range'], FilterExpression=text) for one in page['TraceSummaries']]
  for text in request['expressions']])`,
    { range: RANGE, expressions },
  )
  return ids.map(namesOf)
}

function namesOf(ids: readonly string[]): string {
  const names = ids.map((id) => [...traces].find(([, { traceId }]) => traceId === id)?.[0] ?? id)
  return names.toSorted().join(' ')
}

const sorted = (names: string): string =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .toSorted()
    .join(' ')

for (const [group, cases] of Object.entries(CASES)) {
  test(`${group}: what boto3 is answered`, async () => {
    const answers = await found(cases.map(([expression]) => expression))
    const wrong = cases.flatMap(([expression, names], i) =>
      answers[i] === sorted(names) ? [] : [{ expression, found: answers[i], expected: sorted(names) }],
    )
    assert.deepEqual(wrong, [])
  })
}

test('the AWS CLI is answered the same', async () => {
  // One of each group, as people type them.
  for (const [group, cases] of Object.entries(CASES)) {
    const [expression, names] = cases.at(-1)!
    if (group === 'blank') continue
    const ran = await runClient(
      'aws',
      [
        'xray',
        'get-trace-summaries',
        '--start-time',
        String(RANGE.StartTime),
        '--end-time',
        String(RANGE.EndTime),
        '--filter-expression',
        expression,
        '--query',
        'TraceSummaries[].Id',
        '--output',
        'json',
      ],
      fnscope.clientEnv,
    )
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(namesOf(JSON.parse(ran.stdout) as string[]), sorted(names), expression)
  }
})

test('what is found is paged without a gap or a repetition, and a token belongs to its expression', async () => {
  const expected = many.filter((_, i) => i % 2 === 0).map((one) => one.trace_id)
  const { ids, pages, refusal } = await runXray<{ ids: string[]; pages: number; refusal: [string, string] }>(
    fnscope,
    `
pages = list(xray.get_paginator('get_trace_summaries').paginate(**request))
token = pages[0]['NextToken']
answer({'ids': [one['Id'] for page in pages for one in page['TraceSummaries']], 'pages': len(pages),
  'refusal': refused(xray.get_trace_summaries, **{**request, 'FilterExpression': 'ok', 'NextToken': token})})`,
    {
      StartTime: LATER - 10,
      EndTime: LATER + 60,
      FilterExpression: 'service("orders") { annotation.customer = "even" }',
    },
  )
  assert.deepEqual(ids, expected.toReversed())
  assert.ok(pages > 1, 'one page proves nothing')
  assert.equal(refusal[0], 'InvalidRequestException')
})

test('times by event and by segment end are filtered too', async () => {
  const ask = async (TimeRangeType: string): Promise<string> => {
    const answer = await runXray<string[]>(
      fnscope,
      `answer([one['Id'] for one in xray.get_trace_summaries(**request)['TraceSummaries']])`,
      { ...RANGE, TimeRangeType, FilterExpression: 'service("web") { fault } OR edge("gate", "ledger")' },
    )
    return namesOf(answer)
  }
  assert.equal(await ask('Event'), 'chain faulty')
  assert.equal(await ask('Service'), 'chain faulty')
})

/** Expression → the character at which it is wrong, and words of the reason. */
const WRONG: readonly (readonly [string, number, RegExp])[] = [
  ['responsetme > 5', 1, /"responsetme" is no keyword\. Did you mean responsetime\?/],
  ['ok AND', 7, /a condition is missing/],
  ['ok AND AND fault', 8, /begins with a keyword/],
  ['user = "ann', 8, /no closing double quote/],
  ["user = 'ann'", 8, /double quotes/],
  ['user = “ann”', 8, /straight double quotes/],
  ['http.status = "200"', 15, /http\.status is a number/],
  ['http.status CONTAINS 2', 13, /CONTAINS is for text/],
  ['http.status =', 14, /a number is expected here, not the end/],
  ['http.status = 20x', 15, /this is no number/],
  ['duration > 1e999', 12, /too large/],
  ['user = 5', 8, /"text" is expected here, not 5/],
  ['user > "a"', 6, /compared with =, !=, CONTAINS/],
  ['user STARTSWITH "a"', 6, /Did you mean BEGINSWITH\?/],
  ['http.url = http://shop', 12, /stands in double quotes/],
  ['ok = 1', 6, /true or false/],
  ['ok > true', 4, /= or !=, not with >/],
  ['annotation.vip > true', 16, /compared with = or !=/],
  ['annotation.age CONTAINS 3', 25, /CONTAINS is for text/],
  ['annotation = 5', 11, /the key is missing/],
  ['annotation. = 5', 12, /the key is missing/],
  ['annotation[] = 5', 11, /key is missing between the brackets/],
  ['annotation[a = 5', 11, /no closing \]/],
  ['service', 8, /\( is expected here/],
  ['service("a"', 12, /\) is expected here/],
  ['service("a") {}', 15, /a condition is missing between the braces/],
  ['service("a") { fault', 21, /the \{ at character 14 is not closed/],
  ['service("a") { service("b") }', 16, /cannot stand inside/],
  ['service("a", "b")', 12, /\) is expected here/],
  ['service(id(kind: "x"))', 12, /id\(\) takes name, type and account\.id/],
  ['service(id(name: "x", name: "y"))', 23, /said twice/],
  ['service(id())', 12, /id\(\) takes/],
  ['edge("a")', 9, /, is expected here/],
  ['edge()', 6, /"text" is expected here/],
  ['(fault', 7, /the \( at character 1 is not closed/],
  ['fault)', 6, /closes nothing/],
  ['fault && error', 7, /write AND/],
  ['fault || error', 7, /write OR/],
  ['fault == true', 8, /true or false/],
  ['coverage > 1', 1, /inside rootcause\.responsetime\.entity/],
  ['service() { last }', 13, /last does not belong to service/],
  ['rootcause.fault.entity { coverage > 1 }', 26, /coverage does not belong/],
  ['rootcause.fault.exception { remote }', 29, /remote does not belong/],
  ['rootcause.fault', 1, /no keyword/],
  ['rootcause.fault.exception { last and message = "a"', 51, /is not closed/],
  ['rootcause.json = [{}]', 18, /brackets belong/],
  ['rootcause.json = #[{"Service": []}]', 18, /has no member "Service"/],
  ['rootcause.json = #[{"Services": 5}]', 18, /must be a list/],
  ['rootcause.json = #[{"Services": ', 18, /its end is missing/],
  ['rootcause.json = #[]', 18, /empty/],
  ['group.name = "nobody"', 14, /there is no group/],
  ['group.name', 11, /compared with = or !=/],
  ['annotation.客户 = "王小明" AND 🛒', 27, /"🛒" is no keyword/],
  ['5 > duration', 1, /begins with a keyword/],
  ['true', 1, /no keyword/],
  ['ok; fault', 3, /means nothing here/],
]

test('a wrong expression is InvalidRequestException with the place of the mistake and the reason', async () => {
  const refusals = await runXray<([string, string] | null)[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([refused(xray.get_trace_summaries, **request['range'], FilterExpression=text) for text in request['expressions']])`,
    { range: RANGE, expressions: WRONG.map(([expression]) => expression) },
  )
  const wrong = WRONG.flatMap(([expression, character, reason], i) => {
    const [code, message] = refusals[i] ?? ['', 'was answered']
    const isRight =
      code === 'InvalidRequestException' && message.includes(`at character ${character} (`) && reason.test(message)
    return isRight ? [] : [{ expression, character, reason: String(reason), code, message }]
  })
  assert.deepEqual(wrong, [])
})

test('expressions that are too long, too deep or too many are refused, and none takes long', async () => {
  const expressions = [
    `user = "${'x'.repeat(10_240)}"`,
    `${'('.repeat(5000)}ok${')'.repeat(3000)}`,
    `${'('.repeat(4000)}ok${')'.repeat(4000)}`,
    `${'!'.repeat(5000)}ok`,
    `rootcause.json = #${'['.repeat(4000)}${']'.repeat(4000)}`,
    Array.from({ length: 300 }, (_, i) => `http.status=${i}`).join(' OR '),
    '"'.repeat(5001),
  ]
  const refusals = await runXray<([string, string] | null)[]>(
    fnscope,
    `
xray.get_sampling_rules()
answer([refused(xray.get_trace_summaries, **request['range'], FilterExpression=text) for text in request['expressions']])`,
    { range: RANGE, expressions },
  )
  for (const [i, refusal] of refusals.entries()) {
    assert.equal(refusal?.[0], 'InvalidRequestException', expressions[i]!.slice(0, 40))
    assert.match(refusal[1], /at character \d+/)
    assert.ok(refusal[1].length < 500, refusal[1])
  }
  assert.match(refusals[0]![1], /at most 8192/)
  assert.match(refusals[2]![1], /more than 50 deep/)
  assert.match(refusals[5]![1], /more than 100 conditions/)
})
