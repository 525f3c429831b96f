// The suite that every store must pass, as a function of how to open one: run on the embedded engine and on a server.
// Each test works on traces, minutes and names of its own, so that one store serves them all, also one used before.
import assert from 'node:assert/strict'
import { suite, test, before, after } from 'node:test'
import { newBatch, type Batch, type RawDocument } from '../span/batch.ts'
import { newSpanId, newTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { pushSpan } from '../span/push-span.ts'
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import { NANOS_PER_DAY, NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../span/time.ts'
import { StoreError, type GraphStatistics, type MinuteGraph, type Store, type TraceRow } from './store.ts'

export interface OpenedStore {
  readonly store: Store
  close(): Promise<void>
}

const now = BigInt(Date.now()) * 1_000_000n
const token = (): string => globalThis.crypto.randomUUID()
const traceId = (): string => newTraceId(Date.now() / 1000)
/** An id whose first digits are no likely time, as W3C makes them. */
const randomTraceId = (): string => `f${newSpanId().slice(1)}${newSpanId()}`

let spread = 0n
/** A range of time that no other test (or earlier run, likely) lists: minutes within the last three days. */
function quietTime(): bigint {
  const seed = BigInt(`0x${newSpanId().slice(0, 6)}`)
  spread += 1n
  return now - NANOS_PER_DAY - (seed % 86_400n) * NANOS_PER_SECOND - spread * 1_000_000n
}

function span(input: Partial<SpanInput>): Span {
  const startNanos = input.startNanos ?? now
  return completeSpan({
    traceId: traceId(),
    spanId: newSpanId(),
    name: 'GET /',
    source: 'xray',
    service: 'shop',
    receivedNanos: now,
    startNanos,
    endNanos: startNanos + NANOS_PER_SECOND,
    ...input,
  })
}

function openSpan(input: Partial<SpanInput>): Span {
  const { endNanos: _, ...open } = span(input)
  return { ...open, inProgress: true }
}

function batchOf(spans: readonly Span[], rest: Partial<Omit<Batch, 'spans' | 'openSpans'>> = {}): Batch {
  const batch = { ...newBatch(), ...rest }
  for (const one of spans) pushSpan(one.inProgress ? batch.openSpans : batch.spans, one)
  return batch
}

async function put(store: Store, spans: readonly Span[], rest: Partial<Batch> = {}): Promise<void> {
  for (const block of store.encode(batchOf(spans, rest))) await store.insert(block.table, [block.bytes], token())
}

/** A span with something in every field, among it what breaks naive encoders. */
export function fullSpan(): Span {
  return span({
    parentId: newSpanId(),
    startNanos: now - 123_456_789n,
    endNanos: now + 987_654_321n,
    receivedNanos: 9_223_372_036_854_775_807n,
    kind: 3,
    segment: true,
    rootRank: 1,
    source: 'otlp',
    service: 'café ☕ "quoted" \\ \n\t\0',
    name: '名前',
    origin: 'AWS::Lambda::Function',
    namespace: 'aws',
    accountId: '000000000000',
    resourceArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    error: true,
    fault: true,
    throttle: true,
    coldStart: true,
    statusCode: 2,
    statusMessage: "it's; DROP TABLE spans --",
    http: {
      method: 'GET',
      url: 'http://h/?q={x:String}',
      status: 65_535,
      userAgent: 'ua',
      clientIp: '::1',
      traced: true,
    },
    user: 'u',
    requestId: 'r-1',
    peer: { name: 'table', type: 'AWS::DynamoDB::Table' },
    resource: { 'service.name': 'x', n: 9_223_372_036_854_775_807n, list: ['a', 1.5, null], none: null },
    attributes: { text: '42', int: 42n, double: 42, half: 0.5, yes: true, nan: Number.NaN, object: { a: { b: [] } } },
    scope: { name: 'scope', version: '1.0', attributes: { k: 'v' } },
    traceFlags: 4_294_967_295,
    traceState: 'a=b',
    dropped: { attributes: 1, events: 2, links: 4_294_967_295 },
    annotations: { s: 'é', n: 1.5, big: 1e308, nan: Number.NaN, inf: Number.NEGATIVE_INFINITY, yes: true, no: false },
    metadata: { default: { deep: [1, { two: '2' }] } },
    cause: { working_directory: '/var/task', exceptions: [{ id: newSpanId(), message: 'm', stack: [{ line: null }] }] },
    events: [
      { timeNanos: now, name: 'exception', attributes: { 'exception.type': 'E' } },
      { timeNanos: now + 1n, name: '', attributes: {} },
    ],
    links: [
      { traceId: traceId(), spanId: newSpanId(), traceState: 'x=y', attributes: { k: 1 } },
      { traceId: traceId(), attributes: {} },
    ],
  })
}

function document(input: Partial<RawDocument>): RawDocument {
  return {
    traceId: traceId(),
    spanId: newSpanId(),
    startNanos: now,
    receivedNanos: now,
    inProgress: false,
    segment: true,
    text: '{}',
    ...input,
  }
}

function line(input: Partial<LogRecord>): LogRecord {
  return {
    timeNanos: now,
    receivedNanos: now,
    kind: 'function',
    logGroup: '/aws/lambda/f',
    logStream: 's',
    service: 'f',
    severity: 'INFO',
    severityNumber: 9,
    body: 'hello',
    attributes: {},
    resource: {},
    ...input,
  }
}

function point(input: Partial<MetricPoint>): MetricPoint {
  return {
    name: 'm',
    namespace: 'n',
    service: 'f',
    dimensions: {},
    unit: 'Count',
    kind: 'gauge',
    timeNanos: now,
    receivedNanos: now,
    value: 1,
    count: 1,
    min: 1,
    max: 1,
    bounds: [],
    counts: [],
    monotonic: false,
    temporality: 0,
    resolutionSeconds: 60,
    attributes: {},
    resource: {},
    ...input,
  }
}

function statistics(ok: number): GraphStatistics {
  const histogram = new Map([
    [0.012, ok],
    [1.5, 2],
  ])
  return { ok, error: 1, throttle: 2, fault: 3, totalSeconds: 0.125, firstNanos: now, lastNanos: now + 1n, histogram }
}

function minuteGraph(minuteNanos: bigint, names: readonly string[], ok = 7): MinuteGraph {
  const key = (name: string) => ({ name, type: 'AWS::Lambda::Function', accountId: '' })
  return {
    minuteNanos,
    nodes: names.map((name) => ({ node: key(name), root: true, inferred: false, ...statistics(ok) })),
    edges: names.map((name) => ({ from: key(name), to: key('db'), edgeType: 'link', ...statistics(ok) })),
  }
}

const ids = (rows: readonly TraceRow[]): string[] => rows.map((row) => row.traceId)

/** Registers the suite. `open` gives a connection to one and the same store each time. */
export function storeConformance(name: string, open: () => Promise<OpenedStore>): void {
  suite(`store: ${name}`, () => {
    let opened: OpenedStore
    let store: Store

    before(async () => {
      opened = await open()
      store = opened.store
    })
    after(() => opened.close())

    test('an open store answers ping', () => store.ping(2000))

    test('a batch without rows gives no blocks', () => {
      assert.deepEqual(store.encode(newBatch()), [])
    })

    test('what is not there is empty, never an error', async () => {
      const nothing = { startNanos: 0n, endNanos: 1n }
      assert.deepEqual(await store.readSpans([]), [])
      assert.deepEqual(await store.readSpans([traceId(), randomTraceId(), 'no id', "'"]), [])
      assert.deepEqual(await store.readDocuments([traceId()]), [])
      assert.deepEqual(await store.listTraces({ ...nothing, by: 'start', limit: 10 }), [])
      assert.deepEqual(await store.listTraces({ ...nothing, by: 'active', limit: 10 }), [])
      assert.deepEqual(await store.listTraces({ ...nothing, by: 'end', limit: 10 }), [])
      assert.deepEqual(await store.traceIdsStarting(nothing, 10), [])
      assert.deepEqual(await store.readMinutes(nothing), [])
      assert.deepEqual(await store.readLogs({ traceIds: [], limit: 10 }), [])
      assert.deepEqual(await store.readLogs({ service: token(), limit: 10 }), [])
      assert.deepEqual(await store.readMetrics({ range: nothing, limit: 10 }), [])
      assert.deepEqual(await store.minutesTouchedSince(9_223_372_036_854_775_807n), [])
    })

    test('every field of a span comes back as it went in', async () => {
      const full = fullSpan()
      const bare = span({ traceId: full.traceId, startNanos: now - NANOS_PER_SECOND, endNanos: now })
      await put(store, [full, bare])
      const read = await store.readSpans([full.traceId])
      // JSON attributes have one kind of number; formatLiteral gave 42 as a double, which it stays.
      assert.deepEqual(read, [bare, full])
    })

    test('an id with an unlikely time is found, and so are spans far from a likely one', async () => {
      const random = span({ traceId: randomTraceId(), startNanos: now - 3n * NANOS_PER_DAY })
      const far = span({ startNanos: now - 4n * NANOS_PER_DAY })
      const near = { ...span({}), traceId: far.traceId }
      await put(store, [random, far, near])
      assert.deepEqual(await store.readSpans([random.traceId]), [random])
      assert.deepEqual(await store.readSpans([far.traceId]), [far, near])
      assert.equal((await store.readSpans([far.traceId, random.traceId])).length, 3)
    })

    test('two hundred traces are read at once', async () => {
      const spans = Array.from({ length: 200 }, () => span({}))
      await put(store, spans)
      const read = await store.readSpans(spans.map((one) => one.traceId))
      assert.deepEqual(new Set(read.map((one) => one.spanId)), new Set(spans.map((one) => one.spanId)))
    })

    test('of copies of one span the newest received counts, once', async () => {
      const first = span({ name: 'first', receivedNanos: now })
      const second = { ...first, name: 'second', receivedNanos: now + 1n }
      await put(store, [second, second])
      await put(store, [first])
      assert.deepEqual(await store.readSpans([first.traceId]), [second])
    })

    test("only Zipkin's two sides of a call may share an id", async () => {
      const client = span({ source: 'zipkin', kind: 3, traceId: traceId() })
      const server = { ...client, kind: 2, receivedNanos: now + 1n }
      await put(store, [client, server, client])
      assert.equal((await store.readSpans([client.traceId])).length, 2)
      const other = span({ source: 'otlp', kind: 3 })
      await put(store, [other, { ...other, kind: 2, receivedNanos: now + 1n }])
      assert.deepEqual(
        (await store.readSpans([other.traceId])).map((one) => one.kind),
        [2],
      )
    })

    test('a span in progress is read until its completion is there, whichever came last', async () => {
      const open = openSpan({ name: 'open', receivedNanos: now + 10n })
      await put(store, [open])
      assert.deepEqual(await store.readSpans([open.traceId]), [open])
      const done = span({ traceId: open.traceId, spanId: open.spanId, name: 'done', receivedNanos: now })
      await put(store, [done])
      assert.deepEqual(await store.readSpans([open.traceId]), [done])
      const range = { startNanos: done.startNanos, endNanos: done.startNanos + 1n }
      assert.deepEqual(
        (await store.traceIdsStarting(range, 1000)).filter((id) => id === done.traceId),
        [done.traceId],
      )
    })

    test('one token stores once: from this connection, from another, blocks joined, in views too', async () => {
      const startNanos = quietTime()
      const parts = Array.from({ length: 3 }, (_, part) =>
        Array.from({ length: 40 }, (__, i) =>
          span({ startNanos, rootRank: 0, service: `s${part}`, name: `n${i}`, annotations: { user: `${part}.${i}` } }),
        ),
      )
      const blocks = parts.flatMap((part) => store.encode(batchOf(part))).map((block) => block.bytes)
      const shared = token()
      await store.insert('spans', blocks, shared)
      await store.insert('spans', blocks, shared)
      const other = await open()
      try {
        await other.store.insert('spans', blocks, shared)
        const count = await other.store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 1000)
        assert.equal(count.length, 120)
        const one = parts[1]![7]!
        assert.deepEqual(await other.store.readSpans([one.traceId]), [one])
        const list = { startNanos, endNanos: startNanos + 1n, by: 'start', limit: 1000 } as const
        assert.equal((await other.store.listTraces(list)).length, 120)
      } finally {
        await other.close()
      }
    })

    test('an insert of some rows stores just those, once for its token', async () => {
      const startNanos = quietTime()
      const spans = Array.from({ length: 10 }, () => span({ startNanos }))
      const blocks = [spans.slice(0, 4), spans.slice(4)].map((part) => store.encode(batchOf(part))[0]!.bytes)
      const shared = token()
      await store.insert('spans', blocks, shared, { from: 3, to: 6 })
      await store.insert('spans', blocks, shared, { from: 3, to: 6 })
      await store.insert('spans', blocks, token(), { from: 6, to: 6 })
      const stored = await store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 100)
      assert.deepEqual(new Set(stored), new Set(spans.slice(3, 6).map((one) => one.traceId)))
    })

    test('rows that can never go in are refused for good, and nothing of them is stored', async () => {
      const refused = { name: 'StoreError', retryable: false }
      const block = store.encode(batchOf([span({})]))[0]!.bytes
      await assert.rejects(store.insert('spans', [block.subarray(0, 200)], token()), refused)
      await assert.rejects(store.insert('spans', [Uint8Array.of(1, 2, 3)], token()), refused)
      await assert.rejects(store.insert('spans; DROP TABLE spans', [block], token()), refused)
      const wide = Array.from({ length: 120 }, (_, day) => span({ startNanos: now - BigInt(day) * NANOS_PER_DAY }))
      const bytes = store.encode(batchOf(wide))[0]!.bytes
      await assert.rejects(store.insert('spans', [bytes], token()), refused)
      assert.deepEqual(await store.readSpans([wide[0]!.traceId]), [])
      await store.insert('spans', [bytes], token(), { from: 0, to: 1 })
      assert.deepEqual(await store.readSpans([wide[0]!.traceId]), [wide[0]])
    })

    test('documents come back once per (trace, id), completed before in progress, newest first of these', async () => {
      const early = document({ text: '{"in_progress":true}', inProgress: true, receivedNanos: now + 5n })
      const key = { traceId: early.traceId, spanId: early.spanId }
      const done = document({ ...key, text: '{"é":"\\u0000 ☕"}', receivedNanos: now, parentId: newSpanId() })
      const again = { ...done, text: '{"again":1}', receivedNanos: now + 1n }
      const detached = document({ traceId: early.traceId, segment: false, startNanos: now + 1n })
      await put(store, [], { documents: [early, detached] })
      assert.deepEqual(await store.readDocuments([early.traceId]), [early, detached])
      await put(store, [], { documents: [done] })
      assert.deepEqual(await store.readDocuments([early.traceId]), [done, detached])
      await put(store, [], { documents: [again, done] })
      assert.deepEqual(await store.readDocuments([early.traceId]), [again, detached])
    })

    test('a trace stands in the list at its best listed span, and only there', async () => {
      const at = quietTime()
      const root = span({ startNanos: at, rootRank: 0, endNanos: at + 5n })
      const entry = { ...span({ startNanos: at + 30n, rootRank: 1 }), traceId: root.traceId }
      const inner = { ...span({ startNanos: at + 30n }), traceId: root.traceId }
      const unlisted = span({ startNanos: at, rootRank: 255 })
      const detached = span({ startNanos: at + 1n, rootRank: 2 })
      await put(store, [root, entry, inner, unlisted, detached])
      const list = (from: bigint, to: bigint) =>
        store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'start', limit: 10 })
      assert.deepEqual(await list(0n, 100n), [
        { traceId: detached.traceId, startNanos: at + 1n, endNanos: detached.endNanos },
        { traceId: root.traceId, startNanos: at, endNanos: at + 5n },
      ])
      assert.deepEqual(await list(20n, 100n), [], 'the entry alone does not begin the trace')
      assert.deepEqual(ids(await list(0n, 1n)), [root.traceId])
    })

    test('pages have every trace once, newest first, also where hundreds share one time', async () => {
      const at = quietTime()
      const spans = Array.from({ length: 700 }, (_, i) =>
        span({ startNanos: at + BigInt(i < 600 ? 5 : i % 9), rootRank: 0 }),
      )
      await put(store, [...spans, ...spans.slice(0, 50)])
      const extra = spans
        .slice(0, 300)
        .flatMap((one) =>
          [1, 2, 1].map((rootRank) => ({ ...span({ startNanos: at + 8n, rootRank }), traceId: one.traceId })),
        )
      await put(store, extra)
      const rows: TraceRow[] = []
      for (;;) {
        const last = rows.at(-1)
        const page = await store.listTraces({
          startNanos: at,
          endNanos: at + 9n,
          by: 'start',
          limit: 64,
          ...(last ? { after: { startNanos: last.startNanos, traceId: last.traceId } } : {}),
        })
        rows.push(...page)
        if (page.length < 64) break
      }
      const key = (one: { readonly startNanos: bigint; readonly traceId: string }) => `${one.startNanos} ${one.traceId}`
      assert.deepEqual(rows.map(key), spans.map(key).sort().reverse())
    })

    test('listed by activity, a trace counts when a span lies in the range, not when the range is a gap', async () => {
      const at = quietTime()
      const root = span({ startNanos: at, endNanos: at + 10n, rootRank: 0 })
      const late = { ...span({ startNanos: at + 50n, endNanos: at + 60n }), traceId: root.traceId }
      const long = span({ startNanos: at - NANOS_PER_MINUTE * 30n, endNanos: at + 30n, rootRank: 0 })
      await put(store, [root, late, long])
      const active = async (from: bigint, to: bigint) =>
        ids(await store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'active', limit: 10 }))
      assert.deepEqual(await active(5n, 6n), [root.traceId, long.traceId])
      assert.deepEqual(await active(20n, 25n), [long.traceId])
      assert.deepEqual(await active(35n, 45n), [])
      assert.deepEqual(await active(55n, 56n), [root.traceId])
    })

    test('listed by end, a trace counts where the newest copy of an entry span ends', async () => {
      const at = quietTime()
      const root = span({ startNanos: at, endNanos: at + 100n, rootRank: 0 })
      const entry = { ...span({ startNanos: at + 10n, endNanos: at + 20n, rootRank: 1 }), traceId: root.traceId }
      const detached = { ...span({ startNanos: at + 10n, endNanos: at + 40n, rootRank: 2 }), traceId: root.traceId }
      const old = span({ startNanos: at, endNanos: at + 60n, rootRank: 0 })
      await put(store, [root, entry, detached, old, { ...old, endNanos: at + 70n, receivedNanos: now + 1n }])
      const ended = async (from: bigint, to: bigint) =>
        ids(await store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'end', limit: 10 }))
      assert.deepEqual(await ended(20n, 21n), [root.traceId])
      assert.deepEqual(await ended(40n, 41n), [])
      assert.deepEqual(await ended(60n, 61n), [])
      assert.deepEqual(await ended(70n, 71n), [old.traceId])
      assert.deepEqual(await ended(100n, 101n), [root.traceId])
    })

    test('the trace ids of a range are those with a span that starts in it, bounded', async () => {
      const at = quietTime()
      const spans = [0n, 0n, 1n, 2n].map((offset) => span({ startNanos: at + offset }))
      await put(store, [...spans, ...spans])
      const within = await store.traceIdsStarting({ startNanos: at, endNanos: at + 2n }, 10)
      assert.deepEqual(new Set(within), new Set(spans.slice(0, 3).map((one) => one.traceId)))
      assert.equal(within.length, 3)
      assert.equal((await store.traceIdsStarting({ startNanos: at, endNanos: at + 2n }, 2)).length, 2)
    })

    test('the minutes touched are those of the starts of spans received since', async () => {
      const far = 8_000_000_000_000_000_000n + BigInt(`0x${newSpanId().slice(0, 12)}`)
      const at = quietTime()
      const spans = [0n, 1n, 2n * NANOS_PER_MINUTE].map((offset) =>
        span({ startNanos: at + offset, receivedNanos: far }),
      )
      await put(store, spans)
      const minutes = new Set(spans.map((one) => (one.startNanos / NANOS_PER_MINUTE) * NANOS_PER_MINUTE))
      const touched = await store.minutesTouchedSince(far)
      for (const minute of minutes) assert.ok(touched.includes(minute))
      assert.deepEqual(
        touched,
        [...new Set(touched)].sort((a, b) => (a < b ? -1 : 1)),
      )
      assert.ok((await store.minutesTouchedSince(now - 1n)).length >= minutes.size)
    })

    test('a minute is replaced whole, also by nothing, and its version is what it covers', async () => {
      const minute = (quietTime() / NANOS_PER_MINUTE) * NANOS_PER_MINUTE
      const range = { startNanos: minute, endNanos: minute + 2n * NANOS_PER_MINUTE }
      const second = minuteGraph(minute + NANOS_PER_MINUTE, ['z'])
      const first = minuteGraph(minute, ['a', 'b'])
      await store.replaceMinutes([first, second])
      assert.deepEqual(await store.readMinutes(range), [first, second])
      const changed = minuteGraph(minute, ['b'], 9)
      await store.replaceMinutes([changed])
      assert.deepEqual(await store.readMinutes(range), [changed, second])
      const covered = (await store.lastMinuteVersion()) + 1n
      await store.replaceMinutes([{ minuteNanos: minute, nodes: [], edges: [] }], covered)
      assert.deepEqual(await store.readMinutes(range), [{ minuteNanos: minute, nodes: [], edges: [] }, second])
      assert.equal(await store.lastMinuteVersion(), covered)
      await store.replaceMinutes([])
    })

    test('every field of a log line comes back, and lines of one time keep their order', async () => {
      const service = token()
      const full = line({
        service,
        kind: 'otlp',
        requestId: 'r',
        traceId: traceId(),
        spanId: newSpanId(),
        body: 'naïve "x"\n\n; DROP TABLE logs',
        attributes: { a: 'b', n: 1n, list: [1] },
        resource: { 'host.name': 'h', up: true },
      })
      const lines = [full, ...Array.from({ length: 20 }, (_, i) => line({ service, body: `line ${i}` }))]
      await put(store, [], { logs: lines })
      assert.deepEqual(await store.readLogs({ service, limit: 100 }), lines)
      assert.deepEqual(await store.readLogs({ service, limit: 3, order: 'newest' }), lines.slice(-3).reverse())
    })

    test('log lines are found by each of their keys', async () => {
      const [service, group, request] = [token(), token(), token()]
      const trace = traceId()
      const lines = [
        line({ service, logGroup: group, timeNanos: now, receivedNanos: now, body: 'Payment FAILED: order-17 (café)' }),
        line({ service, requestId: request, timeNanos: now + 1n, receivedNanos: now + 5n, logStream: group }),
        line({ service, traceId: trace, timeNanos: now + 2n, receivedNanos: now + 2n, body: 'order 17' }),
      ]
      await put(store, [], { logs: lines })
      const found = async (query: Parameters<Store['readLogs']>[0]) =>
        (await store.readLogs(query)).map((one) => lines.findIndex(({ timeNanos }) => timeNanos === one.timeNanos))
      const limit = 10
      assert.deepEqual(await found({ service, limit }), [0, 1, 2])
      assert.deepEqual(await found({ logGroup: group, limit }), [0])
      assert.deepEqual(await found({ logStream: group, limit }), [1])
      assert.deepEqual(await found({ requestId: request, limit }), [1])
      assert.deepEqual(await found({ traceIds: [traceId(), trace], limit }), [2])
      assert.deepEqual(await found({ service, receivedAfterNanos: now + 2n, limit }), [1])
      assert.deepEqual(await found({ service, range: { startNanos: now + 1n, endNanos: now + 2n }, limit }), [1])
      assert.deepEqual(await found({ service, text: 'failed payment', limit }), [0])
      assert.deepEqual(await found({ service, text: 'CAFÉ', limit }), [0])
      assert.deepEqual(await found({ service, text: 'order-17', limit }), [0])
      assert.deepEqual(await found({ service, text: '17 order', limit }), [0, 2])
      assert.deepEqual(await found({ service, text: '(', limit }), [0])
      assert.deepEqual(await found({ service, text: 'failed missing', limit }), [])
      assert.deepEqual(await found({ service, text: ' ', limit }), [0, 1, 2])
    })

    test('every field of a metric point comes back, filtered by its keys', async () => {
      const namespace = token()
      const full = point({
        namespace,
        name: 'Latency',
        service: 'é',
        dimensions: { Stage: 'Prod', empty: '' },
        kind: 'histogram',
        timeNanos: now + 1n,
        startNanos: now - 1n,
        value: Number.POSITIVE_INFINITY,
        min: Number.NEGATIVE_INFINITY,
        max: Number.NaN,
        count: 1e15,
        bounds: [0.1, 1],
        counts: [1, 2, 3],
        monotonic: true,
        temporality: 2,
        resolutionSeconds: 1,
        attributes: { exemplar: { a: 1 }, s: 't' },
        resource: { r: 'x', n: 1n },
        requestId: 'r',
        traceId: traceId(),
      })
      const plain = point({ namespace })
      await put(store, [], { metrics: [full, plain] })
      const range = { startNanos: now, endNanos: now + 2n }
      assert.deepEqual(await store.readMetrics({ range, namespace, limit: 10 }), [plain, full])
      assert.deepEqual(await store.readMetrics({ range, namespace, name: 'Latency', limit: 10 }), [full])
      assert.deepEqual(await store.readMetrics({ range, namespace, service: 'f', limit: 10 }), [plain])
      assert.deepEqual(
        await store.readMetrics({ range: { startNanos: now, endNanos: now + 1n }, namespace, limit: 10 }),
        [plain],
      )
      assert.equal((await store.readMetrics({ range, namespace, limit: 1 })).length, 1)
    })

    test('a shorter retention deletes what is past it at once, per signal, and nothing else', async () => {
      const old = span({ startNanos: now - 6n * NANOS_PER_DAY, rootRank: 0 })
      const fresh = { ...span({ startNanos: now - NANOS_PER_SECOND, rootRank: 0 }), traceId: old.traceId }
      const service = token()
      const oldLine = line({ service, timeNanos: now - 6n * NANOS_PER_DAY })
      await put(store, [old, fresh], { logs: [oldLine] })
      assert.deepEqual(await store.readSpans([old.traceId]), [old, fresh])
      await store.setRetention({ spansDays: 5.5, logsDays: 7, metricsDays: 7 })
      assert.deepEqual(await store.readSpans([old.traceId]), [fresh])
      assert.deepEqual(await store.readLogs({ service, limit: 10 }), [oldLine])
      const list = { startNanos: old.startNanos, endNanos: old.startNanos + 1n, limit: 10 }
      assert.deepEqual(await store.listTraces({ ...list, by: 'start' }), [])
      await store.setRetention({ spansDays: 7, logsDays: 7, metricsDays: 7 })
    })

    test('inserts of the same blocks from many sides at once leave each span once', async () => {
      const startNanos = quietTime()
      const block = store.encode(batchOf([span({ startNanos }), span({ startNanos })]))[0]!
      const shared = token()
      await Promise.all(Array.from({ length: 6 }, () => store.insert('spans', [block.bytes], shared)))
      assert.equal((await store.traceIdsStarting({ startNanos, endNanos: startNanos + 1n }, 100)).length, 2)
    })

    test('a table that is none of the store takes no rows', async () => {
      await assert.rejects(store.insert('system.users', [Uint8Array.of(0)], token()), StoreError)
    })
  })
}
