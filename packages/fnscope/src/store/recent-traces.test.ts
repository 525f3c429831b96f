import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newBatch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import { completeSpan } from '../span/span.ts'
import { encodeBatch } from './encode.ts'
import { readNative } from './native-read.ts'
import { FixedColumn } from '../span/fixed-column.ts'
import { encodeNative } from './native.ts'
import { tracesLasting } from './recent-search.ts'
import { RecentTraces } from './recent-traces.ts'
import { factsOf } from './trace-facts.ts'
import type { TraceQuery } from './trace-query.ts'

const START = 1_795_286_526_545_700_775n

interface Row {
  readonly trace: number
  readonly start?: bigint
  readonly duration?: bigint
  readonly rank?: number
  readonly fault?: boolean
  readonly service?: string
  readonly segment?: boolean
  readonly peer?: { readonly name: string; readonly type: string }
  readonly user?: string
}

const idOf = (trace: number): string => trace.toString(16).padStart(32, '0')

/** As it is inserted. */
function block(...rows: readonly Row[]): Uint8Array {
  const batch = newBatch()
  for (const [at, { trace, start = 0n, duration = 0n, rank = 255, fault = false, ...names }] of rows.entries())
    pushSpan(
      batch.spans,
      completeSpan({
        traceId: idOf(trace),
        service: 'shop',
        name: 'work',
        source: 'otlp',
        receivedNanos: START,
        spanId: (at + 1).toString(16).padStart(16, '0'),
        startNanos: START + start,
        endNanos: START + start + duration,
        rootRank: rank,
        fault,
        ...names,
      }),
    )
  return encodeBatch(batch)[0]!.bytes
}

/** As `traces` answers. */
function sums(...traces: readonly number[]) {
  const id = new FixedColumn(16)
  const nanos = new FixedColumn(8)
  const rank = new FixedColumn(1)
  const flags = new FixedColumn(2)
  for (const trace of traces) {
    id.pushHex(idOf(trace))
    nanos.pushI64(START)
    rank.pushU8(0)
    flags.pushU16(0)
  }
  const times = ['first', 'last', 'end', 'listed_start'].map((name) => ({ name, type: 'Int64', column: nanos }))
  return readNative(
    encodeNative(traces.length, [
      { name: 'trace_id', type: 'FixedString(16)', column: id },
      ...times,
      { name: 'rank', type: 'UInt8', column: rank },
      { name: 'flag_bits', type: 'UInt16', column: flags },
    ]),
  )[0]!
}

function complete(maxTraces?: number): RecentTraces {
  const recent = new RecentTraces(maxTraces)
  recent.complete()
  return recent
}

test('a trace stands at its first span of the best rank, and reaches over all of them', () => {
  const recent = complete()
  recent.note(block({ trace: 1, start: 5n, duration: 10n, rank: 2 }, { trace: 2 }, { trace: 1, start: 9n, rank: 1 }))
  recent.note(block({ trace: 1, start: -7n, fault: true }, { trace: 1, start: 6n, duration: 2n ** 33n, rank: 1 }))
  recent.note(block({ trace: 1, start: -3n, rank: 2 }))
  assert.deepEqual(recent.find(idOf(1)), {
    traceId: idOf(1),
    rank: 1,
    startNanos: START + 6n,
    firstNanos: START - 7n,
    lastStartNanos: START + 9n,
    endNanos: START + 6n + 2n ** 33n,
    flags: 2,
  })
  assert.equal(recent.find(idOf(2))?.rank, 255)
  assert.equal(recent.find(idOf(3)), undefined)
})

test('an end before the start is no later end', () => {
  const recent = complete()
  recent.note(block({ trace: 1, start: 5n, duration: -100n }))
  assert.equal(recent.find(idOf(1))?.endNanos, START - 95n)
})

test('of a block only the rows that were stored count', () => {
  const recent = complete()
  assert.equal(recent.note(block({ trace: 1 }, { trace: 2 }, { trace: 3 }), { from: 1, to: 2 }), 3)
  assert.deepEqual(
    [1, 2, 3].map((trace) => recent.find(idOf(trace)) !== undefined),
    [false, true, false],
  )
})

