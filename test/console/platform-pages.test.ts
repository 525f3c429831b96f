// The console's pages Map, Functions, Cold starts, Logs, Metrics and Settings in a real Chromium, over functions that ran
// and telemetry that came through every door.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { eventually, type StartedFnscope } from '../started-fnscope.ts'
import {
  assertAccessible,
  assertNoSidewaysScroll,
  buildConsole,
  NO_CHROMIUM,
  openChromium,
  type PageOptions,
  withPage,
} from './chromium.ts'
import { ask, startShop } from './shop.ts'

let fnscope: StartedFnscope
let browser: Browser

before(async () => {
  if (NO_CHROMIUM !== false) return
  buildConsole()
  ;[fnscope, browser] = await Promise.all([startShop(), openChromium()])
})
after(async () => {
  await browser?.close()
  await fnscope?.[Symbol.asyncDispose]()
})

interface Visit extends PageOptions {
  /** Prepares the page before it is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

async function visit(
  path: string,
  look: (page: Page) => Promise<void>,
  { prepare, ...options }: Visit = {},
): Promise<void> {
  await withPage(browser, fnscope.url, options, async (page) => {
    await prepare?.(page)
    await page.goto(fnscope.url + path)
    await look(page)
  })
}

/** Asked from here: the page's own policy lets no text be run in it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  await eventually(async () => ((await isSo()) ? true : undefined), 60_000)
}

async function rowsAre(page: Page, count: number): Promise<void> {
  await until(async () => (await page.locator('[role=grid] [role=row][id]').count()) === count)
}

const ORDERS_NODE = '["orders","AWS::Lambda::Function","000000000000"]'
/** Each page, and what is there once it is. */
const PAGES: readonly (readonly [path: string, shows: string])[] = [
  ['/map', 'svg [data-node]'],
  [`/map?sel=${encodeURIComponent(ORDERS_NODE)}`, 'aside h3'],
  ['/map?view=table', '[role=grid] [role=row][id]'],
  ['/functions', '[role=grid] [role=row][id]'],
  ['/functions/orders', '[role=grid] [role=row][id]'],
  ['/functions/orders/cold', 'table'],
  ['/functions/orders?tab=configuration', 'main form'],
  ['/functions/orders?tab=invoke', 'textarea'],
  ['/logs', '[role=grid] [role=row][id]'],
  ['/metrics?namespace=Shop&name=OrderValue&by=country', '.uplot canvas'],
  ['/settings', 'table'],
]

for (const [theme, width] of [
  ['light', 1280],
  ['dark', 320],
] as const)
  test(
    `axe finds nothing on any page, and none is wider than a window of ${width} px, ${theme}`,
    { skip: NO_CHROMIUM },
    async () => {
      for (const [path, shows] of PAGES)
        await visit(
          path,
          async (page) => {
            await page.waitForSelector(shows)
            await assertAccessible(page, `${path} ${theme}`)
            await assertNoSidewaysScroll(page, path)
          },
          { theme, width },
        )
    },
  )

test(
  'without data, and when the server fails, each page says so and axe finds nothing',
  { skip: NO_CHROMIUM },
  async () => {
    const empty = '?from=1000000000000&to=1000000001000'
    const says: readonly (readonly [path: string, api: RegExp, empty: RegExp, failed: RegExp])[] = [
      ['/map', /\/api\/map/, /No calls in this time/, /map could not be read/],
      ['/logs', /\/api\/logs\?/, /No log line in this time/, /log lines could not be read/],
      ['/metrics', /\/api\/metrics\/names/, /No metric in this time/, /metrics could not be read/],
      ['/functions/orders/cold', /cold-starts/, /No cold start in this time/, /cold starts could not be read/],
    ]
    for (const [path, api, nothing, failure] of says) {
      await visit(path + empty, async (page) => {
        await page.getByText(nothing).waitFor()
        await assertAccessible(page, `${path} without data`)
      })
      await visit(
        path,
        async (page) => {
          await page.getByRole('alert').getByText(failure).waitFor({ timeout: 60_000 })
          assert.match(await page.getByRole('alert').innerText(), /no room left <b>here<\/b>/)
          await assertAccessible(page, `${path} failed`)
          await page.unrouteAll()
          await page.getByRole('button', { name: 'Try again' }).click()
          await page.getByRole('alert').waitFor({ state: 'detached' })
        },
        {
          prepare: (page) =>
            page.route(api, (route) =>
              route.fulfill({
                status: 400,
                json: { error: { code: 'FNS_USAGE', message: 'no room left <b>here</b>' } },
              }),
            ),
        },
      )
    }
  },
)

test(
  'the map is walked by arrows, found by search, opened by Enter, and leads to traces',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/map', async (page) => {
      const web = page.locator('svg [role=button]', { hasText: /^EC2 ?web|EC2 Instance/ }).first()
      await web.focus()
      await page.keyboard.press('ArrowRight')
      const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent')
      assert.match(await focused(), /backend|orders/)
      await page.keyboard.press('ArrowLeft')
      assert.match(await focused(), /web/)
      await page.keyboard.press('Enter')
      await page.getByRole('complementary', { name: 'web' }).waitFor()
      assert.match(page.url(), /sel=/)
      const panel = page.getByRole('complementary', { name: 'web' })
      assert.match(await panel.innerText(), /One call,[\s\S]*fault\s*1\s*100 %[\s\S]*Calls[\s\S]*backend/)
      const href = await panel.getByRole('link', { name: 'Traces of web' }).getAttribute('href')
      assert.equal(
        new URL(href!, fnscope.url).searchParams.get('q'),
        'service(id(name: "web", type: "AWS::EC2::Instance"))',
      )
      await page.keyboard.press('Escape')
      await panel.waitFor({ state: 'detached' })
      await page.keyboard.press('/')
      await page.keyboard.type('payments')
      await page.keyboard.press('Enter')
      await page.getByRole('complementary', { name: 'payments' }).waitFor()
      await page.keyboard.press('Tab')
      await page.getByLabel('Group').selectOption('service')
      await page.locator('svg [data-node]').first().waitFor()
      assert.match(page.url(), /by=service/)
      await page.goBack()
      assert.doesNotMatch(page.url(), /by=service/)
    })
  },
)

