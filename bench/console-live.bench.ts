// The page Live while a thousand events a second come: what its heap holds, sampled after forced collections, and how many
// frames it draws, which are judged; and how long single frames take by the clock and how busy its own thread is, which are
// told. Sender, fnscope, engine and browser share the machine, and so the frames say little where others use it too. Needs
// Chromium.
//   node bench/console-live.bench.ts     LIVE_SECONDS=240 (600: ten minutes; below three the heap's first minute decides)
import type { Browser, CDPSession, Page } from 'playwright-core'
import { buildConsole, NO_CHROMIUM, openChromium } from '../test/console/chromium.ts'
import { hexId, invocation, sendDocuments, sendLines, sendSpans } from '../test/console/telemetry.ts'
import { startFnscope } from '../test/started-fnscope.ts'
import { load, quantiles, report } from './measure.ts'

const SECONDS = Number(process.env['LIVE_SECONDS'] ?? 240)
/** More than the page keeps, so that it is full before anything is compared. */
const FILL_SECONDS = 10
const SAMPLE_SECONDS = 10
const ROOTS = 850
/** Each an event for the trace and one for its phases. */
const INVOCATIONS = 25
const LINES = 100

const LIMITS = { growthBytesAMinute: 1_000_000, framesASecond: 30 } as const

function fail(message: string): void {
  console.error(`${message}: beyond the limit`)
  process.exitCode = 1
}

async function openLive(inside: Browser): Promise<Page> {
  const page = await inside.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(`${fnscope.url}/`)
  await page.getByText('connected', { exact: true }).waitFor({ timeout: 60_000 })
  return page
}

/** The time between frames, from when it is evaluated. */
const NOTE_FRAMES = `{
  globalThis.frameMs = []
  let last = performance.now()
  const note = () => {
    const now = performance.now()
    globalThis.frameMs.push(now - last)
    last = now
    requestAnimationFrame(note)
  }
  requestAnimationFrame(note)
}`

/** In ten parts of each second, as many clients would. */
async function sendFor(seconds: number, eachSecond: (second: number) => Promise<void>): Promise<void> {
  const began = performance.now()
  for (let tenth = 1; tenth <= seconds * 10; tenth++) {
    await sendTenth(tenth)
    if (tenth % 10 === 0) await eachSecond(tenth / 10)
    const wait = began + tenth * 100 - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
}

async function sendTenth(tenth: number): Promise<void> {
  const nowMs = Date.now()
  const nanos = (ms: number): string => String(BigInt(ms) * 1_000_000n)
  const roots = Array.from({ length: ROOTS / 10 }, (_, at) => ({
    traceId: hexId(16),
    spanId: hexId(8),
    name: `GET /items/${at % 50}`,
    kind: 2,
    startTimeUnixNano: nanos(nowMs),
    endTimeUnixNano: nanos(nowMs + 12),
  }))
  const lines = roots.slice(0, LINES / 10).map(({ traceId }) => ({
    timeUnixNano: nanos(nowMs),
    traceId,
    severityText: 'INFO',
    body: { stringValue: `item ${tenth} was looked at by a customer` },
  }))
  const calls = Array.from(
    { length: Math.round((tenth * INVOCATIONS) / 10) - Math.round(((tenth - 1) * INVOCATIONS) / 10) },
    () => invocation({ name: 'orders', atSeconds: nowMs / 1000, cold: tenth % 10 === 0 }),
  )
  await Promise.all([
    sendSpans(fnscope, 'shop', roots),
    sendLines(fnscope, 'shop', lines),
    sendDocuments(
      fnscope,
      calls.flatMap(({ documents }) => documents),
    ),
  ])
}

/** After a collection: what is held, not what has been let go. */
async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  return (await session.send('Runtime.getHeapUsage')).usedSize
}

/** Everything that the page's own thread did. */
async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
}

/** Of the straight line through the samples, least squares: bytes a second. */
function slope(samples: readonly { readonly second: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(samples.map(({ second }) => second)), mean(samples.map(({ bytes }) => bytes))]
  const spread = samples.reduce((sum, { second }) => sum + (second - x) ** 2, 0)
  return spread === 0 ? 0 : samples.reduce((sum, { second, bytes }) => sum + (second - x) * (bytes - y), 0) / spread
}

if (NO_CHROMIUM !== false) throw new Error(NO_CHROMIUM)
buildConsole()
const before = load()
await using fnscope = await startFnscope()
const browser = await openChromium()
try {
  const page = await openLive(browser)
  const session = await page.context().newCDPSession(page)
  await sendFor(FILL_SECONDS, async () => {})
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busyBefore = await busyMs(session)
  await page.evaluate(NOTE_FRAMES)
  const heap: { readonly second: number; readonly bytes: number }[] = [{ second: 0, bytes: await heapBytes(session) }]
  await sendFor(SECONDS, async (second) => {
    if (second % SAMPLE_SECONDS === 0) heap.push({ second, bytes: await heapBytes(session) })
  })
  const frameMs = await page.evaluate<number[]>('globalThis.frameMs')
  const threadMs = (await busyMs(session)) - busyBefore
  const missed = await page.getByText(/came faster than they can be told/).count()
  const figures = {
    eventsASecond: ROOTS + 2 * INVOCATIONS + LINES,
    seconds: SECONDS,
    heap,
    growthBytesAMinute: Math.round(slope(heap) * 60),
    framesASecond: Math.round(frameMs.length / SECONDS),
    threadMsASecond: Math.round(threadMs / SECONDS),
    frameMs: quantiles(frameMs),
    missed: missed > 0,
  }
  report('console-live', { load: { before, after: load() }, limits: LIMITS, figures })
  if (figures.growthBytesAMinute > LIMITS.growthBytesAMinute)
    fail(`the heap grows by ${figures.growthBytesAMinute} B a minute`)
  if (figures.framesASecond < LIMITS.framesASecond) fail(`${figures.framesASecond} frames a second`)
} finally {
  await browser.close()
}