test('a trace of which spans may be stored unseen is not answered', () => {
  const recent = new RecentTraces()
  recent.note(block({ trace: 1 }, { trace: 2 }, { trace: 3 }))
  assert.equal(recent.find(idOf(1)), undefined, 'nothing is known of what was stored before')
  recent.noteSums(sums(1, 4), () => false)
  recent.noteSums(sums(5), () => true)
  recent.complete()
  recent.note(block({ trace: 2 }), { isStored: false })
  recent.note(block({ trace: 2 }, { trace: 4 }, { trace: 5, start: -1n }))
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((trace) => recent.find(idOf(trace))?.firstNanos),
    [undefined, undefined, START, undefined, START - 1n],
  )
  recent.giveUp()
  assert.equal(recent.find(idOf(3)), undefined)
})

test('the oldest are forgotten, and stay unknown when more of them comes', () => {
  const recent = complete(100)
  for (let trace = 0; trace < 1000; trace++) recent.note(block({ trace }))
  recent.note(block({ trace: 0 }))
  const known = Array.from({ length: 1000 }, (_, trace) => trace).filter((trace) => recent.find(idOf(trace)))
  assert.deepEqual(
    known,
    Array.from({ length: 99 }, (_, at) => 901 + at),
  )
})

const WINDOW = { from: START, to: START + 10_000_000_000n }
const lasting = (recent: RecentTraces, nanos: bigint, most = 10): readonly string[] | undefined =>
  tracesLasting(recent, WINDOW, [{ is: 'duration', op: '>=', nanos }], most)

test('traces that last so long are known where all of the window are held', () => {
  const recent = complete(100)
  recent.note(
    block(
      { trace: 1, start: 5_000_000n, duration: 10n, rank: 0 },
      { trace: 1, start: 1n, duration: 7n },
      { trace: 2, start: 5_000_000n, duration: 9n, rank: 0 },
      { trace: 3, start: 20_000_000_000n, duration: 2n ** 40n, rank: 0 },
      // Of no list.
      { trace: 4, start: 5n, duration: 2n ** 40n },
    ),
  )
  assert.deepEqual(lasting(recent, 5_000_009n), [idOf(1)])
  assert.deepEqual(lasting(recent, 5_000_010n), [])
  assert.equal(lasting(recent, 0n, 1), undefined, 'more than are asked for')
  recent.note(block({ trace: 2 }), { isStored: false })
  assert.deepEqual(lasting(recent, 5_000_010n), [idOf(2)], 'what is known in part may be any')
  for (let trace = 10; trace < 110; trace++) recent.note(block({ trace, start: -1n, rank: 0 }))
  assert.equal(lasting(recent, 0n), undefined, 'some of the window were forgotten')
})

test('how far spans reach around the place of their trace is known, but for what is known in part', () => {
  const recent = complete(100)
  const start = 5_000_000n
  recent.note(
    block({ trace: 1, start, rank: 0 }, { trace: 1, start: start - 2_000_000n }, { trace: 1, start: start * 2n }),
  )
  assert.deepEqual(recent.reachSince(START), { early: 2_000_000n, late: 5_000_000n })
  assert.equal(new RecentTraces().reachSince(START), undefined)
  for (let trace = 10; trace < 110; trace++) recent.note(block({ trace, start: start * 2n, rank: 0 }))
  assert.equal(recent.reachSince(START), undefined, 'some were forgotten')
  assert.deepEqual(recent.reachSince(START + start * 2n + 1n), { early: 2_000_000n, late: 5_000_000n })
  recent.note(block({ trace: 1 }))
  assert.equal(recent.reachSince(START + start * 2n + 1n), undefined)
})

const WHOLE = { from: START - 1_000_000_000n, to: START + 1_000_000_000n }

