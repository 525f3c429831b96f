// Traces that nobody would wish for: drawn sanely, nothing executed, nothing hidden silently.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import {
  assertAccessible,
  assertNoSidewaysScroll,
  buildConsole,
  NO_CHROMIUM,
  openChromium,
  openPage,
} from './chromium.ts'
import { hexId, sendLines, sendSpans, text, type OtlpSpan } from './telemetry.ts'

const skip = { skip: NO_CHROMIUM }
const START = BigInt(Date.now() - 120_000) * 1_000_000n
let fnscope: StartedFnscope
let browser: Browser

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

interface Drawn {
  readonly id: string
  readonly parent?: string | undefined
  readonly name?: string
  /** Milliseconds from the start. */
  readonly from?: number
  readonly to?: number
  readonly more?: Partial<OtlpSpan>
}

/** Sends them as one trace and waits until all of it is stored. */
async function traceOf(spans: readonly Drawn[]): Promise<string> {
  const traceId = hexId(16)
  const nanos = (ms: number): string => String(START + BigInt(Math.round(ms * 1e6)))
  const all = spans.map(({ id, parent, name = id, from = 0, to = 10, more }) => ({
    traceId,
    spanId: id,
    parentSpanId: parent,
    name,
    kind: parent === undefined ? 2 : 1,
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    ...more,
  }))
  await sendSpans(fnscope, 'hostile', all)
  await eventually(async () => {
    const response = await fetch(`${fnscope.url}/api/traces/${traceId}/columns`)
    if (!response.ok) return undefined
    return ((await response.json()) as { spanCount: number }).spanCount === spans.length ? true : undefined
  }, 60_000)
  return traceId
}

const id = (number: number): string => (number + 1).toString(16).padStart(16, '0')

test('100 000 spans open with the first 5 000, and say so; the rest is a key away', skip, async (context) => {
  const spans = Array.from({ length: 100_000 }, (_, at) => ({
    id: id(at),
    parent: at === 0 ? undefined : id(Math.floor((at - 1) / 40)),
    from: at / 100,
    to: at / 100 + 5,
    ...(at === 99_000 ? { name: 'deep failure', more: { status: { code: 2 } } } : {}),
  }))
  const traceId = await traceOf(spans)
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}`)
  await page.getByText(/of 100,000 spans are here/).waitFor()
  const waterfall = page.getByRole('treegrid')
  // What failed is here, wherever it is.
  await page.keyboard.press('e')
  await waterfall.getByRole('row', { selected: true }).filter({ hasText: 'deep failure' }).waitFor()
  assert.ok((await waterfall.getByRole('row').count()) < 120, 'rows out of view are not in the document')
  const before = Number(await waterfall.getAttribute('aria-rowcount'))
  await waterfall.focus()
  await page.keyboard.press('End')
  const more = waterfall.getByRole('row').filter({ hasText: 'more children' }).last()
  await more.click()
  await eventually(
    async () => (Number(await waterfall.getAttribute('aria-rowcount')) > before ? true : undefined),
    60_000,
  )
})

test('a span with 5 000 children is a list that one walks to its end', skip, async (context) => {
  const children = Array.from({ length: 5000 }, (_, at) => ({
    id: id(at + 1),
    parent: id(0),
    name: `call ${at}`,
    from: at,
    to: at + 1,
  }))
  const page = await openPage(
    context,
    browser,
    `${fnscope.url}/trace/${await traceOf([{ id: id(0), name: 'root', to: 6000 }, ...children])}`,
  )
  const waterfall = page.getByRole('treegrid')
  await waterfall.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await eventually(async () => ((await waterfall.getAttribute('aria-rowcount')) === '5002' ? true : undefined))
  await page.keyboard.press('End')
  await waterfall.getByRole('row', { selected: true }).filter({ hasText: 'call 4999' }).waitFor()
})

const HTML = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'><b>`
const CONTROL = `a\u0000b\u001b[31mc\u202ed\u0007\ud83d\ude00`

test('HTML and control characters in every field are text, in pages and pictures', skip, async (context) => {
  const attributes = [
    text(HTML, HTML),
    text('http.url', `javascript:${HTML}`),
    text('db.statement', CONTROL),
    text('__proto__', HTML),
  ]
  const traceId = await traceOf([
    {
      id: id(0),
      name: HTML,
      more: {
        attributes,
        events: [
          { timeUnixNano: String(START), name: HTML, attributes },
          {
            timeUnixNano: String(START),
            name: 'exception',
            attributes: [
              text('exception.type', HTML),
              text('exception.message', HTML),
              text('exception.stacktrace', HTML),
            ],
          },
        ],
        links: [{ traceId: hexId(16), spanId: hexId(8), attributes }],
        status: { code: 2, message: HTML },
      },
    },
    { id: id(1), parent: id(0), name: CONTROL },
  ])
  await sendLines(fnscope, HTML, [
    { timeUnixNano: String(START), traceId, severityText: HTML, body: { stringValue: HTML + CONTROL } },
  ])
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}?sel=${id(0)}&logs=1`)
  await page.getByRole('complementary').getByText('Events (2)').waitFor()
  for (const view of ['?tab=logs', '?tab=raw', '?find=onerror']) {
    await page.goto(`${fnscope.url}/trace/${traceId}${view}`)
    await page.getByText('<b>').first().waitFor()
  }
  await assertAccessible(page, context.name)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'SVG' }).click()
  const svg = await (await download).createReadStream().then(async (stream) => (await stream.toArray()).join(''))
  assert.ok(!svg.includes('<script') && svg.includes('&lt;script'))
  await page.goto(`${fnscope.url}/`)
  await page.getByRole('row').nth(1).waitFor()
  await page.goto(`${fnscope.url}/traces`)
  await page.getByRole('row').nth(1).waitFor()
  assert.equal(await page.evaluate('window.hacked'), undefined)
})

test('names of 10 kB stay in their row and can be read whole', skip, async (context) => {
  const long = 'n'.repeat(10_000)
  const traceId = await traceOf([{ id: id(0), name: long, more: { attributes: [text('k'.repeat(10_000), long)] } }])
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}?sel=${id(0)}`)
  const row = page.getByRole('treegrid').getByRole('row').nth(1)
  await row.waitFor()
  assert.equal((await row.boundingBox())?.height, 24)
  await assertNoSidewaysScroll(page, context.name)
})

