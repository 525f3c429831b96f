// What the Monitor tab of Jaeger's page asks: rates, errors and latencies of services' spans, counted from the spans
// themselves. Contract: the metrics query of jaegertracing 2 (GetMetricsResponse in JSON), docs/protocols/jaeger-query.md.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { SPAN_KINDS } from '../codec/jaeger-json.ts'
import { isCountable, readSpanRates, type SpanRatePoint, type SpanRatesQuestion } from '../query/span-rates.ts'
import type { SpanQuery } from '../query/reader.ts'
import type { JaegerQueryOptions } from './jaeger-query.ts'
import { allOf, clampNanos, refused, textOf, wholeOf, type JaegerQuery } from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'

interface Family {
  /** `service` in it becomes `service_operation` where operations are told apart. */
  readonly name: string
  readonly help: string
  readonly value: (point: SpanRatePoint) => number
}

const MIN_STEP_MS = 1
const MAX_POINTS = 11_000n
const DEFAULTS = { lookback: 3_600_000n, step: 5000n, ratePer: 600_000n }

export function mountJaegerMetrics(server: FastifyInstance, options: JaegerQueryOptions): void {
  server.get('/api/metrics/minstep', async (_, reply) =>
    send(reply, { data: MIN_STEP_MS, total: 0, limit: 0, offset: 0, errors: null }),
  )
  server.get('/api/metrics/calls', async (request, reply) => {
    const query = request.query as JaegerQuery
    const seconds = Number(millisOf(query, 'ratePer')) / 1000
    const value = ({ spans }: SpanRatePoint): number => spans / seconds
    return send(reply, await familyOf(query, options, { name: 'service_call_rate', help: 'calls/sec', value }))
  })
  server.get('/api/metrics/errors', async (request, reply) => {
    const help = 'error rate, computed as a fraction of errors/sec over calls/sec'
    // Where nobody called nothing is a share of it, as in PromQL.
    const value = ({ spans, failed }: SpanRatePoint): number => failed / spans
    const family = { name: 'service_error_rate', help, value }
    return send(reply, await familyOf(request.query as JaegerQuery, options, family))
  })
  server.get('/api/metrics/latencies', async (request, reply) => {
    const query = request.query as JaegerQuery
    const quantile = quantileOf(query)
    const help = `${quantile.toFixed(2)}th quantile latency`
    const value = (point: SpanRatePoint): number => point.quantile(quantile) / 1e6
    return send(reply, await familyOf(query, options, { name: 'service_latencies', help, value }))
  })
}

async function familyOf(query: JaegerQuery, options: JaegerQueryOptions, family: Family): Promise<object> {
  const byOperation = isGrouped(query)
  const found = await readSpanRates(options.reader, questionOf(query, options))
  const shown = found.map(({ group: [service, operation], points }) => ({
    labels: [
      { name: 'service_name', value: service },
      ...(byOperation ? [{ name: 'operation', value: operation }] : []),
    ],
    metricPoints: points.map((point) => ({
      gaugeValue: { doubleValue: doubleOf(family.value(point)) },
      timestamp: timestampOf(point.timeNanos),
    })),
  }))
  return {
    name: byOperation ? family.name.replace('service', 'service_operation') : family.name,
    type: 'GAUGE',
    help: `${family.help}, grouped by service${byOperation ? ' & operation' : ''}`,
    metrics: shown,
  }
}

function questionOf(query: JaegerQuery, { now }: JaegerQueryOptions): SpanRatesQuestion {
  const services = allOf(query, 'service').filter((one) => one !== '')
  if (services.length === 0) throw refused(`unable to parse param 'service': please provide at least one service name`)
  const end = wholeOf(query, 'endTs')
  const endNanos = end === undefined ? now() : clampNanos(end * 1_000_000n)
  const [lookback, step, ratePer] = (['lookback', 'step', 'ratePer'] as const).map((name) => millisOf(query, name))
  if (lookback! / step! > MAX_POINTS)
    throw refused(`'lookback' has more than ${MAX_POINTS} of 'step': ask for a longer one`)
  const question: SpanRatesQuestion = {
    range: { startNanos: clampNanos(endNanos - lookback! * 1_000_000n), endNanos },
    stepNanos: step! * 1_000_000n,
    windowNanos: ratePer! * 1_000_000n,
    by: isGrouped(query) ? ['service', 'name'] : ['service'],
    failed: compileTag('error', 'true', new Set()),
    where: {
      is: 'and',
      of: [
        { is: 'or', of: services.map((value) => ({ is: 'text', field: 'service', op: '=', value })) },
        kindsOf(allOf(query, 'spanKind')),
      ],
    },
  }
  if (!isCountable(question))
    throw refused(`'step' and 'ratePer' have too small a measure in common: let one be a multiple of the other`)
  return question
}

/** Above 0. @throws FnscopeError FNS_USAGE */
function millisOf(query: JaegerQuery, name: keyof typeof DEFAULTS): bigint {
  const millis = wholeOf(query, name) ?? DEFAULTS[name]
  if (millis <= 0n) throw refused(`unable to parse param '${name}': it is milliseconds above 0, not ${millis}`)
  return millis
}

function isGrouped(query: JaegerQuery): boolean {
  const text = textOf(query, 'groupByOperation') ?? 'false'
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw refused(
    `unable to parse param 'groupByOperation': ${JSON.stringify(text.slice(0, 100))} is neither true nor false`,
  )
}

function kindsOf(names: readonly string[]): SpanQuery {
  const kinds = (names.length === 0 ? ['server'] : names).map((name): SpanQuery => {
    if (name === 'unspecified') return { is: 'not', of: { is: 'number', field: 'kind', op: '>', value: 0 } }
    const kind = SPAN_KINDS.indexOf(name as (typeof SPAN_KINDS)[number])
    if (kind > 0) return { is: 'number', field: 'kind', op: '=', value: kind }
    throw refused(`unable to parse param 'spanKind': unsupported span kind: '${name.slice(0, 100)}'`)
  })
  return { is: 'or', of: kinds }
}

function quantileOf(query: JaegerQuery): number {
  const quantile = Number(textOf(query, 'quantile') ?? Number.NaN)
  if (!(quantile >= 0 && quantile <= 1)) throw refused(`unable to parse param 'quantile': it is a number from 0 to 1`)
  return quantile
}

/** As protobuf's JSON spells it. */
function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

function timestampOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString().replace('.000Z', 'Z')
}

function send(reply: FastifyReply, body: object): FastifyReply {
  return reply.header('content-type', 'application/json').send(JSON.stringify(body))
}
