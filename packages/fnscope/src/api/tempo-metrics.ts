// Tempo's metrics of spans, over a range and at once: counted from the spans by their starts (query/span-rates.ts).
// https://grafana.com/docs/tempo/latest/api_docs/#traceql-metrics
import type { FastifyInstance, FastifyReply } from 'fastify'
import { SPAN_KINDS } from '../codec/jaeger-json.ts'
import { isCountable, readSpanRates, type SpanRatePoint, type SpanRatesQuestion } from '../query/span-rates.ts'
import { NANOS_PER_SECOND } from '../span/time.ts'
import { clampNanos, durationOf, refused, requiredText, textOf, wholeOf, type JaegerQuery } from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'
import type { TempoOptions } from './tempo.ts'
import { parseTraceQlMetrics, type TraceQlMetrics } from './traceql-metrics.ts'

interface Label {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly doubleValue: number }
}

interface Series {
  readonly labels: readonly Label[]
  readonly points: readonly { readonly timeNanos: bigint; readonly value: number }[]
}

const MAX_POINTS = 11_000n
const DEFAULT_RANGE_NANOS = 3600n * NANOS_PER_SECOND
/** Where no step is given the shortest that makes so many points. */
const WANTED_POINTS = 240n
const STEP_SECONDS = [1n, 5n, 15n, 60n, 300n, 900n, 3600n, 21_600n, 86_400n]

export function mountTempoMetrics(server: FastifyInstance, options: TempoOptions): void {
  server.get('/tempo/api/metrics/query_range', async (request, reply) => {
    const query = request.query as JaegerQuery
    const { startNanos, endNanos } = timesOf(query, options)
    const stepNanos = stepOf(query, endNanos - startNanos)
    // Points stand at multiples of the step, each for what began in the step before it.
    const up = (nanos: bigint): bigint => ((nanos + stepNanos - 1n) / stepNanos) * stepNanos
    const range = { startNanos: up(startNanos), endNanos: up(endNanos) }
    const series = await seriesOf(query, options, { range, stepNanos, windowNanos: stepNanos })
    return answer(
      reply,
      series.map(({ labels, points }) => ({
        labels,
        promLabels: promLabels(labels),
        samples: points.map(({ timeNanos, value }) => ({ timestampMs: String(timeNanos / 1_000_000n), value })),
        exemplars: [],
      })),
    )
  })
  server.get('/tempo/api/metrics/query', async (request, reply) => {
    const query = request.query as JaegerQuery
    const { startNanos, endNanos } = timesOf(query, options)
    const length = endNanos - startNanos
    const range = { startNanos: endNanos, endNanos }
    const series = await seriesOf(query, options, { range, stepNanos: length, windowNanos: length })
    return answer(
      reply,
      series.flatMap(({ labels, points }) =>
        points.map(({ value }) => ({ labels, promLabels: promLabels(labels), value })),
      ),
    )
  })
}

/** `start` and `end` in seconds; without them the last hour. */
function timesOf(
  query: JaegerQuery,
  { now }: TempoOptions,
): { readonly startNanos: bigint; readonly endNanos: bigint } {
  const [start, end] = [wholeOf(query, 'start'), wholeOf(query, 'end')]
  const endNanos = end === undefined ? now() : clampNanos(end * NANOS_PER_SECOND)
  const startNanos = clampNanos(start === undefined ? endNanos - DEFAULT_RANGE_NANOS : start * NANOS_PER_SECOND)
  if (startNanos >= endNanos) throw refused(`'start' must lie before 'end'.`)
  return { startNanos, endNanos }
}

function stepOf(query: JaegerQuery, length: bigint): bigint {
  const text = textOf(query, 'step')
  const asked = text === undefined || !/^\d+$/.test(text) ? durationOf(query, 'step') : BigInt(text) * NANOS_PER_SECOND
  const fitting = STEP_SECONDS.find((seconds) => length / (seconds * NANOS_PER_SECOND) <= WANTED_POINTS)
  const stepNanos = asked ?? (fitting ?? STEP_SECONDS.at(-1)!) * NANOS_PER_SECOND
  if (stepNanos < 1_000_000n) throw refused(`'step' is a duration from 1ms on.`)
  if (length / stepNanos > MAX_POINTS)
    throw refused(`The range has more than ${MAX_POINTS} of 'step': ask for a longer one.`)
  return stepNanos
}

async function seriesOf(
  query: JaegerQuery,
  { reader }: TempoOptions,
  times: Pick<SpanRatesQuestion, 'range' | 'stepNanos' | 'windowNanos'>,
): Promise<Series[]> {
  const { range, windowNanos } = times
  const resourceKeys = await reader.resourceKeys({ ...range, startNanos: range.startNanos - windowNanos })
  const asked = parseTraceQlMetrics(requiredText(query, 'q'), resourceKeys)
  const question: SpanRatesQuestion = {
    ...times,
    by: asked.by.map(({ column }) => column),
    failed: compileTag('error', 'true', resourceKeys),
    ...(asked.where === undefined ? {} : { where: asked.where }),
  }
  if (!isCountable(question)) throw refused(`The range has too many steps: ask for less.`)
  const rates = await readSpanRates(reader, question)
  const seconds = Number(windowNanos) / 1e9
  return rates.flatMap(({ group, points }) => {
    const own = asked.by.map(({ label, column }, i): Label => ({
      key: label,
      value: { stringValue: shown(column, group[i]!) },
    }))
    return valuesOf(asked, seconds).map(({ label, value }) => ({
      labels: label === undefined ? own : [...own, label],
      // Where there is no span there is no quantile.
      points: points
        .map((point) => ({ timeNanos: point.timeNanos, value: value(point) }))
        .filter((point) => Number.isFinite(point.value)),
    }))
  })
}

function shown(column: string, value: string): string {
  return column === 'kind' ? SPAN_KINDS[Number(value)] || 'unspecified' : value
}

/** The values of each point, and by what label they are told from each other, or from nothing. */
function valuesOf(
  { name, quantiles, by }: TraceQlMetrics,
  seconds: number,
): readonly { readonly label: Label | undefined; readonly value: (point: SpanRatePoint) => number }[] {
  const named: Label | undefined = by.length > 0 ? undefined : { key: '__name__', value: { stringValue: name } }
  switch (name) {
    case 'rate':
      return [{ label: named, value: ({ spans }) => spans / seconds }]
    case 'count_over_time':
      return [{ label: named, value: ({ spans }) => spans }]
    case 'quantile_over_time':
      return quantiles.map((share) => ({
        label: { key: 'p', value: { doubleValue: share } },
        value: (point) => point.quantile(share) / 1e9,
      }))
  }
}

function promLabels(labels: readonly Label[]): string {
  const texts = labels.map(({ key, value }) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)
    return `${name}=${JSON.stringify('stringValue' in value ? value.stringValue : String(value.doubleValue))}`
  })
  return `{${texts.join(', ')}}`
}

function answer(reply: FastifyReply, series: readonly object[]): FastifyReply {
  return reply.header('content-type', 'application/json').send(JSON.stringify({ series, metrics: {} }))
}
