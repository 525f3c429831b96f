// What the store is asked for a filter expression never leaves out a trace that meets it, and the parts of spans that the
// expression names decide as whole spans do: random expressions over traces without replaced copies (a replaced copy may be found by its old
// values). Of what the store calls sure nothing else is true of the spans, copies and all. The seed is printed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { traceFilter } from '../../packages/fnscope/src/query/filter/filter.ts'
import { groupByTrace, indexTrace } from '../../packages/fnscope/src/query/trace-index.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import { NANOS_PER_DAY } from '../../packages/fnscope/src/span/time.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import type { Store } from '../../packages/fnscope/src/store/store.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'
import { randomOf, sampleTrace, type Random } from './trace-query-samples.ts'

const SEED = Number(process.env['FNSCOPE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const QUERIES = Number(process.env['FNSCOPE_TEST_QUERIES'] ?? 30)

const INNER =
  `ok;error;fault;throttle;inferred;root;partial;responsetime > 0.5;duration = 0;http.status = 404;http.status != 200
  http.url BEGINSWITH "/b";http.method;user;name = "table";name != "shop";type = "AWS::Lambda";annotation.k;annotation.k > 1
  annotation.l = "a";annotation.l = true;message CONTAINS "work"`.split(/;|\n\s*/)
const OUTER = `service("shop");service("table");service(id(type: "AWS::Lambda"));service(id(account.id: "1"))
  edge("shop", "billing");edge("billing", id(type: "AWS::DynamoDB::Table"));edge(id(type: "client"), "shop");duration > 600;duration < 1
  duration != 0;rootcause.fault.service;rootcause.error.entity;rootcause.fault.exception;rootcause.responsetime.service`.split(
  /;|\n\s*/,
)

const pick = (random: Random, items: readonly string[]): string => items[Math.floor(random() * items.length)]!

function expressionOf(random: Random, atoms: readonly string[], depth = 2): string {
  const kind = depth === 0 ? 0 : random()
  const nested = (): string => expressionOf(random, atoms, depth - 1)
  if (kind > 0.8) return `(${nested()} AND ${nested()})`
  if (kind > 0.6) return `(${nested()} OR ${nested()})`
  if (kind > 0.4) return `!${nested()}`
  const atom = pick(random, atoms)
  if (atoms === INNER) return atom
  if (!/^(service|edge)/.test(atom) || random() < 0.4) return random() < 0.5 ? atom : pick(random, INNER)
  return `${atom} { ${expressionOf(random, INNER, 1)} }`
}

let engine: TempEngine
let store: Store
/** Another process's view of the same: it knows no trace but by asking. */
let other: Store

before(async () => {
  engine = await startTempEngine()
  const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
  store = await openStore({ url: engine.url, retention, log: silentLogger, alone: true })
  other = await openStore({ url: engine.url, retention, log: silentLogger })
})

after(async () => {
  await store.close()
  await other.close()
  await engine.stop()
})

/** What begins a trace is a segment, segments say their service, and none ends before it starts. */
function wellFormed(one: Span): Span {
  const endNanos = one.endNanos! < one.startNanos ? one.startNanos : one.endNanos!
  const service = one.segment && one.service === '' ? 'shop' : one.service
  return one.parentId === undefined
    ? { ...one, endNanos, service: service || 'billing', segment: true, rootRank: 0 }
    : { ...one, endNanos, service }
}

/** Each list becomes a batch of its own. */
async function insertAll(lists: readonly (readonly Span[])[], token: string): Promise<void> {
  for (const [i, spans] of lists.entries()) {
    const batch = newBatch()
    for (const span of spans) pushSpan(span.inProgress ? batch.openSpans : batch.spans, span)
    for (const block of store.encode(batch))
      await store.insert(block.table, [block.bytes], `${token} ${i} ${block.table}`)
  }
}

const nowNanos = BigInt(Date.now()) * 1_000_000n
const midnight = nowNanos - (nowNanos % NANOS_PER_DAY) - NANOS_PER_DAY

test(`candidates have every trace that meets the expression (FNSCOPE_TEST_SEED=${SEED})`, async () => {
  const range = { startNanos: midnight - NANOS_PER_DAY / 2n, endNanos: midnight + NANOS_PER_DAY / 2n }
  const random = randomOf(SEED)
  const seen = new Set<string>()
  const spans = Array.from({ length: 200 }, () => sampleTrace(random, midnight))
    .flat()
    .filter(({ traceId, spanId }) => !seen.has(traceId + spanId) && seen.add(traceId + spanId))
    .map(wellFormed)
  // A parent may come before its child or long after.
  const late = new Set(spans.filter(() => random() < 0.2))
  await insertAll([spans.filter((span) => !late.has(span)), [...late]], String(SEED))
  const traces = [...groupByTrace(await store.readSpans([...groupByTrace(spans).keys()]))]
  let told = 0
  for (let i = 0; i < QUERIES; i++) {
    const text = expressionOf(random, OUTER)
    const filter = traceFilter(text)!
    const met = traces.filter(([, own]) => filter.isMet(indexTrace(own))).map(([traceId]) => traceId)
    const where = filter.candidates
    // By activity the engine is asked for the whole condition at once, else a few traces are looked at first.
    const by = i % 2 === 0 ? 'start' : 'active'
    const rows = await (random() < 0.5 ? store : other).listTraces({
      ...range,
      by,
      limit: 1000,
      ...(where && { where }),
    })
    const candidates = new Set(rows.map(({ traceId }) => traceId))
    const missing = met.filter((traceId) => !candidates.has(traceId))
    assert.deepEqual(missing, [], `seed ${SEED}: ${text}`)
    const read = groupByTrace(await store.readListed(rows, filter.parts))
    const metByParts = [...read].filter(([, own]) => filter.isMet(indexTrace(own))).map(([traceId]) => traceId)
    assert.deepEqual(metByParts.sort(), met.sort(), `by the parts that it names, seed ${SEED}: ${text}`)
    if (candidates.size < traces.length) told++
  }
  assert.ok(told > QUERIES / 4, `the store told traces apart by ${told} of ${QUERIES} expressions alone`)
})

test(`a trace that the store is sure of meets the expression, whatever of it came twice or late (${SEED})`, async () => {
  const random = randomOf(SEED + 1)
  const day = midnight - 3n * NANOS_PER_DAY
  const range = { startNanos: day - NANOS_PER_DAY / 2n, endNanos: day + NANOS_PER_DAY / 2n }
  const traces = Array.from({ length: 200 }, () => sampledWithCopies(random, day))
  const late = new Set<Span>(traces.flat().filter(() => random() < 0.2))
  await insertAll([traces.flat().filter((span) => !late.has(span)), [...late]], `sure ${SEED}`)
  const ids = traces.map((trace) => trace[0]!.traceId)
  const whole = groupByTrace(await store.readSpans(ids))
  let sure = 0
  for (let i = 0; i < QUERIES; i++) {
    const text = expressionOf(random, OUTER)
    const filter = traceFilter(text)!
    const rows = await (random() < 0.5 ? store : other).listTraces({
      ...range,
      by: i % 3 === 0 ? 'active' : 'start',
      limit: 1000,
      ...(filter.candidates && { where: filter.candidates }),
      ...(filter.sure && { sure: filter.sure }),
    })
    const wrong = rows.filter((row) => row.isSure && !filter.isMet(indexTrace(whole.get(row.traceId)!)))
    assert.deepEqual(wrong, [], `seed ${SEED}: ${text}`)
    sure += rows.filter((row) => row.isSure).length
  }
  assert.ok(sure > 0, `the store was sure of ${sure} rows alone`)
})

/** Copies with other content are of makes that send them, as are spans in progress. */
function sampledWithCopies(random: Random, day: bigint): Span[] {
  const spans = sampleTrace(random, day).map(wellFormed)
  const seen = new Map<string, number>()
  for (const { spanId } of spans) seen.set(spanId, (seen.get(spanId) ?? 0) + 1)
  const isXray = random() < 0.3
  return spans.map((span) => {
    const source = seen.get(span.spanId)! > 1 || isXray ? 'xray' : 'otlp'
    const { endNanos: _, ...open } = span
    return random() < 0.05 ? { ...open, source: 'xray', inProgress: true } : { ...span, source }
  })
}
