// Log lines and metric points: every field, and each filter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSpanId } from '../../span/id.ts'
import type { Store } from '../store.ts'
import { line, now, point, put, token, traceId, type Subject } from './samples.ts'

export function signalsConformance(subject: Subject): void {
  test('every field of a log line comes back, and lines of one time keep their order', async () => {
    const service = token()
    const full = line({
      service,
      kind: 'otlp',
      requestId: 'r',
      traceId: traceId(),
      spanId: newSpanId(),
      body: 'naïve "x"\n\n; DROP TABLE logs',
      attributes: { a: 'b', n: 1n, list: [1] },
      resource: { 'host.name': 'h', up: true },
      observedNanos: now + 7n,
      eventName: 'order.failed',
      scope: { name: 'lib', version: '1', attributes: { deep: { a: [null, 0.5] } }, schemaUrl: 'https://schema/1' },
      details: { traceFlags: 1, droppedAttributes: 2, droppedResourceAttributes: 3, schemaUrl: 'https://schema/2' },
    })
    const structured = line({ service, body: '{"order":17,"parts":[1.5]}', value: { order: 17n, parts: [1.5] } })
    const nothing = line({ service, body: '', value: null })
    const lines = [
      full,
      structured,
      nothing,
      ...Array.from({ length: 20 }, (_, i) => line({ service, body: `line ${i}` })),
    ]
    await put(subject.store, [], { logs: lines })
    assert.deepEqual(await subject.store.readLogs({ service, limit: 100 }), lines)
    assert.deepEqual(await subject.store.readLogs({ service, limit: 3, order: 'newest' }), lines.slice(-3).reverse())
  })

  test('log lines are found by each of their keys', async () => {
    const [service, group, request] = [token(), token(), token()]
    const trace = traceId()
    const lines = [
      line({ service, logGroup: group, timeNanos: now, receivedNanos: now, body: 'Payment FAILED: order-17 (café)' }),
      line({ service, requestId: request, timeNanos: now + 1n, receivedNanos: now + 5n, logStream: group }),
      line({ service, traceId: trace, timeNanos: now + 2n, receivedNanos: now + 2n, body: 'order 17' }),
    ]
    await put(subject.store, [], { logs: lines })
    const found = async (query: Parameters<Store['readLogs']>[0]) =>
      (await subject.store.readLogs(query)).map((one) =>
        lines.findIndex(({ timeNanos }) => timeNanos === one.timeNanos),
      )
    const limit = 10
    assert.deepEqual(await found({ service, limit }), [0, 1, 2])
    assert.deepEqual(await found({ logGroup: group, limit }), [0])
    assert.deepEqual(await found({ logStream: group, limit }), [1])
    assert.deepEqual(await found({ requestId: request, limit }), [1])
    assert.deepEqual(await found({ traceIds: [traceId(), trace], limit }), [2])
    assert.deepEqual(await found({ service, receivedAfterNanos: now + 2n, limit }), [1])
    assert.deepEqual(await found({ service, range: { startNanos: now + 1n, endNanos: now + 2n }, limit }), [1])
    assert.deepEqual(await found({ service, text: 'failed payment', limit }), [0])
    assert.deepEqual(await found({ service, text: 'CAFÉ', limit }), [0])
    assert.deepEqual(await found({ service, text: 'order-17', limit }), [0])
    assert.deepEqual(await found({ service, text: '17 order', limit }), [0, 2])
    assert.deepEqual(await found({ service, text: '(', limit }), [0])
    assert.deepEqual(await found({ service, text: 'failed missing', limit }), [])
    assert.deepEqual(await found({ service, text: ' ', limit }), [0, 1, 2])
  })

  test('words of a line without blanks, and emojis, are found', async () => {
    const service = token()
    await put(subject.store, [], { logs: [line({ service, body: '{"message":"訂單 ORD-17 成立🎉 shipped"}' })] })
    for (const text of ['訂單', '成立', '🎉', 'ord-17', 'shipped', '17 訂單'])
      assert.equal((await subject.store.readLogs({ service, text, limit: 10 })).length, 1, text)
    assert.deepEqual(await subject.store.readLogs({ service, text: '單訂', limit: 10 }), [])
  })

  test('every field of a metric point comes back, filtered by its keys', async () => {
    const namespace = token()
    const full = point({
      namespace,
      name: 'Latency',
      service: 'é',
      dimensions: { Stage: 'Prod', empty: '' },
      dimensionTypes: 'si',
      description: 'how long it takes',
      kind: 'histogram',
      timeNanos: now + 1n,
      startNanos: now - 1n,
      value: Number.POSITIVE_INFINITY,
      min: Number.NEGATIVE_INFINITY,
      max: Number.NaN,
      count: 1e15,
      bounds: [0.1, 1],
      counts: [1, 2, 3],
      monotonic: true,
      temporality: 2,
      integer: -9223372036854775808n,
      exponential: {
        scale: -3,
        zeroCount: 1,
        zeroThreshold: 0.001,
        positive: { offset: -7, counts: [1, 0, 2 ** 53] },
        negative: { offset: 0, counts: [] },
      },
      flags: 1,
      exemplars: [
        { timeNanos: now, value: 0.5, traceId: traceId(), spanId: newSpanId(), attributes: { user: 'é' } },
        { timeNanos: now - 1n, value: 2n ** 63n - 1n, attributes: {} },
      ],
      scope: { name: 'lib', version: '', attributes: {}, droppedAttributes: 1 },
      details: { metadata: { type: 'gauge' }, droppedResourceAttributes: 3, schemaUrl: 'https://schema/2' },
      resolutionSeconds: 1,
      attributes: { exemplar: { a: 1 }, s: 't' },
      resource: { r: 'x', n: 1n },
      requestId: 'r',
      traceId: traceId(),
    })
    const plain = point({ namespace })
    await put(subject.store, [], { metrics: [full, plain] })
    const range = { startNanos: now, endNanos: now + 2n }
    assert.deepEqual(await subject.store.readMetrics({ range, namespace, limit: 10 }), [plain, full])
    assert.deepEqual(await subject.store.readMetrics({ range, namespace, name: 'Latency', limit: 10 }), [full])
    assert.deepEqual(await subject.store.readMetrics({ range, namespace, service: 'f', limit: 10 }), [plain])
    assert.deepEqual(
      await subject.store.readMetrics({ range: { startNanos: now, endNanos: now + 1n }, namespace, limit: 10 }),
      [plain],
    )
    assert.equal((await subject.store.readMetrics({ range, namespace, limit: 1 })).length, 1)
  })
}
