// How long data is kept, set in the console: it says what it deletes, deletes that at once, and is kept over a restart.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { eventually, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'
import {
  assertAccessible,
  assertNoSidewaysScroll,
  buildConsole,
  NO_CHROMIUM,
  openChromium,
  openPage,
} from './chromium.ts'
import { ask } from './shop.ts'
import { hexId, sendSpans } from './telemetry.ts'

const skip = { skip: NO_CHROMIUM }
const DAY_MS = 86_400_000
const DEADLINE_MS = 60_000
const dataDir = temporaryDir('retention')
let fnscope: StartedFnscope
let browser: Browser

before(async () => {
  if (NO_CHROMIUM !== false) return
  buildConsole()
  ;[fnscope, browser] = await Promise.all([startFnscope({ dataDir }), openChromium()])
})

after(async () => {
  await browser?.close()
  await fnscope?.[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

/** A trace of one span that long ago. */
async function traceOf(ageDays: number): Promise<string> {
  const traceId = hexId(16)
  const nanos = (ms: number): string => String(BigInt(Math.round(Date.now() - ageDays * DAY_MS + ms)) * 1_000_000n)
  const span = { traceId, spanId: hexId(8), name: `${ageDays} days ago`, kind: 2 }
  await sendSpans(fnscope, 'shop', [{ ...span, startTimeUnixNano: nanos(-10), endTimeUnixNano: nanos(0) }])
  return traceId
}

const isThere = async (traceId: string): Promise<boolean> =>
  (await fetch(`${fnscope.url}/api/traces/${traceId}`)).status === 200

test(
  'a shorter retention says what it deletes, deletes it at once, and stands after a restart',
  skip,
  async (context) => {
    const [old, fresh] = [await traceOf(5), await traceOf(0.01)]
    await eventually(async () => ((await isThere(old)) && (await isThere(fresh)) ? true : undefined), DEADLINE_MS)
    const page = await openPage(context, browser, `${fnscope.url}/settings`)
    const form = page.getByRole('form', { name: 'Retention' })
    assert.equal(await form.getByLabel('Spans, days').inputValue(), '7')
    const change = form.getByRole('button', { name: 'Change the retention' })
    assert.equal(await change.isDisabled(), true)

    await form.getByLabel('Log lines, days').fill('a week')
    await change.click()
    await page.getByText('logsDays wants a number of days above 0, at most 3650.').waitFor()

    await form.getByLabel('Log lines, days').fill('0.5')
    await form.getByLabel('Spans, days').fill('3')
    await change.click()
    const dialog = page.getByRole('dialog', { name: 'Change the retention' })
    await dialog.getByText('cannot be brought back').waitFor()
    const said = await dialog.innerText()
    assert.match(said, /Spans are kept for 3, log lines for 0\.5, metrics for 7 days\./)
    assert.match(
      said,
      /deleted at once[\s\S]*\b1 span from before \d{4}-\d\d-\d\d \d\d:\d\d\n[\s\S]*cannot be brought back/,
    )
    await assertAccessible(page, 'what is deleted')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await isThere(old), true, 'nothing is deleted before it is confirmed')

    await change.click()
    await dialog.getByRole('button', { name: 'Delete and store it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await eventually(async () => ((await isThere(old)) ? undefined : true), DEADLINE_MS)
    assert.equal(await isThere(fresh), true)
    const late = await traceOf(4)
    // What came after it is there.
    const after = await traceOf(0.01)
    await eventually(async () => ((await isThere(after)) ? true : undefined), DEADLINE_MS)
    assert.equal(await isThere(late), false)

    await fnscope.stop()
    fnscope = await startFnscope({ dataDir })
    await eventually(async () => ((await isThere(fresh)) && (await isThere(after)) ? true : undefined), DEADLINE_MS)
    assert.deepEqual([await isThere(old), await isThere(late)], [false, false])
  },
)

test('after the restart it is as it was set, and a longer one deletes nothing', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/settings`, { width: 320, height: 640 })
  const form = page.getByRole('form', { name: 'Retention' })
  assert.equal(await form.getByLabel('Spans, days').inputValue(), '3')
  assert.equal(await form.getByLabel('Log lines, days').inputValue(), '0.5')
  await form.getByLabel('Spans, days').fill('30')
  await form.getByRole('button', { name: 'Change the retention' }).click()
  const dialog = page.getByRole('dialog', { name: 'Change the retention' })
  await dialog.getByText('nothing is deleted').waitFor()
  await assertNoSidewaysScroll(page, 'the retention asked about')
  await dialog.getByRole('button', { name: 'Store it' }).click()
  await dialog.waitFor({ state: 'detached' })
  const kept = await ask(fnscope, 'GET', '/api/retention')
  assert.deepEqual(await kept.json(), { spansDays: 30, logsDays: 0.5, metricsDays: 7, fixed: false })
})

test('a retention that was named at the start is shown, and is not changed here', skip, async (context) => {
  await using other = await startFnscope({ args: ['--retention', 'spans=2d'] })
  const page = await openPage(context, browser, `${other.url}/settings`)
  const form = page.getByRole('form', { name: 'Retention' })
  await form.getByText('start fnscope without it').waitFor()
  assert.equal(await form.getByLabel('Spans, days').inputValue(), '2')
  assert.equal(await form.getByLabel('Spans, days').isDisabled(), true)
  await assert.rejects(ask(other, 'PUT', '/api/retention', '{"spansDays": 9}'), /FNS_REFUSED.*start fnscope without it/)
})
