import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deletionsOf, formOfRetention, retentionOfForm } from './retention-form.ts'

test('what is kept comes back from the form as it went in, half days too', () => {
  const kept = { spansDays: 7, logsDays: 0.5, metricsDays: 30 }
  assert.deepEqual(retentionOfForm(formOfRetention(kept)), kept)
})

test('each signal of which something is deleted says how much, and older than when', () => {
  const nowMs = new Date(2026, 4, 10, 12, 30).getTime()
  const kept = { spansDays: 3, logsDays: 0.5, metricsDays: 30 }
  assert.deepEqual(deletionsOf({ ...kept, deletes: { spans: 1204, logs: 1, metrics: 0 } }, nowMs), [
    '1,204 spans from before 2026-05-07 12:30',
    '1 log line from before 2026-05-10 00:30',
  ])
})
