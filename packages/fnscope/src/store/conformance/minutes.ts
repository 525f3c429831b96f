// The minutes of the service graph, and which of them are to be computed again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSpanId } from '../../span/id.ts'
import { NANOS_PER_MINUTE } from '../../span/time.ts'
import { minuteGraph, now, put, quietTime, span, type Subject } from './samples.ts'

export function minutesConformance(subject: Subject): void {
  test('the minutes touched are those of the starts of spans received since', async () => {
    const far = 8_000_000_000_000_000_000n + BigInt(`0x${newSpanId().slice(0, 12)}`)
    const at = quietTime()
    const spans = [0n, 1n, 2n * NANOS_PER_MINUTE].map((offset) => span({ startNanos: at + offset, receivedNanos: far }))
    await put(subject.store, spans)
    const minutes = new Set(spans.map((one) => (one.startNanos / NANOS_PER_MINUTE) * NANOS_PER_MINUTE))
    const touched = await subject.store.minutesTouchedSince(far)
    for (const minute of minutes) assert.ok(touched.includes(minute))
    assert.deepEqual(
      touched,
      [...new Set(touched)].sort((a, b) => (a < b ? -1 : 1)),
    )
    assert.ok((await subject.store.minutesTouchedSince(now - 1n)).length >= minutes.size)
  })

  test('a minute is replaced whole, also by nothing, and its version is what it covers', async () => {
    const minute = (quietTime() / NANOS_PER_MINUTE) * NANOS_PER_MINUTE
    const range = { startNanos: minute, endNanos: minute + 2n * NANOS_PER_MINUTE }
    const second = minuteGraph(minute + NANOS_PER_MINUTE, ['z'])
    const first = minuteGraph(minute, ['a', 'b'])
    await subject.store.replaceMinutes([first, second])
    assert.deepEqual(await subject.store.readMinutes(range), [first, second])
    const changed = minuteGraph(minute, ['b'], 9)
    await subject.store.replaceMinutes([changed])
    assert.deepEqual(await subject.store.readMinutes(range), [changed, second])
    const covered = (await subject.store.lastMinuteVersion()) + 1n
    await subject.store.replaceMinutes([{ minuteNanos: minute, nodes: [], edges: [] }], covered)
    assert.deepEqual(await subject.store.readMinutes(range), [{ minuteNanos: minute, nodes: [], edges: [] }, second])
    assert.equal(await subject.store.lastMinuteVersion(), covered)
    await subject.store.replaceMinutes([])
  })
}
