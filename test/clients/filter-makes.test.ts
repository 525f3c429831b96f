// One story told by five SDKs, and filter expressions that find it whichever told it: the semantic mapping's side of the
// filter language. web, which fails with 503 after half a second, asks stock, which answers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pack } from '../../packages/fnscope/src/codec/msgpack-samples.ts'
import { thriftBatch, type SampleSpan } from '../../packages/fnscope/src/codec/jaeger-samples.ts'
import { writeBinary } from '../../packages/fnscope/src/codec/thrift-samples.ts'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { callXray, epochSeconds, hex, putDocuments, segmentAt } from './xray-client.ts'

const MAKES = ['xray', 'otel', 'datadog', 'jaeger', 'zipkin'] as const
type Make = (typeof MAKES)[number]

const FROM = Math.floor(epochSeconds()) - 600
const HALF_SECOND = 0.5
const urlOf = (make: Make): string => `http://shop.example/${make}/été`
const messageOf = (make: Make): string => `${make} broke 💥`

interface Ids {
  readonly trace: string
  readonly web: string
  readonly call: string
  readonly stock: string
}

let fnscope: StartedFnscope

async function post(url: string, body: Uint8Array | string, type: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
  assert.ok(response.ok, `${url}: ${response.status} ${await response.text()}`)
}

const big = (id: string): bigint => BigInt.asIntN(64, BigInt(`0x${id}`))

