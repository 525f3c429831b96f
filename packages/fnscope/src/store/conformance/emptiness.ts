// What an open store answers when nothing is there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch } from '../../span/batch.ts'
import { randomTraceId, token, traceId, type Subject } from './samples.ts'

export function emptinessConformance(subject: Subject): void {
  test('a batch without rows gives no blocks', () => {
    assert.deepEqual(subject.store.encode(newBatch()), [])
  })

  test('what is not there is empty, never an error', async () => {
    const nothing = { startNanos: 0n, endNanos: 1n }
    assert.deepEqual(await subject.store.readSpans([]), [])
    assert.deepEqual(await subject.store.readSpans([traceId(), randomTraceId(), 'no id', "'"]), [])
    assert.deepEqual(await subject.store.readDocuments([traceId()]), [])
    assert.deepEqual(await subject.store.listTraces({ ...nothing, by: 'start', limit: 10 }), [])
    assert.deepEqual(await subject.store.listTraces({ ...nothing, by: 'active', limit: 10 }), [])
    assert.deepEqual(await subject.store.listTraces({ ...nothing, by: 'end', limit: 10 }), [])
    assert.deepEqual(await subject.store.traceIdsStarting(nothing, 10), [])
    const counts = await subject.store.countTraces({ range: nothing, limit: 10 })
    assert.deepEqual([counts.traces, counts.ok, [...counts.facets.values()].flat()], [0, 0, []])
    assert.deepEqual(await subject.store.latencyGrid({ range: nothing, columnNanos: 1n }), [])
    const counted = { range: nothing, columnNanos: 1n, failed: { is: 'flag', flag: 'error' }, by: ['name'] } as const
    assert.deepEqual(await subject.store.spanSeries(counted), [])
    assert.deepEqual(await subject.store.graphMinutes(nothing), [])
    assert.deepEqual(await subject.store.graphPeriods(nothing), [])
    assert.deepEqual(await subject.store.graphSpanCounts([nothing]), [0])
    assert.equal((await subject.store.graphReach([0n])).size, 0)
    assert.deepEqual(await subject.store.readLogs({ traceIds: [], limit: 10 }), [])
    assert.deepEqual(await subject.store.readLogs({ service: token(), limit: 10 }), [])
    assert.deepEqual(await subject.store.readMetrics({ range: nothing, limit: 10 }), [])
  })
}
