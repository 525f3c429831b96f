// What the Monitor tab of Jaeger's page asks, of spans sent over OTLP; the figures are calculated by hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly metrics: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[]
    readonly metricPoints: readonly {
      readonly gaugeValue: { readonly doubleValue: number | 'NaN' }
      readonly timestamp: string
    }[]
  }[]
}

const END = Math.floor(Date.now() / 1000) - 10
/** Points at -600, -300 and 0 s, each of the ten minutes before it. */
const ASKED = `endTs=${END * 1000}&lookback=600000&step=300000&ratePer=600000`
/** Service, operation, seconds from the end, milliseconds, kind, status. */
const SPANS = [
  ['till', 'pay', -700, 100, 2, 0],
  ['till', 'pay', -400, 200, 2, 2],
  ['till', 'pay', -100, 400, 2, 0],
  ['till', 'list', -90, 50, 2, 0],
  ['till', 'SELECT', -80, 5, 3, 0],
  ['shelf', 'look', -50, 10, 2, 1],
] as const

let fnscope: StartedFnscope

before(async () => {
  fnscope = await startFnscope()
  const resourceSpans = SPANS.map(([service, name, at, millis, kind, code], i) => {
    const start = BigInt(END + at) * 1_000_000_000n
    const ids = { traceId: String(i + 1).padStart(32, 'a'), spanId: String(i + 1).padStart(16, 'b') }
    const times = { startTimeUnixNano: String(start), endTimeUnixNano: String(start + BigInt(millis) * 1_000_000n) }
    return {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [{ spans: [{ ...ids, ...times, name, kind, status: { code } }] }],
    }
  })
  // Twice: a client that got no answer sends it again.
  for (let i = 0; i < 2; i++) {
    const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans }),
    })
    assert.equal(sent.status, 200)
  }
  await eventually(async () => (await ask('calls', 'service=shelf')).metrics.length > 0 || undefined)
})
after(() => fnscope[Symbol.asyncDispose]())

async function ask(metric: string, query: string): Promise<Family> {
  const answer = await fetch(`http://${fnscope.doors['jaeger-query']}/api/metrics/${metric}?${ASKED}&${query}`)
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return JSON.parse(text) as Family
}

/** Labels → values. */
function valuesOf({ metrics }: Family): Record<string, readonly (number | 'NaN')[]> {
  return Object.fromEntries(
    metrics.map(({ labels, metricPoints }) => [
      labels.map(({ value }) => value).join(' '),
      metricPoints.map(({ gaugeValue }) => gaugeValue.doubleValue),
    ]),
  )
}

test('calls are counted a second, of servers, at each step', async () => {
  const family = await ask('calls', 'service=till')
  assert.deepEqual(
    { ...family, metrics: undefined },
    { name: 'service_call_rate', type: 'GAUGE', help: 'calls/sec, grouped by service', metrics: undefined },
  )
  assert.deepEqual(family.metrics[0]!.labels, [{ name: 'service_name', value: 'till' }])
  assert.deepEqual(
    family.metrics[0]!.metricPoints.map(({ timestamp }) => Date.parse(timestamp) / 1000 - END),
    [-600, -300, 0],
  )
  assert.deepEqual(valuesOf(family), { till: [1 / 600, 2 / 600, 3 / 600] })
  assert.deepEqual(valuesOf(await ask('calls', 'service=till&service=shelf&spanKind=client&spanKind=server')), {
    shelf: [0, 0, 1 / 600],
    till: [1 / 600, 2 / 600, 4 / 600],
  })
  assert.deepEqual((await ask('calls', 'service=nobody')).metrics, [])
})

test('operations are told apart', async () => {
  const family = await ask('calls', 'service=till&groupByOperation=true')
  assert.equal(family.name, 'service_operation_call_rate')
  assert.deepEqual(
    family.metrics[0]!.labels.map(({ name }) => name),
    ['service_name', 'operation'],
  )
  assert.deepEqual(valuesOf(family), { 'till list': [0, 0, 1 / 600], 'till pay': [1 / 600, 2 / 600, 2 / 600] })
})

test('errors are a share of the calls', async () => {
  assert.deepEqual(valuesOf(await ask('errors', 'service=till&service=shelf')), {
    shelf: ['NaN', 'NaN', 0],
    till: [0, 1 / 2, 1 / 3],
  })
})

test('latencies are quantiles in milliseconds', async () => {
  const near = async (quantile: number, expected: readonly number[]): Promise<void> => {
    const { till } = valuesOf(await ask('latencies', `service=till&quantile=${quantile}`))
    for (const [i, value] of till!.entries())
      assert.ok(Math.abs(Number(value) / expected[i]! - 1) < 0.024, `${quantile}: ${till!.join()}`)
  }
  await near(0.5, [100, 100, 200])
  await near(0.95, [100, 200, 400])
  const { shelf } = valuesOf(await ask('latencies', 'service=shelf&quantile=0.5'))
  assert.deepEqual(shelf!.slice(0, 2), ['NaN', 'NaN'])
})

test('the least step, and what is refused', async () => {
  const base = `http://${fnscope.doors['jaeger-query']}/api/metrics`
  const least = (await (await fetch(`${base}/minstep`)).json()) as { readonly data: number }
  assert.equal(least.data, 1)
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['calls', /'service': please provide at least one/],
    ['latencies?service=till', /'quantile'/],
    ['latencies?service=till&quantile=2', /'quantile'/],
    ['calls?service=till&spanKind=other', /unsupported span kind: 'other'/],
    ['calls?service=till&step=0', /'step'/],
    ['calls?service=till&groupByOperation=maybe', /'groupByOperation'/],
    ['calls?service=till&step=60001&lookback=3600000', /a measure in common/],
    ['calls?service=till&step=1&lookback=3600000', /'lookback' has more than 11000/],
  ]
  for (const [path, message] of wrong) {
    const answer = await fetch(`${base}/${path}`)
    const { errors } = (await answer.json()) as { readonly errors: readonly { readonly msg: string }[] }
    assert.deepEqual([path, answer.status], [path, 400])
    assert.match(errors[0]!.msg, message)
  }
})
