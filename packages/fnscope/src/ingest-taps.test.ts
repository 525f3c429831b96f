import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measuringLogs } from './ingest-taps.ts'
import { IngestFullError } from './ingest/ingest.ts'
import { newBatch } from './span/batch.ts'
import type { LogRecord } from './span/log-record.ts'
import type { MetricPoint } from './span/metric-point.ts'

test('points of lines go with the lines, and are made anew when these were not taken', async () => {
  const taken: number[] = []
  let isFull = true
  const inner = {
    flushed: () => Promise.resolve(),
    async accept({ metrics }: { readonly metrics: readonly MetricPoint[] }) {
      if (isFull) throw new IngestFullError('full')
      taken.push(metrics.length)
    },
  }
  const point = {} as MetricPoint
  const ingest = measuringLogs(inner, [(lines) => lines.map(() => point), () => [point]])
  const batch = newBatch()
  batch.metrics.push(point)
  batch.logs.push({} as LogRecord, {} as LogRecord)
  await assert.rejects(ingest.accept(batch), IngestFullError)
  assert.equal(batch.metrics.length, 1)
  isFull = false
  await ingest.accept(batch)
  await ingest.accept(newBatch())
  assert.deepEqual(taken, [4, 0])
})
