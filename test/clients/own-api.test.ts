// fnscope's own JSON API and the commands that show it, over traces of which every figure is known.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type {
  ConsoleFacets,
  ConsoleLatencies,
  ConsoleMap,
  ConsoleServices,
  ConsoleTraceList,
} from '../../packages/fnscope/src/api/console-types.ts'
import { eventually, runFnscope, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { epochSeconds, hex, putDocuments, segmentAt, visible } from './xray-client.ts'
import { ACCOUNT, shopTrace } from './xray-shop.ts'

let fnscope: StartedFnscope
let env: NodeJS.ProcessEnv
const start = Math.floor(epochSeconds()) - 300
const shop = shopTrace(start)
/** A second apart, the first the oldest. */
const visits = Array.from({ length: 25 }, (_, i) =>
  segmentAt(start - 100 + i, {
    id: hex(8),
    name: i % 5 === 0 ? '주문 café 🛒' : 'visits',
    end_time: start - 100 + i + (i + 1) / 100,
    ...(i === 7 ? { error: true, throttle: true } : {}),
    annotations: { turn: i, user: i === 3 ? 'brian1' : '客户' },
  }),
)

before(async () => {
  fnscope = await startFnscope()
  env = { FNSCOPE_URL: fnscope.url }
  const documents = [...shop.documents, ...visits]
  await putDocuments(fnscope, documents)
  await visible(fnscope, documents)
  await eventually(async () => ((await get<ConsoleFacets>('/api/facets')).traces === 26 ? true : undefined))
  await eventually(async () => ((await get<ConsoleServices>('/api/services')).services.length === 5 ? true : undefined))
})
after(() => fnscope[Symbol.asyncDispose]())

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(fnscope.url + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

async function refusal(path: string): Promise<string> {
  const response = await fetch(fnscope.url + path)
  const { error } = (await response.json()) as { readonly error: { readonly code: string; readonly message: string } }
  assert.deepEqual([response.status, error.code], [400, 'FNS_USAGE'])
  return error.message
}

const idsOf = ({ traces }: ConsoleTraceList): string[] => traces.map(({ id }) => id)
const newestFirst = visits.map(({ trace_id: id }) => id).toReversed()

test('pages of traces have every trace once, and the cursor is good for that question alone', async () => {
  const found: string[] = []
  const sizes: number[] = []
  let cursor = ''
  for (;;) {
    const page = await get<ConsoleTraceList>(`/api/traces?since=1h&limit=10${cursor}`)
    found.push(...idsOf(page))
    sizes.push(page.traces.length)
    if (page.cursor === undefined) break
    cursor = `&cursor=${page.cursor}`
  }
  assert.deepEqual(found, [shop.traceId, ...newestFirst])
  assert.deepEqual(sizes, [10, 10, 6])
  assert.match(await refusal(`/api/traces?filter=fault&limit=10${cursor}`), /^cursor is of another question/)
  assert.match(await refusal('/api/traces?cursor=x'), /^cursor wants what an earlier page answered/)
})

test('a filter is paged the same way, and facets are conditions beside it', async () => {
  const filter = encodeURIComponent('annotation.turn >= 10 AND annotation.turn < 20')
  const first = await get<ConsoleTraceList>(`/api/traces?filter=${filter}&limit=6`)
  assert.deepEqual(idsOf(first), newestFirst.slice(5, 11))
  const rest = await get<ConsoleTraceList>(`/api/traces?filter=${filter}&limit=6&cursor=${first.cursor}`)
  assert.deepEqual(idsOf(rest), newestFirst.slice(11, 15))
  assert.equal(rest.cursor, undefined)
  const service = encodeURIComponent('주문 café 🛒')
  const both = await get<ConsoleTraceList>(`/api/traces?filter=${filter}&service=${service}`)
  assert.deepEqual(idsOf(both), [visits[15]!.trace_id, visits[10]!.trace_id])
  assert.deepEqual(idsOf(await get<ConsoleTraceList>('/api/traces?status=throttle')), [visits[7]!.trace_id])
  assert.deepEqual(idsOf(await get<ConsoleTraceList>('/api/traces?status=fault')), [shop.traceId])
  assert.equal((await get<ConsoleTraceList>('/api/traces?status=ok&limit=100')).traces.length, 24)
})

test('since and until are ages, epoch milliseconds or ISO times', async () => {
  const [from, to] = [start - 100 + 4, start - 100 + 6.5]
  const wanted = [visits[6], visits[5], visits[4]].map((one) => one!.trace_id)
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
  assert.deepEqual(idsOf(await get(`/api/traces?since=${from * 1000}&until=${to * 1000}`)), wanted)
  assert.deepEqual(idsOf(await get(`/api/traces?since=${iso(from)}&until=${iso(to)}`)), wanted)
  assert.deepEqual(idsOf(await get('/api/traces?until=1h&since=2h')), [])
  assert.match(await refusal('/api/traces?since=yesterday'), /^since wants an age/)
  assert.match(await refusal('/api/traces?since=1h&until=2h'), /^until lies before since/)
  assert.match(await refusal('/api/traces?limit=0'), /^limit wants a number from 1 to 1000/)
  assert.match(await refusal('/api/traces?limit=5&limit=6'), /^limit may be given once/)
  assert.match(await refusal('/api/traces?status=bad'), /^status wants one of/)
  assert.match(await refusal('/api/traces?filter=falt'), /at character 1 \(falt\): "falt" is no keyword/)
})

test('facets count traces by what their entries say', async () => {
  const { facets, ...counts } = await get<ConsoleFacets>('/api/facets?since=1h')
  assert.deepEqual(counts, { traces: 26, error: 1, throttle: 1, fault: 1, ok: 24, exact: true })
  assert.deepEqual(facets.service, [
    { value: 'visits', traces: 20, error: 1, throttle: 1, fault: 0 },
    { value: '주문 café 🛒', traces: 5, error: 0, throttle: 0, fault: 0 },
    { value: 'backend', traces: 1, error: 0, throttle: 0, fault: 1 },
    { value: 'web', traces: 1, error: 0, throttle: 0, fault: 1 },
    { value: 'worker', traces: 1, error: 0, throttle: 0, fault: 0 },
  ])
  assert.deepEqual(
    facets.account.map(({ value, traces }) => [value, traces]),
    [[ACCOUNT, 1]],
  )
  const some = await get<ConsoleFacets>('/api/facets?service=web&limit=1')
  assert.deepEqual([some.traces, some.exact, some.facets.service.length], [1, true, 1])
  const filtered = await get<ConsoleFacets>(`/api/facets?filter=${encodeURIComponent('annotation.turn = 7')}`)
  assert.deepEqual([filtered.traces, filtered.throttle, filtered.exact], [1, 1, false])
})

test('the heat map has every root in its column and its step of time', async () => {
  const since = (start - 100) * 1000
  const { cells, ...grid } = await get<ConsoleLatencies>(
    `/api/latencies?since=${since}&until=${since + 30_000}&columns=3`,
  )
  assert.deepEqual(grid, { startMs: since, endMs: since + 30_000, columnMs: 10_000, columns: 3, exact: true })
  const sum = (column: number): number =>
    cells.filter((cell) => cell.column === column).reduce((count, { traces }) => count + traces, 0)
  assert.deepEqual([0, 1, 2].map(sum), [10, 10, 5])
  assert.deepEqual(cells[0], { column: 0, fromMs: 10, toMs: 14.68, traces: 1, failed: 0 })
  assert.equal(
    cells.reduce((count, { failed }) => count + failed, 0),
    1,
  )
})

test('services are those of the range', async () => {
  const { services } = await get<ConsoleServices>('/api/services')
  assert.deepEqual(services, ['backend', 'visits', 'web', 'worker', '주문 café 🛒'].sort())
})

test('the map has every service with its calls, rates and quantiles, and fnscope map prints it', async () => {
  const map = await eventually(async () => {
    const answer = await get<ConsoleMap>('/api/map?since=1h')
    return answer.behindSpans === 0 ? answer : undefined
  })
  const visited = map.nodes.find(({ name }) => name === 'visits')!
  // 20 of the 25: 0.01 s to 0.25 s, every fifth left out.
  assert.deepEqual(visited.calls, {
    count: 20,
    perSecond: Number((20 / 3600).toPrecision(4)),
    ok: 19,
    error: 0,
    throttle: 1,
    fault: 0,
    averageMs: 135,
    p50Ms: 130,
    p90Ms: 230,
    p99Ms: 250,
  })
  const nameOf = (id: number): string => map.nodes[id]!.name
  const calls = map.edges.map(({ from, to, count }) => [nameOf(from), nameOf(to), count])
  assert.ok(
    calls.some(([from, to, count]) => from === 'web' && to === 'backend' && count === 1),
    JSON.stringify(calls),
  )
  const printed = await runFnscope(['map'], env)
  assert.deepEqual([printed.code, printed.stderr], [0, ''])
  assert.match(printed.stdout, /^service +requests +per s +errors +throttled +faults +avg +p50 +p90 +p99\n/)
  assert.match(printed.stdout, /\nvisits +20 +0\.0056 +· +1 5% +· +135 ms +130 ms +230 ms +250 ms\n/)
  assert.match(printed.stdout, /\nweb \(AWS::EC2::Instance\) .*\n(?: {2}→ .*\n)* {2}→ backend +1 .*1 100% /)
  const json = JSON.parse((await runFnscope(['map', '--json', '--since', '2h'], env)).stdout) as ConsoleMap
  assert.deepEqual(
    json.nodes.map(({ name }) => name),
    map.nodes.map(({ name }) => name),
  )
  const none = await runFnscope(['map', '--since', '1ms'], env)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /^No calls in the last 1ms\./)
  assert.equal((await runFnscope(['map', '--since', 'long'], env)).code, 2)
})

test('fnscope traces finds by a filter, says where one is wrong, and goes on over pages', async () => {
  const found = await runFnscope(['traces', 'annotation.user = "brian1" AND duration > 0.03', '--json'], env)
  assert.deepEqual([found.code, found.stderr], [0, ''])
  assert.equal((JSON.parse(found.stdout) as { readonly id: string }).id, visits[3]!.trace_id)
  const none = await runFnscope(['traces', 'annotation.user = "brian1" AND duration > 1'], env)
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /meet the filter/)
  const wrong = await runFnscope(['traces', 'annotation.user = "brian1" AND durashun > 1'], env)
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /at character 32 \(durashun > 1\): "durashun" is no keyword\./)
  const all = await runFnscope(['traces', 'annotation.user = "客户"', '--limit', '5000', '--json'], env)
  assert.equal(all.stdout.trimEnd().split('\n').length, 24)
})
