// What is past its age is gone, and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NANOS_PER_DAY, NANOS_PER_SECOND } from '../../span/time.ts'
import { line, now, put, span, token, type Subject } from './samples.ts'

export function retentionConformance(subject: Subject): void {
  test('a shorter retention deletes what is past it at once, per signal, and nothing else', async () => {
    const old = span({ startNanos: now - 6n * NANOS_PER_DAY, rootRank: 0 })
    const fresh = { ...span({ startNanos: now - NANOS_PER_SECOND, rootRank: 0 }), traceId: old.traceId }
    const service = token()
    const oldLine = line({ service, timeNanos: now - 6n * NANOS_PER_DAY })
    await put(subject.store, [old, fresh], { logs: [oldLine] })
    assert.deepEqual(await subject.store.readSpans([old.traceId]), [old, fresh])
    const shorter = { spansDays: 5.5, logsDays: 7, metricsDays: 7 }
    const due = await subject.store.countExpired(shorter)
    assert.ok(due.spans >= 1, `${due.spans} spans are due`)
    await subject.store.setRetention(shorter)
    assert.equal((await subject.store.countExpired(shorter)).spans, 0)
    assert.deepEqual(await subject.store.readSpans([old.traceId]), [fresh])
    assert.deepEqual(await subject.store.readLogs({ service, limit: 10 }), [oldLine])
    const list = { startNanos: old.startNanos, endNanos: old.startNanos + 1n, limit: 10 }
    assert.deepEqual(await subject.store.listTraces({ ...list, by: 'start' }), [])
    await subject.store.setRetention({ spansDays: 7, logsDays: 7, metricsDays: 7 })
  })
}
