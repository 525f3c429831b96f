import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeSpan, type Span } from '../span/span.ts'
import { findInvocationTraces, type InvocationToFind } from './invocation-traces.ts'

const MS = 1_000_000n
const T0 = 1_795_249_000_000n * MS
const traceOf = (n: number): string => n.toString(16).padStart(32, '0')
const spanOf = (n: number): string => n.toString(16).padStart(16, '0')

let next = 100
function subsegment(
  trace: number,
  parent: number,
  [from, to]: readonly [number, number],
  more: Partial<Span> = {},
): Span {
  const times = { startNanos: T0 + BigInt(from) * MS, endNanos: T0 + BigInt(to) * MS, receivedNanos: T0 }
  const ids = { traceId: traceOf(trace), spanId: spanOf(next++), parentId: spanOf(parent) }
  return completeSpan({ ...ids, ...times, name: 'work', source: 'xray', service: '', kind: 1, ...more })
}

const invocation = (requestId: string, [from, to]: readonly [number, number]): InvocationToFind => ({
  requestId,
  startNanos: T0 + BigInt(from) * MS,
  endNanos: T0 + BigInt(to) * MS,
})

async function find(spans: readonly Span[], invocations: readonly InvocationToFind[]): Promise<unknown> {
  const ids = new Set(invocations.map(({ requestId }) => requestId))
  const found = await findInvocationTraces(
    {
      listTraces: async ({ where }) => (where === undefined ? [] : [undefined]) as never,
      readListed: async (rows) =>
        rows.length === 0 ? [...spans] : spans.filter(({ requestId }) => requestId !== undefined && ids.has(requestId)),
      readSpans: async (traceIds) => spans.filter(({ traceId }) => traceIds.includes(traceId)),
    },
    invocations,
  )
  return Object.fromEntries(found)
}

const under = (trace: number, parent: number): unknown => ({
  traceId: traceOf(trace),
  functionId: spanOf(parent),
  complete: false,
})

test('subsegments within the time of one invocation are its own, those of the next one not', async () => {
  const spans = [subsegment(1, 1, [10, 60]), subsegment(1, 1, [65, 70]), subsegment(2, 2, [140, 190])]
  assert.deepEqual(await find(spans, [invocation('a', [0, 99]), invocation('b', [130, 195])]), {
    a: under(1, 1),
    b: under(2, 2),
  })
})

test('where two fit, none is taken', async () => {
  const two = [invocation('a', [0, 100]), invocation('b', [0, 100])]
  assert.deepEqual(await find([subsegment(1, 1, [10, 60])], two), {})
  assert.deepEqual(await find([subsegment(1, 1, [10, 60]), subsegment(2, 2, [20, 70])], two), {})
})

test('the trace that the log names counts more than the time', async () => {
  const spans = [subsegment(1, 1, [10, 60]), subsegment(2, 2, [20, 70])]
  const named = { ...invocation('a', [0, 100]), traceId: traceOf(2) }
  assert.deepEqual(await find(spans, [named]), { a: under(2, 2) })
})

test('segments that the platform made are not made again', async () => {
  const segment = { segment: true, origin: 'AWS::Lambda::Function', requestId: 'a' }
  const spans = [subsegment(1, 9, [0, 100], segment), subsegment(2, 2, [20, 70])]
  assert.deepEqual(await find(spans, [invocation('a', [0, 100])]), { a: { traceId: traceOf(1), complete: true } })
})

test('a span with the request id names the trace, whoever sent it', async () => {
  const spans = [subsegment(3, 1, [10, 60], { source: 'otlp', requestId: 'a' })]
  assert.deepEqual(await find(spans, [invocation('a', [0, 100])]), { a: { traceId: traceOf(3), complete: false } })
})
