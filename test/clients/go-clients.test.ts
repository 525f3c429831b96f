// The clients that Jaeger and Prometheus publish in Go, unmodified, each in a small program of test/clients/go.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { buildGoProgram, runGoProgram, withoutGo } from './go-program.ts'
import { otlpRequest, TRACE } from './jaeger-spans.ts'

interface Said {
  readonly code: string
  readonly message?: string
  readonly value?: unknown
}

const startSeconds = Math.floor(Date.now() / 1000) - 60
let fnscope: StartedFnscope

before(async () => {
  if (withoutGo !== undefined) return
  fnscope = await startFnscope()
  const sent = await fetch(`http://${fnscope.doors['otlp-http']}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpRequest(BigInt(startSeconds) * 1_000_000_000n)),
  })
  assert.equal(sent.status, 200)
  await eventually(async () => {
    const answer = await fetch(`http://${fnscope.doors['jaeger-query']}/api/services`)
    return (await answer.text()).includes('shop') || undefined
  })
})
after(async () => {
  if (withoutGo === undefined) await fnscope[Symbol.asyncDispose]()
})

test("Jaeger's client of api_v2, and api_v3 with OpenTelemetry's messages", { skip: withoutGo }, async () => {
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString()
  const question = {
    traceId: TRACE,
    service: 'shop',
    operation: 'SELECT',
    tags: { 'otel.status_code': 'OK' },
    start: time(startSeconds - 60),
    end: time(startSeconds + 60),
    depth: 10,
  }
  const program = buildGoProgram('jaeger')
  const said = await runGoProgram<Readonly<Record<string, Said>>>(
    program,
    fnscope.doors['jaeger-query-grpc']!,
    JSON.stringify(question),
  )
  const codes = Object.entries(said).map(([call, { code }]) => [call, code])
  assert.deepEqual(Object.fromEntries(codes), {
    'v2 archive': 'Unimplemented',
    'v2 dependencies': 'OK',
    'v2 find': 'OK',
    'v2 no query': 'InvalidArgument',
    'v2 no trace': 'NotFound',
    'v2 operations': 'OK',
    'v2 services': 'OK',
    'v2 trace': 'OK',
    'v3 find': 'OK',
    'v3 no times': 'InvalidArgument',
    'v3 no trace': 'NotFound',
    'v3 services': 'OK',
    'v3 trace': 'OK',
  })
  assert.deepEqual(said['v2 services']!.value, ['billing', 'shop'])
  assert.deepEqual(said['v2 dependencies']!.value, [{ parent: 'shop', child: 'billing', call_count: 1 }])
  const spans = said['v2 trace']!.value as readonly { readonly name: string; readonly tags: object }[]
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['GET /', 'SELECT', 'backwards', 'bill'],
  )
  assert.deepEqual(said['v2 find']!.value, spans)
  const { tags, ...root } = spans[0]!
  const nanos = startSeconds * 1e9
  assert.deepEqual(root, { traceId: TRACE, name: 'GET /', service: 'shop', nanos })
  assert.deepEqual(Object.entries(tags).slice(0, 3), [
    ['big', 'INT64 9223372036854775807'],
    ['bytes', 'BINARY 000102ff'],
    ['customer', 'STRING cust-1'],
  ])
  const [v3] = said['v3 find']!.value as readonly { readonly resourceSpans: readonly object[] }[]
  assert.equal(v3!.resourceSpans.length, 2)
  assert.match(JSON.stringify(v3), /"bytesValue":\s?"AAEC\/w=="/)
})
