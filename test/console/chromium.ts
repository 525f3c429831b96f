// A real Chromium for tests of the console: pages that fail on any error of their script, and axe over what is shown.
// Needs Chromium: CHROMIUM names it, else it is looked for on PATH (Debian, Ubuntu: apt install chromium).
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { ROOT } from '../started-fnscope.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function findChromium(): string | undefined {
  const named = process.env['CHROMIUM']
  if (named !== undefined) return existsSync(named) ? named : undefined
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((file) => existsSync(file))
}

const CHROMIUM = findChromium()
/** Why tests that need one are skipped; false: they run. */
export const NO_CHROMIUM: string | false =
  CHROMIUM === undefined ? 'SKIPPED: no Chromium on PATH; install one, or name it with CHROMIUM' : false

/** The console's files, as they are now. Call it before the first fnscope is started. */
export function buildConsole(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build-console.mjs')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the console could not be built:\n${stderr}`)
}

export type Theme = 'light' | 'dark'

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--disable-gpu'] })
}

export interface PageOptions {
  readonly theme?: Theme
  readonly width?: number
  readonly height?: number
}

/** The longest that a page is waited for: enough where two busy cores do everything. */
const TIMEOUT_MS = 60_000

/**
 * A page of its own for `look`, closed after it; what its scripts complained of, a dialog, or a request to another host
 * than `origin` fails the test.
 */
export async function withPage(
  browser: Browser,
  origin: string,
  options: PageOptions,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const { page, close } = await newPage(browser, origin, options)
  try {
    await look(page)
  } catch (error) {
    await page.context().close()
    throw error
  }
  await close()
}

/** The same for a whole test: it is opened at `url`, and closed after it. */
export async function openPage(
  context: TestContext,
  browser: Browser,
  url: string,
  options: PageOptions = {},
): Promise<Page> {
  const { page, close } = await newPage(browser, new URL(url).origin, options)
  context.after(close)
  await page.goto(url)
  return page
}

async function newPage(
  browser: Browser,
  origin: string,
  { theme = 'light', width = 1280, height = 800 }: PageOptions,
): Promise<{ readonly page: Page; readonly close: () => Promise<void> }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // What a request was answered is the test's own to look at.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.on('request', (request) => {
    const asked = request.url()
    if (!asked.startsWith(origin) && !/^(blob|data):/.test(asked)) complaints.push(`another host: ${asked}`)
  })
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.accept()
  })
  const close = async (): Promise<void> => {
    const { href } = new URL(page.url())
    await context.close()
    assert.deepEqual(complaints, [], href)
  }
  return { page, close }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** WCAG 2.0 to 2.2, A and AA, and best practice: nothing is let pass. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE)
  // As text: the tests' own types know no page.
  const found = await page.evaluate<
    string[]
  >(`axe.run(document, { runOnly: ${JSON.stringify(TAGS)} }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ' (' + nodes.length + '): ' + nodes[0].html.slice(0, 200) + ' ' + nodes[0].failureSummary))`)
  assert.deepEqual(found, [], where)
}

/** Nothing lies beyond the right edge of the page, nor of anything in it that scrolls, but for text that is kept as it is. */
export async function assertNoSidewaysScroll(page: Page, where: string): Promise<void> {
  const beyond = await page.evaluate<
    string[]
  >(`[document.documentElement, ...document.querySelectorAll('body *:not(pre)')]
    .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth &&
      (element === document.documentElement || /auto|scroll/.test(getComputedStyle(element).overflowX)))
    .map((element) => (element.getAttribute('aria-label') ?? element.tagName + '.' + element.className) + ' is ' +
      (element.scrollWidth - element.clientWidth) + ' px wider than it shows')`)
  assert.deepEqual(beyond, [], where)
}