test(
  'the map is saved as SVG and PNG with its colours, and nothing in it is a script',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/map', async (page) => {
      await page.locator('svg [data-node]').first().waitFor()
      const saved = async (name: string): Promise<Buffer> => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name }).click(),
        ])
        return readFileSync(await download.path())
      }
      const svg = (await saved('Save SVG')).toString()
      assert.match(svg, /^<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
      assert.match(svg, /stroke="rgb\(/)
      assert.match(svg, />orders<\/text>/)
      assert.doesNotMatch(svg, /<script|class=/)
      assert.deepEqual([...(await saved('Save PNG')).subarray(1, 4)], [...Buffer.from('PNG')])
    })
  },
)

test(
  'a function is called with an event that is kept, and its answer, log and trace are there',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/functions', async (page) => {
      await page.getByRole('grid', { name: 'Functions' }).focus()
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'orders' }).waitFor()
      await page.keyboard.press('i')
      const event = page.getByLabel('Event as JSON')
      await event.fill('{"id": 77, "customer"')
      assert.equal(await page.getByRole('button', { name: 'Invoke', exact: true }).isDisabled(), true)
      const written = '{ "id": 77,\n  "customer": "<img src=x onerror=alert(1)>" }'
      await event.fill(written)
      await page.getByLabel('Name of the event').fill('one & only')
      await page.getByRole('button', { name: 'Save the event' }).click()
      await page.getByRole('button', { name: 'one & only', exact: true }).waitFor()
      assert.match(page.url(), /event=one/)
      assert.equal(await event.inputValue(), written)
      await event.focus()
      await page.keyboard.press('Control+Enter')
      await page.getByText('"id": 77').first().waitFor()
      assert.match(await page.locator('pre').last().innerText(), /onerror=alert[\s\S]*REPORT RequestId/)
      const trace = await page.getByRole('link', { name: 'Trace', exact: true }).getAttribute('href')
      assert.match(trace ?? '', /^\/trace\/1-[0-9a-f]{8}-[0-9a-f]{24}/)
      await page.reload()
      await page.getByRole('button', { name: 'Delete one & only' }).click()
      await page.getByRole('button', { name: 'one & only', exact: true }).waitFor({ state: 'detached' })
    })
  },
)

