// Traces and queries from a seed: few words and numbers, so that conditions meet, and those that comparisons get wrong.
import { completeSpan, type Span } from '../../packages/fnscope/src/span/span.ts'
import type { AnnotationTest, SpanQuery, TextTest, TraceQuery } from '../../packages/fnscope/src/store/trace-query.ts'

export type Random = () => number

/** Numbers from 0 to 1 that a seed decides. */
export function randomOf(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!
}

const SERVICES = ['shop', 'billing', 'ünïcode', '']
const NAMES = ['GET /', 'work', "it's"]
const TEXTS = ['a', 'ab', 'b', '', '7', 'true', 'q\'uo"te\\']
const BIG = 9_007_199_254_740_993n
const NUMBERS = [0, -0, 7, 7.5, -1, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
const KEYS = ['k', 'l', 'no such']
const SECOND = 1_000_000_000n

const annotationValue = (random: Random): string | number | bigint | boolean => {
  const kind = random()
  if (kind < 0.4) return pick(random, TEXTS)
  if (kind < 0.7) return pick(random, NUMBERS)
  return kind < 0.85 ? pick(random, [7n, BIG, BIG - 1n, -(2n ** 63n)]) : random() < 0.5
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')

/** Of one trace, in a day's last and the next day's first hour, some of them in two copies. */
export function sampleTrace(random: Random, midnight: bigint): Span[] {
  const traceId = hex(random, 32)
  // Many begin at one time.
  const startNanos = midnight + BigInt(Math.floor(random() * 40) - 20) * 90n * SECOND
  const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, () => hex(random, 16))
  const spans = ids.map((spanId, i) => sampleSpan(random, { traceId, spanId, i, ids, startNanos }))
  const copied = spans.filter(() => random() < 0.1)
  const copies = copied.map((span) => ({
    ...sampleSpan(random, { traceId, spanId: span.spanId, i: 0, ids, startNanos }),
    receivedNanos: span.receivedNanos + 2n * SECOND,
  }))
  return [...spans, ...copies]
}

function sampleSpan(
  random: Random,
  of: {
    readonly traceId: string
    readonly spanId: string
    readonly i: number
    readonly ids: readonly string[]
    readonly startNanos: bigint
  },
): Span {
  // Some begin with what called them.
  const late = of.i === 0 || random() < 0.2 ? 0n : BigInt(Math.floor(random() * 1800)) * SECOND
  const startNanos = of.startNanos + late
  const annotations = Object.fromEntries(
    KEYS.slice(0, 2)
      .filter(() => random() < 0.6)
      .map((key) => [key, annotationValue(random)]),
  )
  const segment = random() < 0.5
  return completeSpan({
    traceId: of.traceId,
    spanId: of.spanId,
    // The parent of some did not come.
    ...(of.i === 0 ? {} : { parentId: random() < 0.1 ? hex(random, 16) : pick(random, of.ids.slice(0, of.i)) }),
    startNanos,
    endNanos: startNanos + pick(random, [0n, 5n, SECOND, -5n]),
    // No two alike: copies are told apart by it.
    receivedNanos: of.startNanos + 3600n * SECOND + BigInt(Math.floor(random() * 1e9)),
    name: pick(random, NAMES),
    service: pick(random, SERVICES),
    source: pick(random, ['xray', 'otlp']),
    segment,
    // A segment is always listed.
    rootRank: of.i === 0 ? pick(random, [0, 1]) : pick(random, segment ? [1] : [1, 2, 255, 255]),
    kind: Math.floor(random() * 6),
    statusCode: Math.floor(random() * 3),
    error: random() < 0.3,
    fault: random() < 0.3,
    throttle: random() < 0.2,
    coldStart: random() < 0.2,
    ...(random() < 0.5 ? { origin: 'AWS::Lambda' } : {}),
    ...(random() < 0.5 ? { accountId: '1' } : {}),
    ...(random() < 0.4 ? { peer: { name: pick(random, ['table', 'shop']), type: 'AWS::DynamoDB::Table' } } : {}),
    ...(random() < 0.5
      ? { http: { method: 'GET', url: pick(random, ['/a', '/b?c=d']), status: 404, traced: random() < 0.3 } }
      : {}),
    ...(random() < 0.3 ? { statusMessage: pick(random, NAMES) } : {}),
    ...(random() < 0.5 ? { resource: { team: pick(random, TEXTS), size: 1.5, on: true, ...deployment(random) } } : {}),
    ...(random() < 0.3 ? { resourceArn: pick(random, ARNS) } : {}),
    ...(random() < 0.3 ? { cause: { exceptions: [{ type: 'Error', message: pick(random, NAMES) }] } } : {}),
    attributes: random() < 0.5 ? { 'http.route': pick(random, TEXTS), count: 7n } : {},
    annotations: random() < 0.2 ? { ...annotations, env: pick(random, PLACES) } : annotations,
    events:
      random() < 0.3
        ? [{ timeNanos: startNanos, name: pick(random, TEXTS), attributes: { why: pick(random, TEXTS), n: 3n } }]
        : [],
  })
}

const PLACES = ['prod', 'eu-west-1', '', '1.0']
const ARNS = [
  'arn:aws:lambda:eu-west-1:1:function:shop',
  'arn:aws:ecs:eu-west-1:2:task/x',
  'arn:aws:lambda',
  '/subscriptions/1',
]

/** Some of what says where a span's code was deployed, also what is no text. */
function deployment(random: Random): Record<string, string | bigint> {
  const keys = ['deployment.environment.name', 'deployment.environment', 'service.version', 'cloud.region', 'faas.name']
  return Object.fromEntries(
    keys.filter(() => random() < 0.3).map((key) => [key, random() < 0.2 ? 7n : pick(random, PLACES)]),
  )
}

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const

function textTest(random: Random, texts: readonly string[]): TextTest {
  const op = pick(random, [...OPERATORS, '=', '=', 'contains', 'beginswith', 'endswith', 'exists'] as const)
  return op === 'exists' ? { op } : { op, value: pick(random, texts) }
}

function annotationTest(random: Random): AnnotationTest {
  const kind = random()
  if (kind < 0.5) return textTest(random, TEXTS)
  if (kind < 0.8) return { op: pick(random, OPERATORS), value: pick(random, [...NUMBERS, Number(BIG), -(2 ** 63)]) }
  return { op: pick(random, ['=', '!=']), value: random() < 0.5 }
}

export function sampleSpanQuery(random: Random, depth = 2): SpanQuery {
  const nested = (): SpanQuery => sampleSpanQuery(random, depth - 1)
  const kind = Math.floor(random() * (depth > 0 ? 13 : 8))
  switch (kind) {
    case 0:
      return { is: 'text', field: 'service', ...textTest(random, SERVICES) }
    case 1:
      return {
        is: 'text',
        field: pick(random, [
          'name',
          'source',
          'origin',
          'accountId',
          'environment',
          'version',
          'region',
          'functionName',
          'statusMessage',
          'httpMethod',
          'httpUrl',
          'peerName',
          'cause',
          'events',
        ]),
        ...textTest(random, [...NAMES, '/a', 'xray', '1', 'table', 'GET', 'prod', 'eu-west-1', 'shop', 'exceptions']),
      }
    case 2:
      return {
        is: 'number',
        field: pick(random, ['duration', 'httpStatus', 'kind', 'statusCode', 'rootRank']),
        op: pick(random, OPERATORS),
        value: pick(random, [0, 2, 5n, 404, 1.5, SECOND, -5n]),
      }
    case 3:
      return { is: 'flag', flag: pick(random, ['ok', 'error', 'fault', 'throttle', 'coldStart', 'segment']) }
    case 4:
      return { is: 'node', ...sampleNode(random), inferred: random() < 0.5 }
    case 5:
    case 8:
      return { is: 'annotation', key: pick(random, KEYS), ...annotationTest(random) }
    case 6:
      return {
        is: 'attribute',
        key: pick(random, ['k', 'team', 'size', 'on', 'http.route', 'count']),
        ...textTest(random, [...TEXTS, '1.5']),
      }
    case 7:
      return {
        is: 'event',
        key: pick(random, ['why', 'n', 'event']),
        value: pick(random, [...TEXTS.filter((text) => text !== ''), '3']),
      }
    case 9:
    case 10:
      return { is: 'and', of: [nested(), nested()] }
    case 11:
      return { is: 'or', of: [nested(), nested()] }
    default:
      return { is: 'not', of: nested() }
  }
}

function sampleNode(random: Random): { readonly name?: string; readonly type?: string; readonly accountId?: string } {
  return {
    ...(random() < 0.6 ? { name: pick(random, ['shop', 'billing', 'table']) } : {}),
    ...(random() < 0.3 ? { type: pick(random, ['AWS::Lambda', 'AWS::DynamoDB::Table']) } : {}),
    ...(random() < 0.2 ? { accountId: '1' } : {}),
  }
}

export function sampleTraceQuery(random: Random, ids: readonly string[], depth = 2): TraceQuery {
  const nested = (): TraceQuery => sampleTraceQuery(random, ids, depth - 1)
  switch (Math.floor(random() * (depth > 0 ? 11 : 8))) {
    case 7:
      return { is: 'partial' }
    case 0:
      return { is: 'root', where: sampleSpanQuery(random) }
    case 1:
      return {
        is: 'edge',
        to: sampleNode(random),
        ...(random() < 0.3 ? { where: sampleSpanQuery(random, 0) } : {}),
      }
    case 2:
      return { is: 'duration', op: pick(random, OPERATORS), nanos: pick(random, [0n, 5n, SECOND, 600n * SECOND]) }
    case 3:
      return { is: 'ids', traceIds: [pick(random, ids), pick(random, ids), 'f'.repeat(32), 'nonsense'] }
    case 8:
      return { is: 'and', of: [nested(), nested()] }
    case 9:
      return { is: 'or', of: [nested(), nested()] }
    case 10:
      return { is: 'not', of: nested() }
    default:
      return { is: 'span', where: sampleSpanQuery(random) }
  }
}
