// Datadog's tracer for Python in a process of its own, unmodified, and its test agent as a second reader of the captured
// requests: both must see the same spans.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { decodeDatadogV04 } from '../../packages/fnscope/src/codec/datadog-v04.ts'
import { decodeDatadogV05 } from '../../packages/fnscope/src/codec/datadog-v05.ts'
import { readSpans } from '../../packages/fnscope/src/span/read-span.ts'
import { SpanBatch } from '../../packages/fnscope/src/span/span-batch.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import { freePort } from '../free-port.ts'
import { eventually, ROOT, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

const VENV = join(ROOT, '.fnscope/venvs/ddapm/bin')
const FIXTURES = new URL('../fixtures/datadog/', import.meta.url)

interface AgentSpan {
  readonly [field: string]: unknown
  readonly meta?: { readonly [key: string]: string }
  readonly metrics?: { readonly [key: string]: number }
}

/** Numbers of more digits than a double holds stay bigints. */
function parseTraces(json: string): readonly (readonly AgentSpan[])[] {
  return JSON.parse(json, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value,
  ) as readonly (readonly AgentSpan[])[]
}

function decoded(name: string): readonly Span[] {
  const batch = new SpanBatch()
  const decode = name.includes('v05') ? decodeDatadogV05 : decodeDatadogV04
  const body = readFileSync(new URL(`${name}.body`, FIXTURES))
  decode(body, batch, { receivedNanos: 7n, bounds: { minNanos: 1n, maxNanos: 1n << 62n } })
  return readSpans(batch)
}

test('the test agent reads the same spans from the captured requests', async (t) => {
  const port = await freePort()
  const agent = spawn(
    join(VENV, 'ddapm-test-agent'),
    [
      '--port',
      String(port),
      '--otlp-http-port',
      String(await freePort()),
      '--otlp-grpc-port',
      String(await freePort()),
    ],
    { stdio: 'ignore' },
  )
  t.after(async () => {
    agent.kill()
    if (agent.exitCode === null && agent.signalCode === null) await once(agent, 'exit')
  })
  const url = `http://127.0.0.1:${port}`
  await eventually(
    async () =>
      (await fetch(`${url}/info`).catch(() => undefined)) ?? (agent.exitCode === null ? undefined : assert.fail()),
    60_000,
  )
  for (const name of [
    'py-hello-v05-cold2',
    'py2x-hello-v05',
    'py-order-httpapi-v04',
    'py-error-v04',
    'js-ext-order-v04',
  ]) {
    const { method, path, headers } = JSON.parse(readFileSync(new URL(`${name}.request.json`, FIXTURES), 'utf8')) as {
      method: string
      path: string
      headers: [string, string][]
    }
    const kept = headers.filter(([key]) => !/^(?:host|content-length|connection)$/i.test(key))
    const sent = await fetch(`${url}${path}?test_session_token=${name}`, {
      method,
      headers: Object.fromEntries(kept),
      body: readFileSync(new URL(`${name}.body`, FIXTURES)),
    })
    assert.equal(sent.status, 200, `${name}: ${await sent.text()}`)
    const answer = await (await fetch(`${url}/test/session/traces?test_session_token=${name}`)).text()
    const theirs = new Map(
      parseTraces(answer)
        .flat()
        .map((span) => [idOf(span['span_id']), span]),
    )
    const ours = decoded(name)
    assert.equal(ours.length, theirs.size, name)
    for (const span of ours) assertSame(span, theirs.get(span.spanId)!)
  }
})

function idOf(value: unknown): string {
  return BigInt((value ?? 0) as bigint)
    .toString(16)
    .padStart(16, '0')
}

function assertSame(span: Span, wire: AgentSpan): void {
  const kept: Record<string, unknown> = { ...span.attributes, ...span.annotations }
  assert.equal(span.traceId.slice(16), idOf(wire['trace_id']))
  assert.equal(span.parentId ?? idOf(0), idOf(wire['parent_id']))
  assert.equal(span.startNanos, BigInt(wire['start'] as bigint))
  assert.equal(span.endNanos! - span.startNanos, BigInt(wire['duration'] as bigint))
  assert.deepEqual(
    [span.service, kept['operation.name'], kept['resource.name']],
    [wire['service'], wire['name'], wire['resource']],
  )
  assert.equal(span.statusCode === 2, wire['error'] === 1)
  for (const [key, value] of Object.entries(wire.meta ?? {})) if (key !== 'events') assert.equal(kept[key], value, key)
  for (const [key, value] of Object.entries(wire.metrics ?? {})) assert.equal(Number(kept[key]), value, key)
}

/** `shop.order` (web) > `db.query` (sql, failed). */
const PROGRAM = `
import json
from ddtrace import tracer
with tracer.trace('shop.order', service='shop', resource='POST /orders', span_type='web') as order:
    order.set_tag('customer', 'ada')
    order.set_metric('items', 3)
    try:
        with tracer.trace('db.query', service='shop-db', resource='SELECT 1', span_type='sql') as query:
            query.set_tag('db.system', 'postgresql')
            raise ValueError('gone')
    except ValueError:
        pass
print(json.dumps({'traceId': format(order.trace_id, '032x'), 'orderId': format(order.span_id, '016x'), 'queryId': format(query.span_id, '016x')}))
`

interface Sent {
  readonly traceId: string
  readonly orderId: string
  readonly queryId: string
}

async function sendFromPython(fnscope: StartedFnscope, version: string): Promise<Sent> {
  const child = spawn(join(VENV, 'python'), ['-c', PROGRAM], {
    env: {
      ...process.env,
      DD_TRACE_AGENT_URL: `http://${fnscope.doors['datakit']}`,
      DD_TRACE_API_VERSION: version,
      DD_ENV: 'staging',
      DD_VERSION: '1.2.3',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(code, 0, stderr)
  assert.doesNotMatch(stderr, /failed to send|unsupported|[Ee]rror/)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Sent
}

interface JaegerSpan {
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly { readonly spanID: string }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
}

test('a process with the tracer sends its trace when it ends, in either version of the API', async (t) => {
  const fnscope = await startFnscope()
  t.after(() => fnscope[Symbol.asyncDispose]())
  for (const version of ['v0.4', 'v0.5']) {
    const { traceId, orderId, queryId } = await sendFromPython(fnscope, version)
    const spans = await eventually(async () => {
      const answer = await fetch(`http://${fnscope.doors['jaeger-query']}/api/traces/${traceId}`)
      if (answer.status !== 200) return undefined
      const { data } = (await answer.json()) as { readonly data: readonly { readonly spans: readonly JaegerSpan[] }[] }
      return data[0]?.spans.length === 2 ? data[0].spans : undefined
    }, 30_000)
    const order = spans.find(({ spanID }) => spanID === orderId)!
    const query = spans.find(({ spanID }) => spanID === queryId)!
    const tag = (span: JaegerSpan, key: string): unknown => span.tags.find((one) => one.key === key)?.value
    assert.deepEqual([order.operationName, query.operationName], ['POST /orders', 'db.query'], version)
    assert.deepEqual(
      query.references.map(({ spanID }) => spanID),
      [orderId],
    )
    assert.deepEqual([tag(order, 'customer'), tag(order, 'items'), tag(order, 'env')], ['ada', 3, 'staging'])
    assert.deepEqual([tag(query, 'error'), tag(query, 'error.message')], [true, 'gone'])
  }
})
