// Environments, accounts and versions side by side: the map and the list of one of them, of all, and of all but one.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { buildConsole, NO_CHROMIUM, openChromium, openPage } from './chromium.ts'
import { hexId, sendSpans, text } from './telemetry.ts'

const skip = { skip: NO_CHROMIUM }
let fnscope: StartedFnscope
let browser: Browser
/** Trace id. */
let prod: string

/** A call of `shop` to a service that each environment has for itself; its trace id. */
async function call(environment: string, account: string, version: string): Promise<string> {
  const traceId = hexId(16)
  const [root, client, server] = [hexId(8), hexId(8), hexId(8)]
  const nanos = (ms: number): string => String(BigInt(Date.now() + ms) * 1_000_000n)
  const more = [
    text('deployment.environment.name', environment),
    text('cloud.account.id', account),
    text('service.version', version),
  ]
  const span = { traceId, startTimeUnixNano: nanos(-20), endTimeUnixNano: nanos(-10) }
  const shop = [
    { ...span, spanId: root, name: 'GET /', kind: 2 },
    { ...span, spanId: client, parentSpanId: root, name: 'GET /stock', kind: 3 },
  ]
  await sendSpans(fnscope, 'shop', shop, more)
  const stock = [{ ...span, spanId: server, parentSpanId: client, name: 'GET /stock', kind: 2 }]
  await sendSpans(fnscope, `stock-${environment}`, stock, more)
  return traceId
}

before(async () => {
  if (NO_CHROMIUM !== false) return
  buildConsole()
  ;[fnscope, browser] = await Promise.all([startFnscope(), openChromium()])
  prod = await call('prod', '111111111111', '1.0')
  await call('staging', '222222222222', '2.0')
  await eventually(async () => {
    const { traces } = (await (await fetch(`${fnscope.url}/api/traces`)).json()) as { readonly traces: unknown[] }
    const { nodes } = (await (await fetch(`${fnscope.url}/api/map`)).json()) as { readonly nodes: { name: string }[] }
    const names = new Set(nodes.map(({ name }) => name))
    return traces.length === 2 && names.has('stock-prod') && names.has('stock-staging') ? true : undefined
  })
})

after(async () => {
  await browser?.close()
  await fnscope?.[Symbol.asyncDispose]()
})

const node = (page: Page, name: string): ReturnType<Page['locator']> =>
  page.locator('svg [data-node]', { hasText: name })

test(
  'the map is of the environment and the account that are chosen, and the address says which',
  skip,
  async (context) => {
    const page = await openPage(context, browser, `${fnscope.url}/map`)
    await node(page, 'stock-prod').waitFor()
    await node(page, 'stock-staging').waitFor()
    await page.getByLabel('Environment').selectOption('staging')
    await page.waitForURL(/environment=staging/)
    await node(page, 'stock-prod').waitFor({ state: 'detached' })
    assert.equal(await node(page, 'stock-staging').count(), 1)
    await page.goto(`${fnscope.url}/map?account=111111111111`)
    await node(page, 'stock-prod').waitFor()
    assert.equal(await node(page, 'stock-staging').count(), 0)
    await page.getByLabel('Account').selectOption('')
    await node(page, 'stock-staging').waitFor()
  },
)

test('traces of a version are asked for, or left out', skip, async (context) => {
  const page = await openPage(context, browser, `${fnscope.url}/traces`)
  const list = (rows: number): Promise<void> =>
    page.locator(`[aria-label="Traces"][aria-rowcount="${rows + 1}"]`).waitFor()
  await list(2)
  const version = page.getByRole('region', { name: 'Facets' }).getByRole('button', { name: /^2\.0/ })
  await version.click()
  await page.waitForURL(/f=version/)
  await list(1)
  await page.goto(`${fnscope.url}/traces?f=!version:2.0`)
  await list(1)
  assert.equal(
    await page
      .getByRole('row')
      .filter({ hasText: prod.slice(8) })
      .count(),
    1,
  )
  await page.goto(`${fnscope.url}/traces?f=!version:2.0,environment:staging`)
  await page.getByRole('heading', { name: 'No trace meets all of this' }).waitFor()
})
