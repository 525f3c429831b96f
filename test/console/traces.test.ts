// Live, Traces and Trace in a real Chromium on what clients sent: loaded, empty, partial, failed; by keyboard alone; axe.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  assertAccessible,
  assertNoSidewaysScroll,
  buildConsole,
  NO_CHROMIUM,
  openChromium,
  openPage,
} from './chromium.ts'
import { hexId, invocation, sendDocuments, sendLines, sendSpans, text, type Invocation } from './telemetry.ts'

const skip = { skip: NO_CHROMIUM }
let fnscope: StartedFnscope
let browser: Browser
let failed: Invocation
const LINE = 'charging card 4242'

before(async () => {
  if (NO_CHROMIUM !== false) return
  buildConsole()
  fnscope = await startFnscope()
  browser = await openChromium()
})

after(async () => {
  await browser?.close()
  await fnscope?.[Symbol.asyncDispose]()
})

const traces = async (query = ''): Promise<readonly { readonly id: string }[]> => {
  const response = await fetch(`${fnscope.url}/api/traces?${query}`)
  return ((await response.json()) as { traces: { id: string }[] }).traces
}

test('with no data Live shows the doors and what to paste, and fills by itself', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/`)
  await page.getByRole('heading', { name: 'Waiting for the first invocation' }).waitFor()
  assert.match(
    await page.locator('main').innerText(),
    new RegExp(`AWS_XRAY_DAEMON_ADDRESS=${fnscope.doors['xray-daemon']}`),
  )
  await assertAccessible(page, context.name)
  const now = Date.now() / 1000
  failed = invocation({ name: 'checkout', atSeconds: now - 20, fails: true, cold: true, user: 'brian1' })
  await sendDocuments(fnscope, failed.documents)
  await page.getByRole('row').filter({ hasText: 'checkout' }).waitFor()
  assert.equal(await page.getByRole('heading', { name: 'Waiting for the first invocation' }).count(), 0)
  // More, for the tests that follow: other functions, and a log line of the failed one.
  const others = ['orders', 'payments', 'orders'].map((name, at) =>
    invocation({ name, atSeconds: now - 60 * (at + 1), user: `user${at}` }),
  )
  await sendDocuments(
    fnscope,
    others.flatMap(({ documents }) => documents),
  )
  const at = String(BigInt(Math.round((now - 19.95) * 1000)) * 1_000_000n)
  const traceId = failed.traceId.slice(2).replace('-', '')
  await sendLines(fnscope, 'checkout', [
    { timeUnixNano: at, traceId, severityText: 'INFO', body: { stringValue: LINE } },
  ])
  await eventually(async () => ((await traces()).length >= 4 ? true : undefined))
  await page.getByText(LINE).waitFor()
})

test(
  'a row of Live says that a call was cold, and what it was made of, also of what is stored',
  skip,
  async (context) => {
    const live = await openPage(context, browser, `${fnscope.url}/`)
    const made = (name: string) =>
      live
        .getByRole('row')
        .filter({ hasText: name })
        .first()
        .getByRole('img', { name: /^init 2|^handler/ })
    await live.getByText('connected', { exact: true }).waitFor()
    assert.equal(await made('checkout').getAttribute('aria-label'), 'init 290 ms, handler 90.0 ms, overhead 15.0 ms')
    await live.getByRole('row').filter({ hasText: 'checkout' }).getByText('cold', { exact: true }).waitFor()
    assert.equal(
      await live.getByRole('row').filter({ hasText: 'payments' }).getByText('cold', { exact: true }).count(),
      0,
    )
    await sendDocuments(fnscope, invocation({ name: 'shipping', atSeconds: Date.now() / 1000, cold: true }).documents)
    assert.equal(await made('shipping').getAttribute('aria-label'), 'init 290 ms, handler 90.0 ms, overhead 15.0 ms')
    await live.getByRole('row').filter({ hasText: 'shipping' }).getByText('cold', { exact: true }).waitFor()
  },
)

test('Live counts what comes while it is paused, and shows it after', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/`)
  await page.getByRole('row').filter({ hasText: 'checkout' }).waitFor()
  await page.getByText('connected', { exact: true }).waitFor()
  await page.keyboard.press('Space')
  const more = [1, 2, 3].map((at) => invocation({ name: 'refunds', atSeconds: Date.now() / 1000 - at }))
  await sendDocuments(
    fnscope,
    more.flatMap(({ documents }) => documents),
  )
  await page.getByRole('button', { name: '3 new' }).waitFor()
  assert.equal(await page.getByRole('row').filter({ hasText: 'refunds' }).count(), 0)
  await page.keyboard.press('Space')
  await page.getByRole('row').filter({ hasText: 'refunds' }).first().waitFor()
  await page.keyboard.press('b')
  await page.getByRole('row').filter({ hasText: 'New run' }).waitFor()
})

