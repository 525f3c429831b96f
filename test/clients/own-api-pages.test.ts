// fnscope's own JSON API behind the pages Functions, Cold starts, Logs, Metrics, Map and Settings, over what functions
// that ran here said, and samples through every door.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type {
  ConsoleColdStarts,
  ConsoleDoor,
  ConsoleDoorSample,
  ConsoleFunctionFigures,
  ConsoleLogHistogram,
  ConsoleLogLine,
  ConsoleMap,
  ConsoleMetric,
  ConsoleMetricColumns,
  ConsoleMetricPoint,
  ConsoleSavedEvent,
  ConsoleSettings,
  ConsoleTrace,
} from '../../packages/fnscope/src/api/console-types.ts'
import { APPS, eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import { rmSync } from 'node:fs'

const dataDir = temporaryDir('pages')
let fnscope: StartedFnscope

const CALLS = [
  ['orders', { id: 1, customer: 'Ana', country: 'DE', items: 2 }],
  ['orders', { id: 2, customer: 'Ana', country: 'FR', items: 1 }],
  ['orders', { id: 3, customer: 'Bob', country: 'FR', items: 4, fail: true }],
  ['payments', {}],
] as const

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'shop'), dataDir })
  for (const [name, event] of CALLS) await call('POST', `/2015-03-31/functions/${name}/invocations`, event)
  await eventually(async () => {
    const { functions } = await get<{ functions: ConsoleFunctionFigures[] }>('/api/function-figures')
    return functions.reduce((sum, { invocations }) => sum + invocations, 0) === CALLS.length ? true : undefined
  })
})
after(async () => {
  await fnscope[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  return await fetch(fnscope.url + path, {
    method,
    headers: { authorization: 'Bearer here', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(fnscope.url + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

async function refusal(response: Promise<Response>, status = 400): Promise<string> {
  const answered = await response
  const { error } = (await answered.json()) as { readonly error: { readonly message: string } }
  assert.equal(answered.status, status)
  return error.message
}

test('a function has its calls, errors, times, cold starts and memory; one that is only deployed has none', async () => {
  const { functions } = await get<{ functions: ConsoleFunctionFigures[] }>('/api/function-figures?since=1h')
  const orders = functions.find(({ name }) => name === 'orders')!
  assert.deepEqual([orders.deployed, orders.invocations, orders.errors, orders.throttles], [true, 3, 1, 0])
  assert.deepEqual([orders.coldStarts, orders.memoryMb, orders.tracing], [1, 256, 'Active'])
  assert.ok(orders.p50Ms! > 0 && orders.p50Ms! <= orders.p95Ms! && orders.p95Ms! <= orders.p99Ms!)
  assert.ok(orders.maxMemoryMb! > 0 && orders.initP50Ms! > 0 && orders.lastMs! > Date.now() - 600_000)
  const none = await get<{ functions: ConsoleFunctionFigures[] }>('/api/function-figures?since=2h&until=1h')
  const { invocations, p50Ms } = none.functions.find(({ name }) => name === 'payments')!
  assert.deepEqual([invocations, p50Ms], [0, undefined])
})

test('a cold start has its phases, which are its initialization, and the first call', async () => {
  const path = '/api/functions/Orders/cold-starts'
  const answer = await eventually(async () => {
    const found = await get<ConsoleColdStarts>(path)
    return found.coldStarts.length > 0 ? found : undefined
  })
  assert.deepEqual([answer.function, answer.more, answer.coldStarts.length], ['orders', false, 1])
  const [cold] = answer.coldStarts
  const sum = cold!.phases.reduce((total, { ms }) => total + ms, 0)
  assert.ok(cold!.initMs > 0 && cold!.callMs > 0 && Math.abs(sum - cold!.initMs) < 0.01, JSON.stringify(cold))
  assert.deepEqual([cold!.version, cold!.failed], ['$LATEST', false])
  assert.ok((await get<ConsoleTrace>(`/api/traces/${cold!.traceId}`)).spanCount > 1)
  assert.deepEqual((await get<ConsoleColdStarts>('/api/functions/nobody/cold-starts')).coldStarts, [])
})

test('lines are found by level, text and the fields of their JSON', async () => {
  const bodies = async (query: string): Promise<string[]> =>
    (await get<{ lines: ConsoleLogLine[] }>(`/api/logs?since=1h&${query}`)).lines.map(({ body }) => body)
  const fields = (wanted: object): string => `fields=${encodeURIComponent(JSON.stringify(wanted))}`
  assert.equal(
    (await bodies('levels=error&function=orders')).filter((body) => body.includes('order refused')).length,
    1,
  )
  assert.equal((await bodies('levels=warn')).length, 1)
  assert.equal((await bodies('levels=info,debug&function=orders')).length, 6)
  assert.equal((await bodies(fields({ customer: 'Ana' }))).length, 2)
  assert.equal((await bodies(fields({ 'order.id': '3' }))).length, 3)
  assert.equal((await bodies(fields({ 'order.id': '3', level: 'INFO' }))).length, 1)
  assert.deepEqual(await bodies(fields({ customer: 'Eve' })), [])
  assert.equal((await bodies('filter=plain')).length, 3)
  assert.match(await refusal(call('GET', '/api/logs?levels=loud')), /^levels wants some of none,trace,debug/)
  assert.match(await refusal(call('GET', '/api/logs?fields=x')), /^fields wants a JSON object/)
})

test('the histogram counts the lines of each level, and context is what stands around a line in its stream', async () => {
  const histogram = await get<ConsoleLogHistogram>('/api/logs/histogram?since=1h&function=orders&columns=10')
  const of = (level: string): number =>
    histogram.cells.filter((cell) => cell.level === level).reduce((sum, { lines }) => sum + lines, 0)
  assert.deepEqual([of('info'), of('debug')], [3, 3])
  assert.equal(
    histogram.lines,
    histogram.cells.reduce((sum, { lines }) => sum + lines, 0),
  )
  const { lines } = await get<{ lines: ConsoleLogLine[] }>('/api/logs?since=1h&filter=order+refused')
  const { time, logGroup, logStream } = lines.find(({ level }) => level === 'error')!
  const place = new URLSearchParams({ time, group: logGroup, stream: logStream, lines: '2' })
  const around = await get<{ lines: ConsoleLogLine[] }>(`/api/logs/context?${place.toString()}`)
  const at = around.lines.findIndex((line) => line.time === time)
  assert.equal(at, 2)
  assert.ok(around.lines.length >= 4 && around.lines.every((line) => line.logStream === logStream))
  assert.match(await refusal(call('GET', '/api/logs/context')), /^time is missing/)
  assert.match(await refusal(call('GET', '/api/logs/context?time=now')), /^time wants the "time" of a line/)
})

test('a metric is parted by a dimension, and each part leads to a trace', async () => {
  const { metrics } = await get<{ metrics: ConsoleMetric[] }>('/api/metrics/names?since=1h')
  const value = metrics.find(({ name }) => name === 'OrderValue')!
  assert.deepEqual([value.namespace, value.dimensions, value.series], ['Shop', ['country'], 2])
  const path = '/api/metrics/columns?since=1h&namespace=Shop&name=OrderValue'
  const { parts } = await get<ConsoleMetricColumns>(`${path}&by=country`)
  assert.deepEqual(
    parts.map((part) => [part.value, part.cells.reduce((sum, cell) => sum + cell.sum, 0)]),
    [
      ['DE', 21],
      ['FR', 52.5],
    ],
  )
  const trace = await get<ConsoleTrace>(`/api/traces/${parts[0]!.cells[0]!.traceId}`)
  assert.ok(trace.spanCount > 0)
  const [whole] = (await get<ConsoleMetricColumns>(path)).parts
  assert.deepEqual([whole!.value, whole!.cells.reduce((sum, { count }) => sum + count, 0)], ['', 3])
  const points = await get<{ points: ConsoleMetricPoint[] }>('/api/metrics?name=OrderValue')
  assert.equal(points.points.length, 3)
  assert.match(await refusal(call('GET', '/api/metrics/columns')), /^name is missing/)
})

test('the map has histograms when asked, and the graph of the traces that meet a facet or a filter', async () => {
  const map = await eventually(async () => {
    const answer = await get<ConsoleMap>('/api/map?since=1h&histograms=1')
    return answer.nodes.some(({ name }) => name === 'orders') ? answer : undefined
  })
  const orders = map.nodes.find(({ name, type }) => name === 'orders' && type === 'AWS::Lambda::Function')!
  assert.equal(
    orders.calls!.histogram!.reduce((sum, { calls }) => sum + calls, 0),
    orders.calls!.count,
  )
  const names = async (query: string): Promise<string[]> =>
    (await get<ConsoleMap>(`/api/map?since=1h&${query}`)).nodes.filter(({ client }) => !client).map(({ name }) => name)
  assert.deepEqual([...new Set(await names('service=payments'))], ['payments'])
  assert.deepEqual([...new Set(await names(`filter=${encodeURIComponent('service("payments")')}`))], ['payments'])
  assert.match(await refusal(call('GET', '/api/map?filter=falt')), /"falt" is no keyword/)
})

test('events are kept by function and name, over a restart, as they were written, and a configuration as it was set', async () => {
  const path = '/api/functions/orders/events'
  const written = '{ "id": 7,\n  "customer": "客户" }'
  assert.equal((await call('PUT', `${path}/${encodeURIComponent('big order/7')}`, written)).status, 200)
  await call('PUT', `${path}/small`, '{"id":1}')
  assert.match(await refusal(call('PUT', `${path}/bad`, '{')), /^The event is no JSON/)
  assert.match(await refusal(call('PUT', `${path}/${'x'.repeat(101)}`, '{}')), /1 to 100 characters/)
  const configuration = '/2015-03-31/functions/orders/configuration'
  assert.equal((await call('PUT', configuration, { TracingConfig: { Mode: 'PassThrough' } })).status, 200)
  await fnscope.stop()
  fnscope = await startFnscope({ app: join(APPS, 'shop'), dataDir })
  const { events } = await get<{ events: ConsoleSavedEvent[] }>(path)
  assert.deepEqual(
    events.map(({ name, payload }) => [name, payload]),
    [
      ['big order/7', written],
      ['small', '{"id":1}'],
    ],
  )
  const { TracingConfig } = (await (await call('GET', configuration)).json()) as { TracingConfig: { Mode: string } }
  assert.equal(TracingConfig.Mode, 'PassThrough')
  assert.equal((await call('DELETE', `${path}/small`)).status, 204)
  assert.match(await refusal(call('DELETE', `${path}/small`), 404), /orders has no saved event "small"/)
})

test('a sample goes through every door that takes telemetry, and what was set is told without secrets', async () => {
  const { doors } = await get<{ doors: ConsoleDoor[] }>('/api/doors')
  const closed = doors.filter(({ state }) => state !== 'open')
  assert.deepEqual(closed, [])
  const takers = doors.filter(({ sample }) => sample).map(({ name }) => name)
  assert.equal(takers.length, 12, takers.join())
  for (const name of takers) {
    const response = await call('POST', `/api/doors/${name}/sample`)
    const sent = (await response.json()) as ConsoleDoorSample
    assert.equal(response.status, 200, JSON.stringify(sent))
    await eventually(async () => {
      if (sent.traceId === undefined) {
        const { metrics } = await get<{ metrics: ConsoleMetric[] }>('/api/metrics/names?since=5m')
        return metrics.some(({ name: metric }) => /fnscope.sample/.test(metric)) ? true : undefined
      }
      return (await call('GET', `/api/traces/${sent.traceId}`)).status === 200 ? true : undefined
    })
  }
  const after = await get<{ doors: ConsoleDoor[] }>('/api/doors')
  for (const { name, received } of after.doors) assert.ok(!takers.includes(name) || received > 0, name)
  assert.match(await refusal(call('POST', '/api/doors/nobody/sample')), /^There is no door "nobody"/)
  assert.match(await refusal(call('POST', '/api/doors/jaeger-query/sample')), /takes no telemetry/)
  const settings = await get<ConsoleSettings>('/api/settings')
  assert.deepEqual(settings.retention, { spansDays: 7, logsDays: 7, metricsDays: 7 })
  assert.equal('token' in settings, false)
})
