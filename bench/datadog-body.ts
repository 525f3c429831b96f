// Requests of a Datadog tracer for benches: chunks of ten spans, with the tags that ddtrace writes and others of a user's
// own; ids, times and some values differ from span to span.
import { pack, Real } from '../packages/fnscope/src/codec/msgpack-samples.ts'

export const SPANS_A_REQUEST = 100
const SPANS_A_CHUNK = 10
const START = 1_795_248_000_000_000_000n

interface Made {
  readonly service: string
  readonly name: string
  readonly resource: string
  readonly type: string
  readonly trace_id: bigint
  readonly span_id: bigint
  readonly parent_id: bigint
  readonly start: bigint
  readonly duration: number
  readonly error: number
  readonly meta: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, Real>>
}

function spanOf(request: number, at: number): Made {
  const place = at % SPANS_A_CHUNK
  const serial = BigInt(request * SPANS_A_REQUEST + at)
  const traceId = 0x6002_dd60_8930_0000n + serial - BigInt(place)
  const isFirst = place === 0
  return {
    service: isFirst ? 'orders-fn' : 'orders-db',
    name: isFirst ? 'aws.lambda' : 'postgres.query',
    resource: isFirst ? 'orders-fn' : `SELECT * FROM orders WHERE region = ${place}`,
    type: isFirst ? 'serverless' : 'sql',
    trace_id: traceId,
    span_id: 0x7002_dd60_8930_0000n + serial,
    parent_id: isFirst ? 0n : 0x7002_dd60_8930_0000n + serial - BigInt(place),
    start: START + serial * 1_000_003n,
    duration: 1_500_000 + place,
    error: 0,
    meta: {
      ...(isFirst
        ? { '_dd.p.tid': '6b0153b800000000', 'runtime-id': 'b1946b44b66e47368f9f369f8cb05b5a', language: 'python' }
        : {}),
      '_dd.base_service': 'orders-fn',
      '_dd.origin': 'lambda',
      env: 'prod',
      version: '2.0.0',
      component: 'psycopg',
      'span.kind': isFirst ? 'server' : 'client',
      'db.system': 'postgresql',
      'db.name': 'shop',
      'out.host': 'db.internal.example.com',
      'http.status_code': '200',
      customer: `customer-${serial % 5000n}`,
      team: 'coffee',
    },
    metrics: {
      ...(isFirst ? { _sampling_priority_v1: new Real(1), process_id: new Real(4711) } : {}),
      '_dd.top_level': new Real(1),
      'db.row_count': new Real(place),
    },
  }
}

function chunksOf(request: number): readonly (readonly Made[])[] {
  return Array.from({ length: SPANS_A_REQUEST / SPANS_A_CHUNK }, (_, chunk) =>
    Array.from({ length: SPANS_A_CHUNK }, (_each, place) => spanOf(request, chunk * SPANS_A_CHUNK + place)),
  )
}

export function datadogV04Body(request: number): Uint8Array {
  return pack(chunksOf(request))
}

export function datadogV05Body(request: number): Uint8Array {
  const table = new Map<string, number>([['', 0]])
  const index = (text: string): number => {
    const known = table.get(text)
    if (known !== undefined) return known
    table.set(text, table.size)
    return table.size - 1
  }
  const traces = chunksOf(request).map((chunk) =>
    chunk.map((span) => [
      index(span.service),
      index(span.name),
      index(span.resource),
      span.trace_id,
      span.span_id,
      span.parent_id,
      span.start,
      span.duration,
      span.error,
      new Map(Object.entries(span.meta).map(([key, value]) => [index(key), index(value)])),
      new Map(Object.entries(span.metrics).map(([key, value]) => [index(key), value])),
      index(span.type),
    ]),
  )
  return pack([[...table.keys()], traces])
}