test('by keyboard alone: search, trace, span, log line', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/`)
  await page.getByRole('row').first().waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  await page.getByRole('grid', { name: 'Traces' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('user:an1')
  await page.getByRole('option', { name: '"brian1"' }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.waitForURL(/q=user/)
  await page.locator('[aria-label="Traces"][aria-rowcount="2"]').waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/trace\/1-/)
  const waterfall = page.getByRole('treegrid', { name: 'Waterfall' })
  await waterfall.getByRole('row').filter({ hasText: 'lambda_handler' }).waitFor()
  await page.keyboard.press('e')
  await page.keyboard.press('e')
  await page.keyboard.press('e')
  await page.keyboard.press('Enter')
  await page.waitForURL(/sel=/)
  const panel = page.getByRole('complementary')
  await panel.getByText('ValueError').first().waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL((url) => !url.searchParams.has('sel'))
  await page.keyboard.press('l')
  await waterfall.getByRole('row').filter({ hasText: LINE }).waitFor()
})

test(
  'a trace tells phases, whose the error is, annotations, what is not indexed, and the exception',
  skip,
  async (context) => {
    const page = await openPage(context, browser, `${fnscope.url}/trace/${failed.traceId}`)
    const waterfall = page.getByRole('treegrid', { name: 'Waterfall' })
    await waterfall.getByRole('row').filter({ hasText: 'Overhead' }).waitFor()
    const said = await waterfall.innerText()
    for (const word of ['Initialization', 'init', 'Invocation', 'overhead', 'DynamoDB', 'cold', 'function error'])
      assert.ok(said.includes(word), `${word} is not in ${said}`)
    // The initialization lies before its parent, and is drawn whole.
    const init = waterfall.getByRole('row').filter({ hasText: 'Initialization' })
    assert.match((await init.getByRole('gridcell').last().getAttribute('aria-label'))!, /^29\d ms at 0 ms$/)
    await waterfall.getByRole('row').filter({ hasText: '## lambda_handler' }).click()
    const panel = page.getByRole('complementary')
    await panel.getByText('not indexed').waitFor()
    for (const word of ['brian1', 'card declined', 'app.py:42', 'apple'])
      assert.ok((await panel.innerText()).includes(word), `${word} is not in the panel`)
    await waterfall.getByRole('row').filter({ hasText: 'DynamoDB' }).click()
    await panel.getByText('PutItem', { exact: true }).waitFor()
    await page.goBack()
    await page.goBack()
    assert.equal(await panel.count(), 0)
  },
)

test('any id opens a trace: of the request, of 16 digits, decimal, pasted into the palette', skip, async (context) => {
  const low = failed.traceId.replaceAll('-', '').slice(-16)
  const page = await openPage(context, browser, `${fnscope.url}/trace/${failed.requestId}`)
  await page.getByRole('heading', { name: 'checkout' }).waitFor()
  for (const id of [low, BigInt(`0x${low}`).toString(), failed.traceId.slice(2).replace('-', '')]) {
    await page.goto(`${fnscope.url}/traces`)
    await page.getByRole('grid', { name: 'Traces' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type(`XRAY TraceId: ${id}`)
    await page.getByRole('option', { name: `Open trace ${id}` }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(failed.traceId).first().waitFor()
  }
})

test('a search inside finds values, and a link has all that is seen', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/trace/${failed.traceId}?find=putitem&only=1&z=0.5-1`)
  const waterfall = page.getByRole('treegrid', { name: 'Waterfall' })
  await page.getByText('1 match', { exact: true }).first().waitFor()
  await waterfall.getByRole('row').filter({ hasText: 'DynamoDB' }).waitFor()
  assert.equal(await waterfall.getByRole('row').filter({ hasText: 'Overhead' }).count(), 0)
  assert.equal(await page.getByRole('button', { name: 'Whole trace' }).isDisabled(), false)
})

