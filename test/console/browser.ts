// A page of the console for one test: closed after it, and what its scripts complained of fails the test.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { ROOT } from '../started-fnscope.ts'
import { openPage as openConsolePage, type PageOptions } from './chromium.ts'

const TIMEOUT_MS = 60_000

/** The console's files, as they are now. Call it before the first fnscope is started. */
export function buildConsole(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build-console.mjs')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the console could not be built:\n${stderr}`)
}

/** @param url of the first view; another host than its is a complaint */
export async function openPage(
  context: TestContext,
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<Page> {
  const { page, complaints, close } = await openConsolePage(browser, new URL(url).origin, options)
  page.setDefaultTimeout(TIMEOUT_MS)
  page.on('dialog', (dialog) => void dialog.accept().then(() => assert.fail(`a dialog: ${dialog.message()}`)))
  context.after(async () => {
    await close()
    assert.deepEqual(complaints, [])
  })
  await page.goto(url)
  return page
}