test(
  'what a function is configured with is changed for the next call; a published version is only read',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/functions/payments?tab=configuration', async (page) => {
      const form = page.getByRole('form', { name: 'Configuration' })
      await form.getByLabel('Handler').fill('two words')
      await form.getByRole('button', { name: 'Save' }).click()
      await page.getByText('It was not stored').waitFor()
      await form.getByLabel('Handler').fill('app.payments')
      await form.getByLabel('Memory, MB').fill('512')
      await form.getByLabel('Active tracing').uncheck()
      await form.getByRole('button', { name: 'Add a variable' }).click()
      await form.getByLabel('Name of variable 1').fill('CURRENCY')
      await form.getByLabel('Value of CURRENCY', { exact: true }).fill('JPY')
      await form.getByText('To be changed: TracingConfig, MemorySize, Environment').waitFor()
      await form.getByRole('button', { name: 'Save' }).click()
      await form.getByText('Nothing was changed.').waitFor()
      const answer = await ask(fnscope, 'POST', '/2015-03-31/functions/payments/invocations', '{}')
      assert.deepEqual(await answer.json(), { paid: true, currency: 'JPY', memory: '512' })
      await page.getByRole('tab', { name: 'Versions' }).click()
      await page.getByLabel('Description').fill('first')
      await page.getByRole('button', { name: 'Publish a version of $LATEST' }).click()
      await page.getByRole('link', { name: '1', exact: true }).click()
      await page.getByText('A published version never changes.', { exact: false }).waitFor()
      assert.equal(await form.getByLabel('Handler').isDisabled(), true)
      assert.equal(await form.getByLabel('Memory, MB').inputValue(), '512')
      await assertAccessible(page, 'a published version')
      await page.getByLabel('Version').selectOption('$LATEST')
      await form.getByRole('button', { name: 'Save' }).waitFor()
    })
  },
)

test('a cold start is read down to its imports', { skip: NO_CHROMIUM }, async () => {
  await visit('/functions/orders/cold', async (page) => {
    await page.locator('summary', { hasText: 'import awslambdaric.bootstrap' }).click()
    const packages = page.getByRole('table').filter({ hasText: 'With what it imports' })
    await packages.getByRole('rowheader', { name: 'awslambdaric' }).waitFor()
    assert.match(
      await page.getByRole('list').filter({ hasText: 'first call' }).first().innerText(),
      /Runtime[\s\S]*first call/,
    )
    const trace = await page.getByRole('link', { name: 'Its trace' }).getAttribute('href')
    assert.match(trace ?? '', /^\/trace\/1-/)
  })
})

test('the imports of a cold start are a flame graph that one walks by keys', { skip: NO_CHROMIUM }, async () => {
  await visit('/functions/orders/cold', async (page) => {
    const flame = page.getByRole('tree', { name: 'Imports by time' })
    await flame.focus()
    const selected = flame.getByRole('treeitem', { selected: true })
    await page.keyboard.press('Home')
    const first = await selected.getAttribute('aria-label')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await until(async () => (await selected.getAttribute('aria-level')) === '2')
    assert.notEqual(await selected.getAttribute('aria-label'), first)
    const box = async (): Promise<number> => (await selected.boundingBox())?.width ?? 0
    const before = await box()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Show all' }).waitFor()
    assert.ok((await box()) > before, 'what is shown alone is as wide as all was')
    await assertAccessible(page, 'one import alone')
    await page.keyboard.press('Escape')
    await until(async () => (await box()) === before)
  })
})

