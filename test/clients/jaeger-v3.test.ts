// Jaeger's api_v3 over HTTP, of what came in over OTLP.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { otlpRequest, SHORT_TRACE, TRACE } from './jaeger-spans.ts'

interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: object }[] }
    readonly scopeSpans: readonly {
      readonly scope?: object
      readonly spans: readonly { readonly traceId: string; readonly spanId: string; readonly name: string }[]
    }[]
  }[]
}

const startSeconds = Math.floor(Date.now() / 1000) - 60
const startNanos = BigInt(startSeconds) * 1_000_000_000n
const sent = otlpRequest(startNanos) as TracesData
const SHORT = SHORT_TRACE.padStart(32, '0')
const at = (seconds: number): string => new Date((startSeconds + seconds) * 1000).toISOString()
const WINDOW = `query.start_time_min=${at(-60)}&query.start_time_max=${at(60)}`

let fnscope: StartedFnscope
let base: string

before(async () => {
  fnscope = await startFnscope()
  base = `http://${fnscope.doors['jaeger-query']}`
  const posted = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sent),
  })
  assert.equal(posted.status, 200)
  for (const id of [TRACE, SHORT_TRACE])
    await eventually(async () => ((await fetch(`${base}/api/v3/traces/${id}`)).status === 200 ? true : undefined))
  await eventually(async () =>
    (await (await fetch(`${base}/api/v3/services`)).text()).includes('billing') ? true : undefined,
  )
})
after(() => fnscope[Symbol.asyncDispose]())

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(base + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Answer
}

async function search(query: string): Promise<string[]> {
  const { result } = await get<{ readonly result: TracesData }>(`/api/v3/traces?${WINDOW}&${query}`)
  const spans = result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
  return [...new Set(spans.map(({ traceId }) => traceId))].sort()
}

test('services and operations', async () => {
  assert.deepEqual(await get('/api/v3/services'), { services: ['billing', 'shop'] })
  assert.deepEqual(await get('/api/v3/operations?service=shop&span_kind=server'), {
    operations: [{ name: 'GET /', spanKind: 'server' }],
  })
})

test('a trace comes back as OTLP sent it: resources, scopes, values of every type, events, links, status', async () => {
  const { result } = await get<{ readonly result: TracesData }>(`/api/v3/traces/${TRACE}`)
  // The rest of the request is the other trace's.
  const wanted = sent.resourceSpans.slice(0, 2)
  const sorted = ({ resourceSpans }: TracesData) =>
    resourceSpans.map(({ resource, scopeSpans }) => ({
      resource: byKey(resource.attributes),
      scopes: scopeSpans.map(({ scope = {}, spans }) => ({ scope, spans: spans.map(comparable) })),
    }))
  const got = sorted(result)
  const expected = sorted({ resourceSpans: wanted })
  // Shown as a duration of 0 is what ended before it began.
  assert.deepEqual(got, expected)
})

function byKey(attributes: readonly { readonly key: string }[] = []): readonly { readonly key: string }[] {
  return attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** With what a sender may leave out, and attributes by key. */
function comparable(span: object): object {
  const { attributes, events, ...rest } = span as {
    readonly attributes?: readonly { readonly key: string }[]
    readonly events?: readonly { readonly attributes?: readonly { readonly key: string }[] }[]
  }
  return {
    kind: 0,
    status: {},
    flags: 0,
    ...rest,
    attributes: byKey(attributes),
    events: (events ?? []).map((event) => ({ ...event, attributes: byKey(event.attributes) })),
  }
}

test('traces are found by service, operation, time, duration and attributes', async () => {
  assert.deepEqual(await search('query.service_name=shop'), [SHORT, TRACE].sort())
  assert.deepEqual(await search('query.service_name=billing'), [TRACE])
  assert.deepEqual(await search('query.service_name=shop&query.operation_name=short'), [SHORT])
  assert.deepEqual(await search('query.service_name=shop&query.duration_min=90ms&query.duration_max=1s'), [TRACE])
  assert.deepEqual(await search('query.service_name=shop&query.num_traces=1'), [SHORT])
  const tags = encodeURIComponent('{"customer":"cust-1"}')
  assert.deepEqual(await search(`query.service_name=shop&query.attributes=${tags}`), [TRACE])
})

test('what cannot be answered has the error of api_v3', async () => {
  const wrong: readonly (readonly [string, number, RegExp])[] = [
    ['/api/v3/traces/xyz', 400, /not 1 to 32 hex digits/],
    ['/api/v3/traces/00000000000000000000000000000001', 404, /^No traces found$/],
    [`/api/v3/traces?${WINDOW}&query.service_name=none`, 404, /^No traces found$/],
    ['/api/v3/traces?query.service_name=shop', 400, /parameter 'query\.start_time_min' is required/],
    [`/api/v3/traces?${WINDOW}`, 400, /parameter 'service' is required/],
    ['/api/v3/traces?query.service_name=shop&query.start_time_min=now', 400, /no RFC 3339 time/],
    [`/api/v3/traces?${WINDOW}&query.service_name=shop&query.colour=red`, 400, /'query\.colour' is not known/],
    [
      `/api/v3/traces?query.service_name=shop&query.start_time_min=${at(60)}&query.start_time_max=${at(-60)}`,
      400,
      /'query\.start_time_max' lies before/,
    ],
    ['/api/v3/operations', 400, /'service' is required/],
    ['/api/v3/dependencies', 404, /There is no GET/],
  ]
  for (const [path, status, message] of wrong) {
    const response = await fetch(base + path)
    const { error } = (await response.json()) as {
      readonly error: { readonly httpCode: number; readonly message: string }
    }
    assert.deepEqual([path, response.status, error.httpCode], [path, status, status])
    assert.match(error.message, message)
  }
})
