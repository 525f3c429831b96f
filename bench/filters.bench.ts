// Filter expressions over a store of millions of spans: each class of condition and ANDs of three, over an hour and over a
// day, the newest 100. KEEP names a directory whose store is filled when it is empty and asked again else.
//   node bench/filters.bench.ts    SPANS=5000000 HISTORY=1 HOURS=1,24 COUNT=15 KEEP=DIR ONLY=fault
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownDirectory } from './ingest/children.ts'
import { FILTERS } from './ingest/filters.ts'
import { startFnscopeSubject } from './ingest/fnscope.ts'
import { buildLoadgen, send } from './ingest/loadgen.ts'
import { progress } from './ingest/progress.ts'
import type { Work } from './ingest/subject.ts'
import { pause } from './ingest/trial.ts'
import { load, quantiles, report } from './measure.ts'

const SPANS = Number(process.env['SPANS'] ?? 5_000_000)
/** Hours over which the spans lie. */
const HISTORY = Number(process.env['HISTORY'] ?? 1)
const HOURS = (process.env['HOURS'] ?? '1,24').split(',').map(Number)
const COUNT = Number(process.env['COUNT'] ?? 15)
const ONLY = process.env['ONLY']
const SETTLE_SECONDS = 30
const HOUR_MS = 3_600_000

using own = ownDirectory('filters')
const directory = process.env['KEEP'] ?? own.path
const dataDir = join(directory, 'data')
/** When the last span was sent: ranges end there, however much later they are asked for. */
const endFile = join(directory, 'end')
mkdirSync(dataDir, { recursive: true })

const isFilled = existsSync(endFile)
if (!isFilled) buildLoadgen()
progress('start')
const running = await startFnscopeSubject(dataDir, process.env['FNSCOPE_ARGS']?.split(' ') ?? [])
const url = running.metricsUrl.replace(/\/metrics$/, '')

async function fill(): Promise<void> {
  const target = running.target('otlp-http')!
  const idsFile = join(directory, 'ids')
  const sent = await send({ protocol: 'otlp-http', target, seconds: 900, spans: SPANS, historyHours: HISTORY, idsFile })
  progress(`${sent.acked_spans} spans, ${sent.acked_spans_per_s} a second`)
  while ((await running.storedSpans!()) < sent.acked_spans) await pause(0.5)
  writeFileSync(endFile, String(Date.now()))
  await pause(SETTLE_SECONDS)
}

interface Asked {
  readonly hours: number
  readonly filter: string
  readonly found: number
  readonly ms: ReturnType<typeof quantiles>
  readonly engineCpuMs: number
  readonly fnscopeCpuMs: number
  readonly statements: number
  readonly rows: number
}

async function page(filter: string, hours: number, endMs: number): Promise<number> {
  const query = new URLSearchParams({
    filter,
    limit: '100',
    since: String(endMs - hours * HOUR_MS),
    until: String(endMs),
  })
  const response = await fetch(`${url}/api/traces?${query.toString()}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`${filter}: ${response.status} ${text.slice(0, 300)}`)
  return (JSON.parse(text) as { readonly traces: readonly unknown[] }).traces.length
}

/** Each time another hour's end, by seconds: nothing is answered from what the engine keeps of a question. */
async function ask(filter: string, hours: number, endMs: number): Promise<Asked> {
  let found = await page(filter, hours, endMs)
  const times: number[] = []
  const before = await running.work!()
  const began = performance.now()
  while (times.length < COUNT && performance.now() - began < 20_000) {
    const asked = performance.now()
    found = await page(filter, hours, endMs - 997 * times.length)
    times.push(performance.now() - asked)
  }
  const after = await running.work!()
  const each = (of: (work: Work) => number, digits = 1): number =>
    Number(((of(after) - of(before)) / times.length).toFixed(digits))
  return {
    hours,
    filter,
    found,
    ms: quantiles(times),
    engineCpuMs: each((work) => work.cpuSeconds['engine']! * 1000),
    fnscopeCpuMs: each((work) => work.cpuSeconds['fnscope']! * 1000),
    statements: each((work) => work.statements),
    rows: each((work) => work.rows, 0),
  }
}

try {
  if (!isFilled) await fill()
  const endMs = Number(readFileSync(endFile, 'utf8'))
  const tables = Object.entries(await running.tables!())
  const spans = tables.find(([name]) => name === 'spans')![1].rows
  const bytesPerSpan = tables.reduce((sum, [, { bytes }]) => sum + bytes, 0) / spans
  const loadBefore = load()
  const all: Asked[] = []
  for (const hours of HOURS) {
    for (const filter of FILTERS) {
      if (ONLY !== undefined && !filter.includes(ONLY)) continue
      let one: Asked
      try {
        one = await ask(filter, hours, endMs)
      } catch (error) {
        progress(String(error))
        process.exitCode = 1
        continue
      }
      all.push(one)
      progress(
        `${hours} h  ${filter}: ${one.found} found, p50 ${one.ms.p50.toFixed(0)} ms, engine ${one.engineCpuMs}, ` +
          `fnscope ${one.fnscopeCpuMs} CPU ms, ${one.statements} statements, ${one.rows} rows`,
      )
    }
  }
  const figures = { spans, bytesPerSpan: Number(bytesPerSpan.toFixed(1)), loadBefore, loadAfter: load(), filters: all }
  report(`filters ${SPANS} spans of ${HISTORY} h`, figures)
} finally {
  await running.stop()
}
