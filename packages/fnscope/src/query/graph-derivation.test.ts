import assert from 'node:assert/strict'
import { test } from 'node:test'
import { graphSpansOf } from '../span/graph-spans.ts'
import { completeSpan, type Span } from '../span/span.ts'
import { answeredCalls, CLIENT_TYPE, isUnansweredCall, nodeOf, peerNodeOf, sameNode } from './graph-contribution.ts'
import { Derivation } from './graph-derivation.ts'
import { GraphSum, nodeKeyText } from './graph-statistics.ts'
import { callerOf, groupByTrace, indexTrace } from './trace-index.ts'

/** How many times as many random graphs are tried: FNSCOPE_TEST_ROUNDS=10. */
const ROUNDS = Number(process.env['FNSCOPE_TEST_ROUNDS'] ?? 1)

/** What is counted of a node or edge, by a text that tells it from others. */
type Counts = Map<string, { calls: string[]; root?: boolean; inferred?: boolean }>

/** The rules once more, on objects and one trace at a time: slow, and plain to read. */
function expectedOf(spans: readonly Span[]): Counts {
  const counts: Counts = new Map()
  const count = (key: string, view: Span): { calls: string[]; root?: boolean; inferred?: boolean } => {
    const outcome = view.fault ? 'fault' : view.throttle ? 'throttle' : view.error ? 'error' : 'ok'
    const row = counts.get(key) ?? { calls: [] }
    counts.set(key, row)
    row.calls.push(`${view.startNanos} ${view.endNanos! - view.startNanos} ${outcome}`)
    return row
  }
  for (const trace of groupByTrace(spans).values()) {
    const index = indexTrace(trace)
    const answered = answeredCalls(index)
    const drawn = new Map<Span, Span[]>()
    for (const span of index.spans) {
      if (span.endNanos === undefined) continue
      if (span.segment) {
        const node = nodeOf(span)
        const caller = callerOf(index, span)
        const row = count(nodeKeyText(node), span)
        row.root = row.root === true || caller === undefined
        row.inferred = false
        if (caller) drawReported(span, nodeKeyText(nodeOf(caller)))
        else
          count(`${nodeKeyText({ name: node.name, type: CLIENT_TYPE, accountId: '' })} > ${nodeKeyText(node)} `, span)
      }
      if (isUnansweredCall(span, answered)) {
        const node = nodeKeyText(peerNodeOf(span))
        const row = count(node, span)
        row.root ??= false
        row.inferred = row.inferred !== false
        const caller = index.segments.get(span)
        if (caller) count(`${nodeKeyText(nodeOf(caller))} > ${node} ${span.kind === 4 ? 'link' : ''}`, span)
      }
    }

    function drawReported(segment: Span, from: string): void {
      const parent = index.parents.get(segment)!
      const isCall =
        parent.peer !== undefined ||
        parent.kind === 3 ||
        parent.kind === 4 ||
        (!parent.segment && (parent.namespace === 'aws' || parent.namespace === 'remote'))
      const view = isCall && parent.endNanos !== undefined ? parent : segment
      if (view === parent) {
        const already = drawn.get(parent) ?? []
        if (already.some((other) => sameNode(nodeOf(other), nodeOf(segment)))) return
        drawn.set(parent, [...already, segment])
      }
      count(`${from} > ${nodeKeyText(nodeOf(segment))} ${segment.kind === 5 ? 'link' : ''}`, view)
    }
  }
  return counts
}

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const BASE = 1_700_000_000_000_000_000n

/** Traces of every make: nested and streamed, orphans and rings, copies, shared ids, spans in progress, calls of all kinds. */
function randomSpans(random: () => number, traces: number, largest: number): Span[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const hex = (value: number, digits: number): string => Math.floor(value).toString(16).padStart(digits, '0')
  const spans: Span[] = []
  for (let t = 0; t < traces; t++) {
    const traceId = hex(random() * 2 ** 48, 32)
    const size = 1 + Math.floor(random() * largest)
    const zipkin = random() < 0.2
    const made: Span[] = []
    for (let i = 1; i <= size; i++) {
      const segment = random() < 0.4
      const parent = Math.floor(random() * (random() < 0.8 ? i : size + 3))
      const shared = zipkin && made.length > 0 && random() < 0.3 ? pick(made) : undefined
      const startNanos = BASE + BigInt(Math.floor(random() * 50)) * 1_000_000n
      const copyOf = !shared && made.length > 0 && random() < 0.1 ? pick(made) : undefined
      made.push(
        completeSpan({
          traceId,
          spanId: shared?.spanId ?? copyOf?.spanId ?? hex(i * 7, 16),
          ...(parent > 0 ? { parentId: hex(parent * 7, 16) } : {}),
          startNanos,
          ...(random() < 0.9 ? { endNanos: startNanos + BigInt(Math.floor(random() * 3e9) - 1000) } : {}),
          kind: shared && shared.kind === 3 ? 2 : Math.floor(random() * 6),
          name: pick(['a', 'b', 'c']),
          source: zipkin ? 'zipkin' : pick(['xray', 'otlp']),
          service: segment ? pick(['web', 'api', 'db', '']) : '',
          segment,
          ...(random() < 0.3 ? { origin: pick(['AWS::Lambda', 'AWS::Lambda::Function']) } : {}),
          ...(random() < 0.3 ? { accountId: pick(['1', '2']) } : {}),
          ...(random() < 0.5 ? { namespace: pick(['aws', 'remote', 'local']) } : {}),
          ...(random() < 0.4 ? { peer: { name: pick(['table', 'queue']), type: pick(['remote', '']) } } : {}),
          error: random() < 0.2,
          fault: random() < 0.2,
          throttle: random() < 0.2,
          receivedNanos: BASE + BigInt(spans.length + i),
        }),
      )
    }
    spans.push(...made)
  }
  return spans.sort(() => random() - 0.5)
}