const SENDERS: Readonly<Record<Make, (ids: Ids, start: number) => Promise<void>>> = {
  async xray(ids, start) {
    const trace = `1-${ids.trace.slice(0, 8)}-${ids.trace.slice(8)}`
    await putDocuments(fnscope, [
      segmentAt(start, {
        trace_id: trace,
        id: ids.web,
        name: 'xray-web',
        end_time: start + HALF_SECOND,
        user: 'user-xray',
        fault: true,
        annotations: { customer: 'Zoé 王', n: 7, vip: true },
        http: { request: { method: 'GET', url: urlOf('xray') }, response: { status: 503 } },
        cause: { working_directory: '', exceptions: [{ id: hex(8), type: 'E', message: messageOf('xray') }] },
        subsegments: [
          { id: ids.call, name: 'stock', namespace: 'remote', start_time: start + 0.1, end_time: start + 0.3 },
        ],
      }),
      segmentAt(start + 0.1, {
        trace_id: trace,
        id: ids.stock,
        parent_id: ids.call,
        name: 'xray-stock',
        end_time: start + 0.2,
      }),
    ])
  },
  async otel(ids, start) {
    const nanos = (seconds: number): string => `${Math.round((start + seconds) * 1e6)}000`
    const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
    const of = (service: string, spans: readonly object[]): object => ({
      resource: { attributes: [text('service.name', service)] },
      scopeSpans: [{ spans }],
    })
    const span = (spanId: string, [from, to]: readonly [number, number], more: object): object => ({
      traceId: ids.trace,
      spanId,
      name: 'x',
      startTimeUnixNano: nanos(from),
      endTimeUnixNano: nanos(to),
      ...more,
    })
    const web = span(ids.web, [0, HALF_SECOND], {
      kind: 2,
      attributes: [
        text('http.request.method', 'GET'),
        text('url.full', urlOf('otel')),
        { key: 'http.response.status_code', value: { intValue: '503' } },
        text('enduser.id', 'user-otel'),
        text('customer', 'Zoé 王'),
        { key: 'n', value: { intValue: '7' } },
        { key: 'vip', value: { boolValue: true } },
      ],
      status: { code: 2 },
      events: [
        {
          name: 'exception',
          timeUnixNano: nanos(0.4),
          attributes: [text('exception.type', 'E'), text('exception.message', messageOf('otel'))],
        },
      ],
    })
    const call = span(ids.call, [0.1, 0.3], { kind: 3, parentSpanId: ids.web })
    const stock = span(ids.stock, [0.1, 0.2], { kind: 2, parentSpanId: ids.call })
    const body = { resourceSpans: [of('otel-web', [web, call]), of('otel-stock', [stock])] }
    await post(`http://${fnscope.doors['otlp-http']!}/v1/traces`, JSON.stringify(body), 'application/json')
  },
  async datadog(ids, start) {
    const span = (id: string, parent: string, [from, length]: readonly [number, number], more: object): object => ({
      trace_id: BigInt(`0x${ids.trace.slice(16)}`),
      span_id: BigInt(`0x${id}`),
      parent_id: parent === '' ? 0n : BigInt(`0x${parent}`),
      name: 'web.request',
      resource: 'GET /',
      type: 'web',
      start: BigInt(Math.round((start + from) * 1e6)) * 1000n,
      duration: BigInt(Math.round(length * 1e9)),
      error: 0,
      ...more,
    })
    const high = { '_dd.p.tid': ids.trace.slice(0, 16) }
    const web = span(ids.web, '', [0, HALF_SECOND], {
      service: 'datadog-web',
      error: 1,
      meta: {
        ...high,
        'span.kind': 'server',
        'http.method': 'GET',
        'http.url': urlOf('datadog'),
        'http.status_code': '503',
        'usr.id': 'user-datadog',
        customer: 'Zoé 王',
        'error.type': 'E',
        'error.message': messageOf('datadog'),
      },
      metrics: { n: 7 },
    })
    const call = span(ids.call, ids.web, [0.1, 0.2], {
      service: 'datadog-web',
      type: 'http',
      meta: { 'span.kind': 'client' },
    })
    const stock = span(ids.stock, ids.call, [0.1, 0.1], { service: 'datadog-stock', meta: { 'span.kind': 'server' } })
    const body = pack([[web, call, stock]])
    await post(`http://${[fnscope.doors['datadog']!].flat()[0]!}/v0.4/traces`, body, 'application/msgpack')
  },
  async jaeger(ids, start) {
    const span = (
      id: string,
      parent: string,
      [from, length]: readonly [number, number],
      more: SampleSpan,
    ): SampleSpan => ({
      traceHigh: big(ids.trace.slice(0, 16)),
      traceLow: big(ids.trace.slice(16)),
      spanId: big(id),
      parentId: parent === '' ? 0n : big(parent),
      startMicros: BigInt(Math.round((start + from) * 1e6)),
      durationMicros: BigInt(Math.round(length * 1e6)),
      ...more,
    })
    const web = span(ids.web, '', [0, HALF_SECOND], {
      tags: {
        'span.kind': 'server',
        'http.method': 'GET',
        'http.url': urlOf('jaeger'),
        'http.status_code': 503n,
        error: true,
        customer: 'Zoé 王',
        n: 7n,
        vip: true,
      },
      logs: [
        {
          micros: BigInt(Math.round((start + 0.4) * 1e6)),
          fields: { event: 'error', 'error.kind': 'E', message: messageOf('jaeger') },
        },
      ],
    })
    const call = span(ids.call, ids.web, [0.1, 0.2], { tags: { 'span.kind': 'client' } })
    const stock = span(ids.stock, ids.call, [0.1, 0.1], { tags: { 'span.kind': 'server' } })
    const url = `http://${fnscope.doors['jaeger-thrift-http']!}/api/traces`
    for (const [serviceName, spans] of [
      ['jaeger-web', [web, call]],
      ['jaeger-stock', [stock]],
    ] as const)
      await post(url, writeBinary(thriftBatch(spans, { serviceName })), 'application/x-thrift')
  },
  async zipkin(ids, start) {
    const span = (
      id: string,
      [from, length]: readonly [number, number],
      serviceName: string,
      more: object,
    ): object => ({
      traceId: ids.trace,
      id,
      timestamp: Math.round((start + from) * 1e6),
      duration: Math.round(length * 1e6),
      localEndpoint: { serviceName },
      ...more,
    })
    const tags = {
      'http.method': 'GET',
      'http.url': urlOf('zipkin'),
      'http.status_code': '503',
      error: messageOf('zipkin'),
      customer: 'Zoé 王',
      n: '7',
    }
    const body = [
      span(ids.web, [0, HALF_SECOND], 'zipkin-web', { kind: 'SERVER', tags }),
      span(ids.call, [0.1, 0.2], 'zipkin-web', { kind: 'CLIENT', parentId: ids.web }),
      span(ids.stock, [0.1, 0.1], 'zipkin-stock', { kind: 'SERVER', parentId: ids.call }),
    ]
    await post(`http://${fnscope.doors['zipkin']!}/api/v2/spans`, JSON.stringify(body), 'application/json')
  },
}