/** Traces that may meet it, newest first; those known in part behind them. */
function mayMeet(recent: RecentTraces, query: TraceQuery, most = 10): readonly number[] | undefined {
  const found = recent.newest(WHOLE, factsOf(query, { hasOpen: false })!, most)
  const ids = found && [...found.places.map(({ traceId }) => traceId), ...found.parts]
  return ids?.map((id) => Number.parseInt(id, 16))
}

const segmentOf = (service: string): TraceQuery => ({
  is: 'span',
  where: {
    is: 'and',
    of: [
      { is: 'flag', flag: 'segment' },
      { is: 'text', field: 'service', op: '=', value: service },
    ],
  },
})
const calling = (value: string): TraceQuery => ({
  is: 'span',
  where: { is: 'text', field: 'peerName', op: '=', value },
})

test('traces are found by what their spans have, whenever these came', () => {
  const recent = new RecentTraces()
  recent.complete()
  recent.note(
    block(
      { trace: 1, rank: 0, service: 'web', segment: true },
      { trace: 2, start: 5000n, rank: 0, service: 'web', segment: true, fault: true },
      { trace: 3, start: 9000n, rank: 0, service: 'jobs', segment: true, user: 'ann' },
    ),
  )
  recent.note(block({ trace: 1, service: 'web', peer: { name: 'orders', type: 'remote' } }, { trace: 3, fault: true }))
  const fault: TraceQuery = { is: 'span', where: { is: 'flag', flag: 'fault' } }
  assert.deepEqual(mayMeet(recent, segmentOf('web')), [2, 1])
  assert.deepEqual(mayMeet(recent, segmentOf('orders')), [])
  assert.deepEqual(mayMeet(recent, calling('orders')), [1])
  assert.deepEqual(mayMeet(recent, { is: 'or', of: [calling('orders'), segmentOf('jobs')] }), [3, 1])
  assert.deepEqual(mayMeet(recent, fault), [3, 2])
  assert.deepEqual(mayMeet(recent, { is: 'and', of: [fault, segmentOf('web')] }), [2])
  assert.deepEqual(mayMeet(recent, { is: 'partial' }), [])
  const ofUser: TraceQuery = { is: 'span', where: { is: 'text', field: 'user', op: '=', value: 'ann' } }
  assert.deepEqual(mayMeet(recent, ofUser), [3])
})

test('a negation, and a service of any span, are not known', () => {
  assert.equal(factsOf({ is: 'not', of: segmentOf('web') }), undefined)
  assert.equal(factsOf({ is: 'span', where: { is: 'text', field: 'service', op: '=', value: 'web' } }), undefined)
  assert.equal(factsOf({ is: 'or', of: [segmentOf('web'), { is: 'not', of: segmentOf('web') }] }), undefined)
  assert.equal(factsOf({ is: 'partial' }), undefined)
})

test('of many the newest come, and that there are more', () => {
  const recent = new RecentTraces()
  recent.complete()
  const rows = Array.from({ length: 50 }, (_, trace) => ({
    trace: trace + 1,
    start: BigInt(((trace * 7) % 50) * 10_000),
    rank: 0,
    service: 'web',
    segment: true,
  }))
  recent.note(block(...rows))
  const newest = rows.toSorted((a, b) => Number(b.start - a.start)).slice(0, 5)
  const found = recent.newest(WHOLE, factsOf(segmentOf('web'))!, 5)!
  assert.ok(found.isCut)
  assert.deepEqual(
    new Set(found.places.map(({ traceId }) => Number.parseInt(traceId, 16))),
    new Set(newest.map(({ trace }) => trace)),
  )
})

test('a trace known in part may have anything', () => {
  const recent = new RecentTraces()
  recent.complete()
  recent.note(block({ trace: 1, rank: 0, service: 'web', segment: true }), { isStored: false })
  recent.note(block({ trace: 2, rank: 0, service: 'web', segment: true }))
  assert.deepEqual(mayMeet(recent, segmentOf('jobs')), [1])
  const mayHave = recent.mayHave(factsOf(segmentOf('jobs'))!)
  assert.deepEqual(
    [1, 2, 3].map((trace) => mayHave(idOf(trace))),
    [true, false, true],
  )
})
