// Lists of traces by start, activity and end, their pages, and the bare ids of a range.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NANOS_PER_MINUTE } from '../../span/time.ts'
import type { TraceRow } from '../store.ts'
import type { TextField, TraceQuery } from '../trace-query.ts'
import { now, put, quietTime, span, token, type Subject } from './samples.ts'

const ids = (rows: readonly TraceRow[]): string[] => rows.map((row) => row.traceId)

export function traceListsConformance(subject: Subject): void {
  test('a trace stands in the list at its best listed span, and only there', async () => {
    const at = quietTime()
    const root = span({ startNanos: at, rootRank: 0, endNanos: at + 5n })
    const entry = { ...span({ startNanos: at + 30n, rootRank: 1 }), traceId: root.traceId }
    const inner = { ...span({ startNanos: at + 30n }), traceId: root.traceId }
    const unlisted = span({ startNanos: at, rootRank: 255 })
    const detached = span({ startNanos: at + 1n, rootRank: 2 })
    await put(subject.store, [root, entry, inner, unlisted, detached])
    const list = (from: bigint, to: bigint) =>
      subject.store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'start', limit: 10 })
    const flags = { error: false, fault: false, throttle: false, coldStart: false }
    const reach = { firstNanos: at + 1n, lastStartNanos: at + 1n, endNanos: detached.endNanos }
    assert.deepEqual(await list(0n, 100n), [
      { traceId: detached.traceId, startNanos: at + 1n, ...reach, ...flags },
      {
        traceId: root.traceId,
        startNanos: at,
        firstNanos: at,
        lastStartNanos: at + 30n,
        endNanos: inner.endNanos,
        ...flags,
      },
    ])
    assert.deepEqual(await list(20n, 100n), [], 'the entry alone does not begin the trace')
    assert.deepEqual(ids(await list(0n, 1n)), [root.traceId])
  })

  test('pages have every trace once, newest first, also where hundreds share one time', async () => {
    const at = quietTime()
    const spans = Array.from({ length: 700 }, (_, i) =>
      span({ startNanos: at + BigInt(i < 600 ? 5 : i % 9), rootRank: 0 }),
    )
    await put(subject.store, [...spans, ...spans.slice(0, 50)])
    const extra = spans
      .slice(0, 300)
      .flatMap((one) =>
        [1, 2, 1].map((rootRank) => ({ ...span({ startNanos: at + 8n, rootRank }), traceId: one.traceId })),
      )
    await put(subject.store, extra)
    const rows: TraceRow[] = []
    for (;;) {
      const last = rows.at(-1)
      const page = await subject.store.listTraces({
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

  test('a trace is listed whose root and entries begin at one time, wherever a step of the walk ends', async () => {
    const at = quietTime()
    // More rows a trace than a step counts on, so that steps end within one; and the root's is the first received.
    const traces = Array.from({ length: 100 }, () => {
      const root = span({ startNanos: at, rootRank: 0 })
      const entries = [1n, 2n, 3n, 4n, 5n, 6n].map((late) => ({
        ...span({ startNanos: at, rootRank: 1, receivedNanos: now + late }),
        traceId: root.traceId,
      }))
      return [root, ...entries] as const
    })
    await put(subject.store, traces.flat())
    const all = traces.map(([{ traceId }]) => traceId).sort((a, b) => (a < b ? 1 : -1))
    const range = { startNanos: at, endNanos: at + 1n, by: 'start' } as const
    const ofRow: TraceQuery = { is: 'span', where: { is: 'text', field: 'service', op: '=', value: 'shop' } }
    const ofSpan: TraceQuery = { is: 'span', where: { is: 'number', field: 'statusCode', op: '=', value: 0 } }
    const conditions: readonly (TraceQuery | undefined)[] = [undefined, ofRow, ofSpan]
    for (const limit of [50, 60, 101]) {
      for (const where of conditions) {
        const rows = await subject.store.listTraces({ ...range, limit, ...(where && { where }) })
        assert.deepEqual(ids(rows), all.slice(0, limit), `${limit} where ${JSON.stringify(where)}`)
      }
    }
  })

  test('a trace with more rows at one time than a step has is listed at its root, and the next one behind it', async () => {
    const at = quietTime()
    const older = span({ startNanos: at, rootRank: 0 })
    const root = span({ startNanos: at + 1n, rootRank: 0, name: 'root' })
    const entries = Array.from({ length: 450 }, () => ({
      ...span({ startNanos: at + 1n, rootRank: 1, name: 'entry' }),
      traceId: root.traceId,
    }))
    await put(subject.store, [...entries.slice(200), root, ...entries.slice(0, 200), older])
    const range = { startNanos: at, endNanos: at + 2n, by: 'start', details: true } as const
    const rows = await subject.store.listTraces({ ...range, limit: 2 })
    assert.deepEqual(
      rows.map(({ traceId, details }) => [traceId, details?.rootRank]),
      [
        [root.traceId, 0],
        [older.traceId, 0],
      ],
    )
    assert.equal(rows[0]!.details?.root.name, 'root')
  })

  test('the few long traces among many short ones are found, and those with a fault in any span', async () => {
    const at = quietTime()
    const traces = Array.from({ length: 900 }, (_, i) => {
      const root = span({ startNanos: at + BigInt(i), endNanos: at + BigInt(i) + 50n, rootRank: 0 })
      if (i % 300 !== 7) return [root]
      // Nothing of the root itself tells: what it called goes on after it, and failed.
      const startNanos = root.startNanos + 20n
      return [root, { ...span({ startNanos, endNanos: startNanos + 500n, fault: true }), traceId: root.traceId }]
    })
    await put(subject.store, traces.flat())
    const wanted = traces.filter((one) => one.length === 2).map(([root]) => root!.traceId)
    const long: TraceQuery = { is: 'duration', op: '>', nanos: 100n }
    const failed: TraceQuery = { is: 'span', where: { is: 'flag', flag: 'fault' } }
    const range = { startNanos: at, endNanos: at + 2000n, limit: 10 }
    const conditions: readonly TraceQuery[] = [long, failed, { is: 'and', of: [long, failed] }]
    for (const by of ['start', 'active'] as const) {
      for (const where of conditions) {
        const rows = await subject.store.listTraces({ ...range, by, where })
        assert.deepEqual(ids(rows), wanted.toReversed(), `${by} ${where.is}`)
      }
    }
  })

  test('listed by activity, a trace counts when a span lies in the range, not when the range is a gap', async () => {
    const at = quietTime()
    const root = span({ startNanos: at, endNanos: at + 10n, rootRank: 0 })
    const late = { ...span({ startNanos: at + 50n, endNanos: at + 60n }), traceId: root.traceId }
    const long = span({ startNanos: at - NANOS_PER_MINUTE * 30n, endNanos: at + 30n, rootRank: 0 })
    await put(subject.store, [root, late, long])
    const active = async (from: bigint, to: bigint) =>
      ids(await subject.store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'active', limit: 10 }))
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
    await put(subject.store, [root, entry, detached, old, { ...old, endNanos: at + 70n, receivedNanos: now + 1n }])
    const ended = async (from: bigint, to: bigint) =>
      ids(await subject.store.listTraces({ startNanos: at + from, endNanos: at + to, by: 'end', limit: 10 }))
    assert.deepEqual(await ended(20n, 21n), [root.traceId])
    assert.deepEqual(await ended(40n, 41n), [])
    assert.deepEqual(await ended(60n, 61n), [])
    assert.deepEqual(await ended(70n, 71n), [old.traceId])
    assert.deepEqual(await ended(100n, 101n), [root.traceId])
  })

  test('the trace ids of a range are those with a span that starts in it, bounded', async () => {
    const at = quietTime()
    const spans = [0n, 0n, 1n, 2n].map((offset) => span({ startNanos: at + offset }))
    await put(subject.store, [...spans, ...spans])
    const within = await subject.store.traceIdsStarting({ startNanos: at, endNanos: at + 2n }, 10)
    assert.deepEqual(new Set(within), new Set(spans.slice(0, 3).map((one) => one.traceId)))
    assert.equal(within.length, 3)
    assert.equal((await subject.store.traceIdsStarting({ startNanos: at, endNanos: at + 2n }, 2)).length, 2)
  })

  test('the starts of a trace are those of every copy of its spans, replaced ones too', async () => {
    const at = quietTime()
    const old = span({ startNanos: at })
    const one = span({ ...old, startNanos: at + 5n, endNanos: at + 6n, receivedNanos: old.receivedNanos + 1n })
    const other = span({ startNanos: at + 3n })
    await put(subject.store, [old, one, other])
    const starts = await subject.store.traceStarts([one.traceId, other.traceId, 'f'.repeat(32), 'nonsense'])
    assert.deepEqual(
      new Map(starts.map(({ traceId, firstNanos, lastNanos }) => [traceId, [firstNanos, lastNanos]])),
      new Map([
        [one.traceId, [at, at + 5n]],
        [other.traceId, [at + 3n, at + 3n]],
      ]),
    )
    assert.deepEqual(await subject.store.traceStarts([]), [])
  })

  test('traces are found by the Lambda request that a listed span of theirs is of', async () => {
    const [one, two, other] = [0, 1, 2].map(() => token()) as [string, string, string]
    const listed = { segment: true, rootRank: 1, kind: 2 } as const
    const platform = span({ ...listed, requestId: one, origin: 'AWS::Lambda' })
    const otlp = span({ ...listed, source: 'otlp', attributes: { 'faas.invocation_id': one } })
    const called = span({ ...listed, origin: 'AWS::Lambda::Function', attributes: { 'aws.request_id': two } })
    await put(subject.store, [platform, otlp, called, span({ ...listed }), span({ ...listed, requestId: other })])
    const found = await subject.store.tracesOfRequests([one, two, "no'ne"], 10)
    assert.deepEqual(new Set(found), new Set([platform.traceId, otlp.traceId, called.traceId]))
    assert.deepEqual(await subject.store.tracesOfRequests([], 10), [])
    assert.equal((await subject.store.tracesOfRequests([one, two], 1)).length, 1)
  })

  test('traces are found by the half of their id that 64-bit formats know', async () => {
    const one = span({ segment: true, rootRank: 0 })
    await put(subject.store, [one, span({ segment: true, rootRank: 0 })])
    assert.deepEqual(await subject.store.tracesEndingIn(one.traceId.slice(16), 10), [one.traceId])
    assert.deepEqual(await subject.store.tracesEndingIn(one.traceId.slice(0, 16), 10), [])
  })

  test('what says where code was deployed is searched by, whichever SDK said so', async () => {
    const at = quietTime()
    const listed = { segment: true, rootRank: 0, startNanos: at }
    const otlp = span({
      ...listed,
      source: 'otlp',
      resource: { 'deployment.environment': 'prod', 'service.version': '3', 'cloud.region': 'eu-west-1' },
    })
    const xray = span({
      ...listed,
      annotations: { env: 'prod' },
      resourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:pay',
    })
    await put(subject.store, [otlp, xray])
    const found = async (field: TextField, value: string): Promise<Set<string>> => {
      const where = { is: 'root', where: { is: 'text', field, op: '=', value } } as const
      const rows = await subject.store.listTraces({ startNanos: at, endNanos: at + 1n, by: 'start', limit: 9, where })
      return new Set(rows.map(({ traceId }) => traceId))
    }
    assert.deepEqual(await found('environment', 'prod'), new Set([otlp.traceId, xray.traceId]))
    assert.deepEqual(await found('version', '3'), new Set([otlp.traceId]))
    assert.deepEqual(await found('region', 'eu-west-1'), new Set([otlp.traceId]))
    assert.deepEqual(await found('region', 'us-east-1'), new Set([xray.traceId]))
    assert.deepEqual(await found('accountId', '123456789012'), new Set([xray.traceId]))
    assert.deepEqual(await found('functionName', 'pay'), new Set([xray.traceId]))
  })
}
