// The stored service graph: what is told of its minutes, the spans that it is made of, and its periods.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLICE_NANOS, type GraphRows } from '../../span/graph-rows.ts'
import { GraphSpans, NodeTable } from '../../span/graph-spans.ts'
import { newSpanId } from '../../span/id.ts'
import { NANOS_PER_MINUTE, NANOS_PER_SECOND } from '../../span/time.ts'
import type { StoredPeriod, TimeRange } from '../store.ts'
import { openSpan, periodGraph, put, randomTraceId, span, type Subject } from './samples.ts'

let taken = Math.floor(Math.random() * 300)

/** The start of a minute of which, with those beside it, nothing else has spans: quietTime's are older than a day. */
function quietMinute(): bigint {
  taken += 4
  return (BigInt(Date.now()) / 60_000n - 120n - BigInt(taken)) * NANOS_PER_MINUTE
}

/** Each row as text. */
function linesOf(pieces: readonly GraphRows[]): string[] {
  return pieces
    .flatMap((rows) =>
      Array.from({ length: rows.size }, (_, i) => {
        const name = (id: number): string => Object.values(rows.nodes.keys[id]!).join('/')
        const histogram = [rows.codes, rows.counts].map((list) =>
          list.slice(i === 0 ? 0 : rows.ends[i - 1]!, rows.ends[i]),
        )
        const numbers = [rows.bits, rows.ok, rows.error, rows.throttle, rows.fault, rows.micros].map((list) => list[i])
        const times = [rows.first, rows.last].map((list) => rows.baseNanos + BigInt(list[i]!))
        return [name(rows.from[i]!), name(rows.to[i]!), ...numbers, ...times, ...histogram].join(' ')
      }),
    )
    .sort()
}

async function spansOf(subject: Subject, range: TimeRange, query: object = {}): Promise<GraphSpans> {
  const into = new GraphSpans(range.startNanos)
  await subject.store.readGraphSpans({ range, ...query }, into)
  return into
}