const TRACES = new Map(
  MAKES.map((make, i) => {
    const start = FROM + 10 * i
    const ids = { trace: start.toString(16).padStart(8, '0') + hex(12), web: hex(8), call: hex(8), stock: hex(8) }
    return [make, { start, ids }] as const
  }),
)

before(async () => {
  fnscope = await startFnscope()
  for (const [make, { ids, start }] of TRACES) await SENDERS[make](ids, start)
  await eventually(
    async () => ((await found('service() { name ENDSWITH "-stock" }')) === MAKES.join(' ') ? true : undefined),
    60_000,
  )
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

async function found(FilterExpression: string): Promise<string> {
  const { TraceSummaries: summaries } = await callXray<{ readonly TraceSummaries: readonly { readonly Id: string }[] }>(
    fnscope,
    '/TraceSummaries',
    { StartTime: FROM - 10, EndTime: FROM + 120, FilterExpression },
  )
  const ids = new Set(summaries.map(({ Id }) => Id.replaceAll('-', '').slice(1)))
  return MAKES.filter((make) => ids.has(TRACES.get(make)!.ids.trace)).join(' ')
}

const ALL = MAKES.join(' ')
const CASES: readonly (readonly [string, string])[] = [
  ['fault', ALL],
  ['ok', ''],
  ['!fault', ''],
  ['http.status = 503', ALL],
  ['http.status >= 500 AND http.status < 504', ALL],
  ['http.method = "GET"', ALL],
  ['http.url ENDSWITH "/été"', ALL],
  ...MAKES.map((make) => [`http.url = "${urlOf(make)}"`, make] as const),
  ['responsetime = 0.5', ALL],
  ['duration >= 0.5 AND duration < 0.6', ALL],
  ['annotation.customer = "Zoé 王"', ALL],
  ['annotation[customer] CONTAINS "王"', ALL],
  ['annotation.customer = "Zoe\u0301 王"', ''],
  // Zipkin's tags are texts.
  ['annotation.n = 7', 'xray otel datadog jaeger'],
  ['annotation.n = "7"', 'zipkin'],
  ['annotation.vip', 'xray otel jaeger'],
  ['user BEGINSWITH "user-"', 'xray otel datadog'],
  // Zipkin's tag error describes the span's end, and is no exception.
  ['message CONTAINS "broke 💥"', 'xray otel datadog jaeger'],
  ['name ENDSWITH "-web"', ALL],
  ['partial', ''],
  ['inferred', ''],
  ...MAKES.flatMap((make) => [
    [`service("${make}-web") { fault AND http.status = 503 }`, make] as const,
    [`service("${make}-stock") { ok }`, make] as const,
    [`service("${make}-stock") { fault }`, ''] as const,
    [`edge("${make}-web", "${make}-stock")`, make] as const,
    [`edge("${make}-stock", "${make}-web")`, ''] as const,
    [`rootcause.fault.service { name = "${make}-web" AND last }`, make] as const,
  ]),
  ['service() { root AND fault AND annotation.customer BEGINSWITH "Zo" }', ALL],
]

for (const [expression, makes] of CASES)
  test(`${expression} finds ${makes === '' ? 'nothing' : makes}`, async () => {
    assert.equal(await found(expression), makes)
  })
