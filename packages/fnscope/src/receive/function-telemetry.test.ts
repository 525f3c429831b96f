import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLines } from '../../../../test/captures.ts'
import { Counters } from '../counters.ts'
import type { Batch } from '../span/batch.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { readSpans } from '../span/read-span.ts'
import type { Span } from '../span/span.ts'
import { FunctionTelemetry } from './function-telemetry.ts'

const NOW = 1_795_249_085_000_000_000n

function taken(lines: readonly string[]): {
  readonly logs: readonly string[]
  readonly spans: readonly Span[]
  readonly metrics: readonly MetricPoint[]
} {
  const spans: Span[] = []
  const metrics: MetricPoint[] = []
  const telemetry = new FunctionTelemetry({
    ingest: {
      async accept(batch: Batch) {
        batch.spans.checkRows()
        spans.push(...readSpans(batch.spans))
        metrics.push(...batch.metrics)
      },
    },
    counters: new Counters(),
    now: () => NOW,
    bounds: () => ({ minNanos: 0n, maxNanos: NOW * 2n }),
  })
  const logs = lines.filter((line) => !telemetry.take(line, { functionName: 'hello', requestId: 'r-1' }))
  return { logs, spans, metrics }
}

test("what Datadog's libraries print without an agent is spans and points, and no log line", () => {
  for (const [file, traceId, spanId, language] of [
    ['js-log-exporter', '6b0153b8000000006002dd608930018e', '6002dd608930018e', 'nodejs'],
    ['py-log-writer', '6b0153bc0000000085d2109c395d581e', '62ea4edd735fb59e', 'python'],
  ] as const) {
    const { logs, spans, metrics } = taken(readLines(`datadog/${file}.stdout.txt`))
    assert.deepEqual(logs, [])
    const [span] = spans
    assert.deepEqual([span!.traceId, span!.spanId, span!.parentId], [traceId, spanId, undefined])
    assert.deepEqual([span!.name, span!.resource['telemetry.sdk.language']], ['aws.lambda', language])
    assert.equal(span!.startNanos / 1_000_000_000n, BigInt(file.startsWith('js') ? 1795249080 : 1795249084))
    const [point] = metrics
    assert.deepEqual(
      [point!.name, point!.value, point!.service, point!.requestId, point!.dimensions['cold_start']],
      ['aws.lambda.enhanced.invocations', 1, 'hello', 'r-1', 'true'],
    )
  }
})

test('a line of console.log is known behind what Node puts in front of it', () => {
  const line = '2026-11-21T08:18:04.000Z\tr-1\tINFO\t{"m":"orders","v":2,"e":1795249084,"t":["a:b"]}'
  assert.deepEqual(taken([line]).logs, [])
})

test('a line that merely resembles telemetry stays a log line', () => {
  const span = '{"trace_id":"6002dd608930018e","span_id":"6002dd608930018e","name":"n","start":1,"duration":2}'
  const lines = [
    '{"traces":[]}',
    '{"traces":[[]]}',
    '{"traces":[[{"id":1}]]}',
    '{"traces":[[{"trace_id":"x","span_id":"y","name":"n","start":1,"duration":2}]]}',
    `{"traces":[[${span}]],"level":"INFO"}`,
    `{"traces":[[${span}]]`,
    `{"traces":[[${span},{}]]}`,
    `{"traces":[[{"a":${'['.repeat(5000)}`,
    '{"m":"orders","v":2,"e":1795249084,"t":["a:b"],"level":"INFO"}',
    '{"m":"orders","v":"2","e":1795249084,"t":["a:b"]}',
    '{"m":"orders","v":2,"e":1795249084,"t":[1]}',
    '{"m":"orders","v":2,"e":1795249084}',
    '{"m":"","v":2,"e":1795249084,"t":[]}',
    '{"m":"orders","v":2,"e":1e300,"t":[]}',
    '{"m":',
    'traces: {"traces":[[',
    '',
  ]
  const { logs, spans, metrics } = taken(lines)
  assert.deepEqual([logs, spans, metrics], [lines, [], []])
})