test(
  'log lines are found by a member, opened, looked around, and made into columns',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/logs', async (page) => {
      await page.getByRole('grid', { name: 'Log lines' }).waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type('order.id:3')
      const rows = page.locator('[role=grid] [role=row][id]')
      await rowsAre(page, 3)
      await page.getByRole('button', { name: 'error' }).click()
      await rowsAre(page, 1)
      assert.match(await rows.first().innerText(), /order refused/)
      await page.getByRole('grid', { name: 'Log lines' }).focus()
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      const drawer = page.getByRole('complementary')
      await drawer.getByRole('button', { name: 'What stands around it' }).click()
      await drawer.getByText('plain line of order 3').waitFor()
      await drawer.getByRole('button', { name: 'Column order.currency' }).click()
      await page.getByRole('columnheader', { name: /order\.currency/ }).waitFor()
      await drawer.getByRole('button', { name: 'Filter for level' }).click()
      assert.equal(new URL(page.url()).searchParams.get('q'), 'order.id:3 level:ERROR')
      assert.match((await drawer.getByRole('link', { name: 'Trace' }).getAttribute('href')) ?? '', /^\/trace\/1-/)
    })
  },
)

test('lines come in while one watches, and wait while one has paused', { skip: NO_CHROMIUM }, async () => {
  let connected: Promise<unknown> | undefined
  const prepare = async (page: Page): Promise<void> => {
    connected = page.waitForResponse(/\/api\/live/)
  }
  const look = async (page: Page): Promise<void> => {
    await page.getByRole('grid', { name: 'Log lines' }).waitFor()
    await connected
    const call = (): Promise<Response> => ask(fnscope, 'POST', '/2015-03-31/functions/payments/invocations', '{}')
    const lines = (): Promise<number> => page.getByText('slow bank').count()
    const before = await lines()
    await call()
    await until(async () => (await lines()) > before)
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Paused' }).waitFor()
    const shown = await lines()
    await call()
    const waiting = page.getByRole('button', { name: /^\d+ new$/ })
    await waiting.waitFor()
    assert.equal(await lines(), shown)
    await waiting.click()
    await until(async () => (await lines()) > shown)
  }
  await visit('/logs?live=1&function=payments', look, { prepare })
})

test(
  'a metric is split by a dimension, by number and by point, and leads to its trace',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/metrics', async (page) => {
      await page.getByRole('button', { name: /^OrderValue/ }).click()
      await page.getByLabel('Split by').selectOption('country')
      await page.getByRole('cell', { name: 'FR', exact: true }).first().waitFor()
      assert.match(page.url(), /name=OrderValue/)
      const values = await page.getByRole('row', { name: /FR/ }).allInnerTexts()
      assert.match(values.join(' '), /52\.5/)
      await page.getByLabel('Statistic').selectOption('max')
      await until(async () => /FR\s+42/.test(await page.locator('main').innerText()))
      await page.getByRole('link', { name: /^1-/ }).first().click()
      await page.waitForURL(/\/trace\/1-/)
    })
  },
)

test(
  'a sample goes through a door, and a sampling rule is made, changed and deleted',
  { skip: NO_CHROMIUM },
  async () => {
    await visit('/settings', async (page) => {
      await page.getByRole('button', { name: 'Send me a sample: Zipkin' }).click()
      const link = page.getByRole('link', { name: 'Trace of the sample: Zipkin' })
      await link.waitFor()
      assert.match((await link.getAttribute('href')) ?? '', /^\/trace\/1-/)
      await page.getByRole('button', { name: 'Add a rule' }).click()
      const form = page.getByRole('form', { name: 'A new rule' })
      await form.getByLabel('Name', { exact: true }).fill('checkout')
      await form.getByLabel('Priority').fill('0')
      await form.getByRole('button', { name: 'Store the rule' }).click()
      await page.getByText('Priority must be from 1 to 9999.').waitFor()
      await form.getByLabel('Priority').fill('7')
      await form.getByLabel('Of the rest, percent').fill('12.5')
      await form.getByRole('button', { name: 'Store the rule' }).click()
      await page.getByRole('row', { name: /checkout 7 1 12\.5/ }).waitFor()
      await page.getByRole('button', { name: 'Edit checkout' }).click()
      await page.getByRole('form', { name: 'Rule checkout' }).getByLabel('URL path').fill('/pay/*')
      await page.getByRole('button', { name: 'Store the rule' }).click()
      await page.getByRole('cell', { name: '/pay/*' }).waitFor()
      await page.getByRole('button', { name: 'Delete checkout' }).click()
      await page.getByRole('row', { name: /checkout/ }).waitFor({ state: 'detached' })
      await page.getByLabel('Dark', { exact: true }).check()
      assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    })
  },
)