export function graphConformance(subject: Subject): void {
  test('a minute is told of until its graph has all rows and marks, its slices with it', async () => {
    const minute = quietMinute()
    const range = { startNanos: minute, endNanos: minute + NANOS_PER_MINUTE }
    const at = (seconds: number): bigint => minute + BigInt(seconds) * NANOS_PER_SECOND
    // Two seconds around a slice count in it as well; a copy counts.
    const spans = [1, 11.5, 15, 25].map((seconds) => span({ startNanos: minute + BigInt(seconds * 1e9) }))
    await put(subject.store, [...spans, spans[2]!])
    const state = async () => {
      const [found] = await subject.store.graphMinutes(range)
      return (
        found && { ...found, slices: found.slices.map(({ startNanos, spans, marks }) => [startNanos, spans, marks]) }
      )
    }
    assert.deepEqual(await state(), {
      startNanos: minute,
      spans: 5,
      marks: 0,
      slices: [
        [minute, 2, 0],
        [at(10), 3, 0],
        [at(20), 1, 0],
      ],
    })
    assert.deepEqual(await subject.store.graphSpanCounts([range, { startNanos: at(14), endNanos: at(16) }]), [5, 2])

    const stored = { ...periodGraph({ seconds: 60, startNanos: minute, version: 5n }, ['a']), spans: 5, marks: 0 }
    await subject.store.replacePeriods([stored])
    assert.equal(await state(), undefined)
    await subject.store.noteReach([], [at(10)])
    assert.deepEqual((await state())?.slices, [
      [minute, 2, 0],
      [at(10), 3, 1],
      [at(20), 1, 0],
    ])
    assert.deepEqual((await state())?.stored, { version: 5n, spans: 5, marks: 0 })
    await subject.store.replacePeriods([{ ...stored, marks: 1, version: 6n }])
    assert.equal(await state(), undefined)
  })

  test('the columns of the graph are those of its spans, open ones too', async () => {
    const minute = quietMinute()
    const range = { startNanos: minute, endNanos: minute + NANOS_PER_MINUTE }
    const [first, second] = [randomTraceId(), randomTraceId()].sort() as [string, string]
    const made = span({
      traceId: first,
      parentId: newSpanId(),
      startNanos: minute + 1n,
      endNanos: minute - 4n,
      kind: 3,
      segment: true,
      service: '',
      name: 'n',
      origin: 'AWS::Lambda',
      accountId: '1',
      namespace: 'remote',
      source: 'zipkin',
      fault: true,
      peer: { name: 'p', type: 't' },
      receivedNanos: minute + 7n,
    })
    await put(subject.store, [made, openSpan({ traceId: second, startNanos: minute + 2n, receivedNanos: minute })])
    const read = await spansOf(subject, range)
    const expected = new GraphSpans(minute)
    expected.pushSpan(made)
    assert.equal(read.rows, 2)
    for (const column of ['trace', 'span', 'parent', 'start', 'duration', 'received', 'kind', 'flags'] as const) {
      const width = expected[column].length / expected.start.length
      assert.deepEqual(read[column].slice(0, width), expected[column].slice(0, width), column)
    }
    assert.deepEqual(read.nodes.keys[read.node[0]!], { name: 'n', type: 'AWS::Lambda', accountId: '1' })
    assert.deepEqual(read.nodes.keys[read.peer[0]!], { name: 'p', type: 't', accountId: '1' })
    assert.equal((await spansOf(subject, range, { fromTrace: second })).rows, 1)
    assert.equal((await spansOf(subject, range, { untilTrace: second })).rows, 1)
    assert.equal((await spansOf(subject, range, { traceIds: [first] })).rows, 1)
    // Of a trace that is asked for, what is open is there whenever it began.
    const nothing = { startNanos: 0n, endNanos: 1n }
    assert.equal((await spansOf(subject, nothing, { traceIds: [first, second] })).rows, 1)
  })

  test('traces are parted by ids into parts of about the same size', async () => {
    const minute = quietMinute()
    const range = { startNanos: minute, endNanos: minute + NANOS_PER_MINUTE }
    await put(
      subject.store,
      Array.from({ length: 64 }, (_, i) =>
        span({ traceId: `${(i * 4).toString(16).padStart(2, '0')}${'1'.repeat(30)}`, startNanos: minute }),
      ),
    )
    const bounds = await subject.store.graphTraceParts(range, 4)
    assert.equal(bounds.length, 3)
    const parts = [undefined, ...bounds].map((fromTrace, i) =>
      spansOf(subject, range, { ...(fromTrace && { fromTrace }), ...(bounds[i] && { untilTrace: bounds[i] }) }),
    )
    const rows = (await Promise.all(parts)).map((part) => part.rows)
    assert.equal(
      rows.reduce((a, b) => a + b),
      64,
    )
    for (const count of rows) assert.ok(count >= 12 && count <= 20, String(rows))
    assert.deepEqual(await subject.store.graphTraceParts(range, 1), [])
    assert.ok((await subject.store.graphTraceParts({ startNanos: 0n, endNanos: 1n }, 4)).length <= 1)
  })

  test('a period is replaced whole, also by nothing', async () => {
    const minute = quietMinute()
    const range = { startNanos: minute, endNanos: minute + 2n * NANOS_PER_MINUTE }
    const first = periodGraph({ seconds: 60, startNanos: minute, version: 1n }, ['a', 'b'])
    const second = periodGraph({ seconds: 10, startNanos: minute + NANOS_PER_MINUTE, version: 2n }, ['z'])
    const read = async (): Promise<[StoredPeriod, string[]][]> => {
      const periods = await subject.store.graphPeriods(range)
      const graph = await subject.store.readGraph(periods, new NodeTable())
      return periods.map((period) => [period, linesOf(graph.get(period)!)])
    }
    const expected = (graphs: readonly ReturnType<typeof periodGraph>[]) =>
      graphs.map(({ graph, ...period }) => [period, linesOf([graph])])
    await subject.store.replacePeriods([first, second])
    assert.deepEqual(await read(), expected([first, second]))
    const changed = periodGraph({ seconds: 60, startNanos: minute, version: 2n }, ['b'], 9)
    await subject.store.replacePeriods([changed])
    assert.deepEqual(await read(), expected([changed, second]))
    const none = periodGraph({ seconds: 60, startNanos: minute, version: 3n }, [])
    await subject.store.replacePeriods([none])
    assert.deepEqual(await read(), expected([none, second]))
    await subject.store.replacePeriods([])
    // A period belongs to a range that it fits in.
    const shorter = { startNanos: minute + 1n, endNanos: range.endNanos }
    assert.equal((await subject.store.graphPeriods(shorter)).length, 1)
  })

  test('of what was noted of a trace the most rows count', async () => {
    const slice = quietMinute()
    const [one, other] = [randomTraceId(), randomTraceId()]
    const slices = [slice, slice + SLICE_NANOS]
    await subject.store.noteReach([{ traceId: one, spans: 3, slices }], [])
    await subject.store.noteReach([{ traceId: one, spans: 2, slices }], [])
    await subject.store.noteReach([{ traceId: other, spans: 1, slices: [slice] }], [])
    assert.deepEqual(
      await subject.store.graphReach([slice]),
      new Map([
        [one, 3],
        [other, 1],
      ]),
    )
    assert.deepEqual([...(await subject.store.graphReach([slice + SLICE_NANOS]))], [[one, 3]])
  })
}