function sumOf(spans: readonly Span[]): GraphSum {
  const columns = graphSpansOf(spans)
  const sum = new GraphSum(columns.baseNanos, columns.nodes)
  const derivation = new Derivation(columns)
  for (let trace = 0; trace < derivation.groups.traces; trace++) derivation.add(trace, () => sum)
  return sum
}

function assertSame(spans: readonly Span[], message: string): number {
  const expected = expectedOf(spans)
  const sum = sumOf(spans)
  const rows = [
    ...sum.nodes().map((row) => [nodeKeyText(row.node), row] as const),
    ...sum.edges().map((row) => [`${nodeKeyText(row.from)} > ${nodeKeyText(row.to)} ${row.edgeType}`, row] as const),
  ]
  assert.deepEqual(new Set(rows.map(([key]) => key)), new Set(expected.keys()), message)
  for (const [key, row] of rows) {
    const { calls, root, inferred } = expected.get(key)!
    const parts = calls.map((call) => call.split(' '))
    const of = (outcome: string): number => parts.filter((part) => part[2] === outcome).length
    const starts = parts.map((part) => BigInt(part[0]!)).sort((a, b) => (a < b ? -1 : 1))
    const micros = parts.reduce((total, part) => total + Math.round(Number(part[1]) / 1000), 0)
    assert.deepEqual(
      {
        counts: [row.ok, row.error, row.throttle, row.fault],
        bounds: [row.firstNanos, row.lastNanos],
        totalSeconds: row.totalSeconds,
        flags: 'node' in row ? [row.root, row.inferred] : [undefined, undefined],
        inHistogram: [...row.histogram.counts].reduce((a, b) => a + b, 0),
      },
      {
        counts: [of('ok'), of('error'), of('throttle'), of('fault')],
        bounds: [starts[0], starts.at(-1)],
        totalSeconds: micros / 1e6,
        flags: [root, inferred],
        inHistogram: calls.length,
      },
      `${message}: ${key}`,
    )
  }
  return rows.length
}

test('columns of many traces give what the rules say of each trace', () => {
  let rows = 0
  for (let seed = 1; seed <= 120 * ROUNDS; seed++)
    rows += assertSame(randomSpans(randomFrom(seed), 8, 12), `seed ${seed}`)
  for (let seed = 1; seed <= 20; seed++)
    rows += assertSame(randomSpans(randomFrom(seed), 3, 300), `large, seed ${seed}`)
  assert.ok(rows > 5000)
})

test('a call that several segments answer is drawn once to each node', () => {
  const at = (id: number, rest: Partial<Span>): Span =>
    completeSpan({
      traceId: 'a'.repeat(32),
      spanId: id.toString(16).padStart(16, '0'),
      startNanos: BASE + BigInt(id),
      endNanos: BASE + 1000n,
      name: 'n',
      source: 'xray',
      service: '',
      receivedNanos: BASE,
      ...rest,
    })
  const parentId = '2'.padStart(16, '0')
  const spans = [
    at(1, { segment: true, service: 'web' }),
    at(2, { parentId: '1'.padStart(16, '0'), namespace: 'remote', peer: { name: 'x', type: 'remote' } }),
    at(3, { parentId, segment: true, service: 'api' }),
    at(4, { parentId, segment: true, service: 'api' }),
    at(5, { parentId, segment: true, service: 'other' }),
  ]
  const edges = sumOf(spans).edges()
  assert.deepEqual(edges.map((edge) => `${edge.from.name} ${edge.to.name} ${edge.ok}`).sort(), [
    'web api 1',
    'web other 1',
    'web web 1',
  ])
  assert.equal(
    sumOf(spans)
      .nodes()
      .some((node) => node.inferred),
    false,
  )
})
