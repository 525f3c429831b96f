// Every TraceQuery gives the same traces as SQL and as plain TypeScript, whole and page by page: hundreds of queries from a
// seed over traces that cross minutes and midnight, begin at the same time and have replaced copies. The seed is printed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLogger } from '../../packages/fnscope/src/log.ts'
import { newBatch } from '../../packages/fnscope/src/span/batch.ts'
import { pushSpan } from '../../packages/fnscope/src/span/push-span.ts'
import type { Span } from '../../packages/fnscope/src/span/span.ts'
import { NANOS_PER_DAY } from '../../packages/fnscope/src/span/time.ts'
import { openStore } from '../../packages/fnscope/src/store/connect.ts'
import type { Store, TraceRow } from '../../packages/fnscope/src/store/store.ts'
import type { TraceQuery } from '../../packages/fnscope/src/store/trace-query.ts'
import { startTempEngine, type TempEngine } from './engine-in-temp.ts'
import { evaluate } from './evaluate-trace-query.ts'
import { randomOf, sampleTrace, sampleTraceQuery } from './trace-query-samples.ts'

const SEED = Number(process.env['FNSCOPE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const TRACES = 300
const QUERIES = Number(process.env['FNSCOPE_TEST_QUERIES'] ?? 30)

const nowNanos = BigInt(Date.now()) * 1_000_000n
const midnight = nowNanos - (nowNanos % NANOS_PER_DAY) - NANOS_PER_DAY
const range = { startNanos: midnight - NANOS_PER_DAY / 2n, endNanos: midnight + NANOS_PER_DAY / 2n }

let engine: TempEngine
/** The one that stored the spans and knows what it did, one that learns it from the tables, one that has to ask each time. */
let stores: readonly Store[]
let spans: readonly Span[]

before(async () => {
  engine = await startTempEngine()
  const retention = { spansDays: 7, logsDays: 7, metricsDays: 7 }
  const open = async (alone: boolean): Promise<Store> =>
    await openStore({ url: engine.url, retention, alone, log: silentLogger })
  const store = await open(true)
  const random = randomOf(SEED)
  const traces = Array.from({ length: TRACES }, () => sampleTrace(random, midnight))
  spans = traces.flat()
  // In several inserts: a trace's spans lie in several parts.
  for (let i = 0; i < 5; i++) {
    const batch = newBatch()
    for (const [at, span] of spans.entries()) if (at % 5 === i) pushSpan(batch.spans, span)
    for (const block of store.encode(batch))
      await store.insert(block.table, [block.bytes], `${SEED} ${i} ${block.table}`)
  }
  stores = [store, await open(true), await open(false)]
})

after(async () => {
  for (const store of stores) await store.close()
  await engine.stop()
})

const key = ({ traceId, startNanos }: Pick<TraceRow, 'traceId' | 'startNanos'>): string => `${startNanos} ${traceId}`
const shown = (query: TraceQuery): string =>
  JSON.stringify(query, (_, value: unknown) =>
    typeof value === 'bigint' || Object.is(value, -0) || (typeof value === 'number' && !Number.isFinite(value))
      ? `${String(value)} (${typeof value})`
      : value,
  )

async function pages(store: Store, where: TraceQuery, limit: number): Promise<TraceRow[]> {
  const rows: TraceRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const after = last === undefined ? {} : { after: { startNanos: last.startNanos, traceId: last.traceId } }
    const page = await store.listTraces({ ...range, by: 'start', limit, where, ...after })
    rows.push(...page)
    if (page.length < limit) return rows
  }
}

test(`queries find what they ask for, whole and in pages (FNSCOPE_TEST_SEED=${SEED})`, async () => {
  const random = randomOf(SEED + 1)
  const ids = [...new Set(spans.map(({ traceId }) => traceId))]
  let found = 0
  for (let i = 0; i < QUERIES; i++) {
    const where = sampleTraceQuery(random, ids)
    const expected = evaluate(spans, where, range.startNanos, range.endNanos).map(key)
    const message = `seed ${SEED}, query ${i}: ${shown(where)}`
    const store = stores[i % stores.length]!
    const whole = await store.listTraces({ ...range, by: 'start', limit: 1000, where })
    assert.deepEqual(whole.map(key), expected, message)
    if (expected.length > 0 && expected.length < TRACES) found++
    if (i % 5 === 0) assert.deepEqual((await pages(store, where, 40 + i)).map(key), expected, `in pages: ${message}`)
  }
  assert.ok(found > QUERIES / 4, `only ${found} of ${QUERIES} queries told traces apart`)
})

test('an annotation is found by its exact type and value', async () => {
  const cases: readonly (readonly [Parameters<typeof annotationIs>[0], (value: unknown) => boolean])[] = [
    [{ op: '=', value: '7' }, (value) => value === '7'],
    [{ op: '=', value: 7 }, (value) => value === 7 || value === 7n],
    [{ op: '=', value: 0 }, (value) => value === 0],
    [{ op: '=', value: true }, (value) => value === true],
    [{ op: '!=', value: true }, (value) => value === false],
    [{ op: '=', value: Number.NaN }, () => false],
    [{ op: '>', value: 1e299 }, (value) => value === 1e300 || value === Number.POSITIVE_INFINITY],
    [{ op: '<=', value: -(2 ** 63) }, (value) => value === -(2n ** 63n) || value === Number.NEGATIVE_INFINITY],
    [{ op: '=', value: '' }, (value) => value === ''],
    [{ op: 'exists' }, () => true],
  ]
  for (const [at, [test, isMet]] of cases.entries()) {
    const store = stores[at % stores.length]!
    const rows = await store.listTraces({ ...range, by: 'start', limit: 1000, where: annotationIs(test) })
    const expected = new Set(
      spans.filter(({ annotations }) => 'k' in annotations && isMet(annotations['k'])).map(({ traceId }) => traceId),
    )
    assert.deepEqual(new Set(rows.map(({ traceId }) => traceId)), expected, JSON.stringify(test))
  }
})

function annotationIs(
  test:
    | { op: '=' | '!=' | '>' | '<='; value: number }
    | { op: '='; value: string }
    | { op: '=' | '!='; value: boolean }
    | { op: 'exists' },
): TraceQuery {
  return { is: 'span', where: { is: 'annotation', key: 'k', ...test } }
}
