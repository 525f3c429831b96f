// Which metrics there are, and their statistics by periods.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NANOS_PER_SECOND } from '../../span/time.ts'
import { now, point, put, token, type Subject } from './samples.ts'

export function metricStatisticsConformance(subject: Subject): void {
  test('each series is listed once, of the range and names that were asked for', async () => {
    const namespace = token()
    const of = (dimensions: Readonly<Record<string, string>>, offset = 0n) =>
      point({ namespace, name: 'Orders', dimensions, timeNanos: now + offset, description: 'how many' })
    await put(subject.store, [], {
      metrics: [
        of({}),
        of({ 단계: 'Prod' }),
        of({ 단계: 'Prod' }, 1n),
        of({ 단계: 'Beta' }),
        of({ late: '1' }, 50n),
        point({ namespace, name: 'Errors', unit: 'Percent' }),
      ],
    })
    const range = { startNanos: now, endNanos: now + 10n }
    const listed = await subject.store.metricSeries({ range, namespace, limit: 10 })
    assert.deepEqual(
      listed.map(({ name, dimensions, unit, description }) => [name, dimensions, unit, description]),
      [
        ['Errors', {}, 'Percent', ''],
        ['Orders', {}, 'Count', 'how many'],
        ['Orders', { 단계: 'Beta' }, 'Count', 'how many'],
        ['Orders', { 단계: 'Prod' }, 'Count', 'how many'],
      ],
    )
    assert.equal((await subject.store.metricSeries({ range, namespace, name: 'Errors', limit: 10 })).length, 1)
    assert.equal((await subject.store.metricSeries({ range, namespace, limit: 2 })).length, 2)
    assert.deepEqual(await subject.store.metricSeries({ range, namespace: token(), limit: 10 }), [])
  })

  test('statistics are by period, of exactly the dimensions, with each value and how often it came', async () => {
    const namespace = token()
    const second = NANOS_PER_SECOND
    const sample = (offset: bigint, value: number, more: Parameters<typeof point>[0] = {}) =>
      point({ namespace, name: 'Latency', timeNanos: now + offset, value, min: value, max: value, ...more })
    await put(subject.store, [], {
      metrics: [
        sample(0n, 5),
        sample(second, 5),
        sample(59n * second, 1),
        // A set of samples whose values are known: 2 once, 4 three times.
        sample(60n * second, 14, { kind: 'statistics', count: 4, min: 2, max: 4, bounds: [2, 4], counts: [1, 3] }),
        // And one of which the statistics alone came.
        sample(120n * second, 30, { kind: 'statistics', count: 3, min: 1, max: 20 }),
        sample(0n, 100, { dimensions: { stage: 'Prod' } }),
        sample(0n, 999, { unit: 'Seconds', dimensions: { stage: 'Prod' } }),
        sample(0n, 7, { flags: 1 }),
        sample(180n * second, 8),
      ],
    })
    const query = {
      namespace,
      name: 'Latency',
      range: { startNanos: now, endNanos: now + 180n * second },
      periodSeconds: 60,
      withValues: true,
    }
    const answered = async (more: object) =>
      (await subject.store.metricStatistics({ ...query, ...more })).map(
        ({ startNanos, count, sum, min, max, values }) => ({
          at: Number((startNanos - now) / second),
          count,
          sum,
          min,
          max,
          values,
        }),
      )
    assert.deepEqual(await answered({ dimensions: {} }), [
      {
        at: 0,
        count: 3,
        sum: 11,
        min: 1,
        max: 5,
        values: [
          [1, 1],
          [5, 2],
        ],
      },
      {
        at: 60,
        count: 4,
        sum: 14,
        min: 2,
        max: 4,
        values: [
          [2, 1],
          [4, 3],
        ],
      },
      { at: 120, count: 3, sum: 30, min: 1, max: 20, values: [] },
    ])
    assert.deepEqual(await answered({ dimensions: { stage: 'Prod' }, unit: 'Count' }), [
      { at: 0, count: 1, sum: 100, min: 100, max: 100, values: [[100, 1]] },
    ])
    const whatever = await answered({ range: { startNanos: now, endNanos: now + 1n } })
    assert.deepEqual(
      whatever.map(({ count, sum, max }) => [count, sum, max]),
      [[3, 5 + 100 + 999, 999]],
    )
    assert.deepEqual(await answered({ dimensions: { stage: 'Beta' } }), [])
  })
}
