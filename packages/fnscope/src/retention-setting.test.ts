import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readConfig } from './config.ts'
import { createLogger } from './log.ts'
import { RetentionSetting } from './retention-setting.ts'

const WEEK = { spansDays: 7, logsDays: 7, metricsDays: 7 }
const log = createLogger('silent')

function dirOf(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'fnscope-retention-'))
  context.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const open = (dataDir: string, retention?: string): RetentionSetting =>
  new RetentionSetting({ config: readConfig(retention === undefined ? {} : { retention }, {}), dataDir, log })

test('what was set is kept for the next start, unless that one names another', async (context) => {
  const dir = dirOf(context)
  const setting = open(dir)
  assert.deepEqual(setting.current, WEEK)
  const applied: unknown[] = []
  await setting.change(setting.with({ logsDays: 0.5 }), async (days) => void applied.push(days))
  const kept = { ...WEEK, logsDays: 0.5 }
  assert.deepEqual(applied, [kept])
  assert.deepEqual(open(dir).current, kept)
  assert.deepEqual(open(dir, '3d').current, { spansDays: 3, logsDays: 3, metricsDays: 3 })
  await assert.rejects(
    open(dir, '3d').change(WEEK, async () => assert.fail('it was carried out')),
    { code: 'FNS_REFUSED', message: /--retention/ },
  )
})

test('what the store could not do is not kept', async (context) => {
  const dir = dirOf(context)
  const setting = open(dir)
  await assert.rejects(
    setting.change({ ...WEEK, spansDays: 1 }, async () => await Promise.reject(new Error('the store is down'))),
    /the store is down/,
  )
  assert.deepEqual(setting.current, WEEK)
  assert.deepEqual(open(dir).current, WEEK)
})

test('days that are none, and signals that are not kept, are refused by name', (context) => {
  const dir = dirOf(context)
  const setting = open(dir)
  for (const days of [0, -1, 3651, Number.NaN, '7', null])
    assert.throws(() => setting.with({ logsDays: days }), { code: 'FNS_USAGE', message: /logsDays wants a number/ })
  assert.throws(() => setting.with({ tracesDays: 1 }), { code: 'FNS_USAGE', message: /not of "tracesDays"/ })
  assert.throws(() => setting.with([]), { code: 'FNS_USAGE' })
  writeFileSync(join(dir, 'retention.json'), '{"spansDays": "forever", "logsDays": 2}')
  assert.deepEqual(open(dir).current, { ...WEEK, logsDays: 2 })
})