test('spans before and after their parent are drawn whole, with a word', skip, async (context) => {
  const traceId = await traceOf([
    { id: id(0), name: 'root', from: 100, to: 200 },
    { id: id(1), parent: id(0), name: 'early', from: 0, to: 50 },
    { id: id(2), parent: id(0), name: 'late', from: 150, to: 400 },
    { id: id(3), parent: id(0), name: 'skewed', from: -3000, to: -2900 },
  ])
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}?sel=${id(2)}`)
  const label = async (name: string): Promise<string | null> =>
    await page
      .getByRole('treegrid')
      .getByRole('row')
      .filter({ hasText: name })
      .getByRole('gridcell')
      .last()
      .getAttribute('aria-label')
  await page.getByRole('complementary').getByText('200 ms after its parent ended').waitFor()
  assert.equal(await label('skewed'), '100 ms at 0 ms')
  assert.equal(await label('late'), '250 ms at 3.15 s')
  assert.equal(await label('early'), '50.0 ms at 3.00 s')
})

test('missing parents and rings of parents stand at the top, and it is said', skip, async (context) => {
  const traceId = await traceOf([
    { id: id(0), name: 'root' },
    { id: id(1), parent: hexId(8), name: 'lost' },
    { id: id(2), parent: id(4), name: 'ring a', from: 1 },
    { id: id(3), parent: id(2), name: 'ring b', from: 2 },
    { id: id(4), parent: id(3), name: 'ring c', from: 3 },
    { id: id(5), parent: id(5), name: 'own parent', from: 4 },
  ])
  const page = await openPage(context, browser, `${fnscope.url}/trace/${traceId}`)
  const waterfall = page.getByRole('treegrid')
  for (const name of ['root', 'lost', 'ring a', 'ring b', 'ring c', 'own parent'])
    await waterfall.getByRole('row').filter({ hasText: name }).waitFor()
  assert.equal(await waterfall.getAttribute('aria-rowcount'), '7')
  await page.getByText(/refer to a parent not seen/).waitFor()
})

test('a chain of 3 000 spans is as deep as it says, and folds', skip, async (context) => {
  const spans = Array.from({ length: 3000 }, (_, at) => ({
    id: id(at),
    parent: at === 0 ? undefined : id(at - 1),
    name: `level ${at}`,
    to: 10_000 - at,
  }))
  const page = await openPage(context, browser, `${fnscope.url}/trace/${await traceOf(spans)}`)
  const waterfall = page.getByRole('treegrid')
  await waterfall.focus()
  await page.keyboard.press('End')
  const last = waterfall.getByRole('row', { selected: true }).filter({ hasText: 'level 2999' })
  await last.waitFor()
  assert.equal(await last.getAttribute('aria-level'), '3000')
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowLeft')
  await eventually(async () => ((await waterfall.getAttribute('aria-rowcount')) === '2' ? true : undefined))
})