test('logs and the raw trace, as X-Ray and OpenTelemetry have it', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/trace/${failed.traceId}?tab=logs`)
  await page.getByRole('button', { name: LINE }).click()
  await page.waitForURL(/sel=/)
  await page.goto(`${fnscope.url}/trace/${failed.traceId}?tab=raw`)
  await page.getByText('"Segments"').waitFor()
  await page.getByRole('button', { name: 'OpenTelemetry' }).click()
  await page.getByText('"resourceSpans"').waitFor()
})

test('a wrong expression is told at its character, and what finds nothing says what to drop', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/traces?q=fault+AND+colour+%3D+1`)
  await page.getByRole('alert').getByText('at character 11').waitFor()
  assert.equal(await page.locator('mark').innerText(), 'c')
  await page.goto(`${fnscope.url}/traces?q=user:nobody`)
  await page.getByRole('heading', { name: 'No trace meets all of this' }).waitFor()
  await page.getByRole('button', { name: 'Drop the search user:nobody' }).click()
  await page.getByRole('row').filter({ hasText: 'checkout' }).first().waitFor()
})

test('facets narrow, leave out, and stand in the address', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/traces`)
  const facets = page.getByRole('region', { name: 'Facets' })
  await facets.getByRole('button', { name: /^fault/ }).click()
  await page.waitForURL(/f=status/)
  await page.locator('[aria-label="Traces"][aria-rowcount="2"]').waitFor()
  await page.goto(`${fnscope.url}/traces?f=!service:checkout`)
  await page.getByRole('row').filter({ hasText: 'orders' }).first().waitFor()
  assert.equal(await page.getByRole('row').filter({ hasText: 'checkout' }).count(), 0)
})

test('a server that fails is told with a way to try again', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/favicon.svg`)
  await page.route('**/api/traces?*', (route) =>
    route.fulfill({ status: 500, body: '{"error":{"code":"InternalFailure","message":"the store is down"}}' }),
  )
  await page.goto(`${fnscope.url}/traces`)
  await page.getByText('the store is down').waitFor()
  await page.unroute('**/api/traces?*')
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await page.getByRole('row').filter({ hasText: 'checkout' }).first().waitFor()
  await page.goto(`${fnscope.url}/trace/1-00000000-000000000000000000000000`)
  await page.getByRole('heading', { name: 'There is no such trace' }).waitFor()
})

test('a trace that is still arriving says so and goes on by itself', skip, async (context) => {
  const traceId = hexId(16)
  const [root, child] = [hexId(8), hexId(8)]
  const nanos = (ms: number): string => String(BigInt(Date.now() + ms) * 1_000_000n)
  const span = { traceId, name: 'late', startTimeUnixNano: nanos(-1000), endTimeUnixNano: nanos(-500) }
  await sendSpans(fnscope, 'late', [{ ...span, spanId: child, parentSpanId: root, name: 'child' }])
  await eventually(async () => ((await fetch(`${fnscope.url}/api/traces/${traceId}`)).ok ? true : undefined))
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}`)
  await page.getByText('1 span refers to a parent not seen (yet)').waitFor()
  await sendSpans(fnscope, 'late', [{ ...span, spanId: root, kind: 2, name: 'parent', attributes: [text('k', 'v')] }])
  await page.getByRole('row').filter({ hasText: 'parent' }).waitFor()
  await page.getByText('1 span refers').waitFor({ state: 'detached' })
})

const VIEWS = (): readonly string[] => [
  '/',
  '/traces',
  '/traces?q=user:nobody',
  `/trace/${failed.traceId}`,
  `/trace/${failed.traceId}?logs=1&find=db`,
  `/trace/${failed.traceId}?tab=logs`,
  `/trace/${failed.traceId}?tab=raw`,
  '/nothing/here',
]

for (const theme of ['light', 'dark'] as const)
  test(`axe finds nothing on these pages in ${theme}`, skip, async (context) => {
    const page = await openPage(context, browser, `${fnscope.url}/favicon.svg`, { theme })
    for (const view of VIEWS()) {
      await page.goto(fnscope.url + view)
      await settled(page)
      await assertAccessible(page, view)
    }
    await page.goto(`${fnscope.url}/trace/${failed.traceId}`)
    await page.getByRole('row').filter({ hasText: '## lambda_handler' }).click()
    await page.getByText('not indexed').waitFor()
    await assertAccessible(page, 'span panel')
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await assertAccessible(page, 'shortcuts')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await assertAccessible(page, 'palette')
  })

test('320 px wide nothing is wider than the page', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/favicon.svg`, { width: 320, height: 640 })
  for (const view of VIEWS()) {
    await page.goto(fnscope.url + view)
    await settled(page)
    await assertNoSidewaysScroll(page, view)
  }
})

/** Nothing is on its way any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('main > *').first().waitFor()
  await page.locator('[role=status][aria-label$=loading]').first().waitFor({ state: 'detached' })
}
