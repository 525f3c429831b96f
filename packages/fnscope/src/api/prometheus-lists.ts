// What there is, as Prometheus' HTTP API lists it: series, metadata, exemplars. Values of series are asked in prometheus.ts.
import { loadExemplars } from '../query/prometheus/prometheus-exemplars.ts'
import { exposedNames } from '../query/prometheus/prometheus-names.ts'
import {
  fits,
  formatNumber,
  listedLabels,
  listSeries,
  type MetricReader,
} from '../query/prometheus/prometheus-source.ts'
import { parseSelector } from '../query/prometheus/promql-parse.ts'
import { reachesOf } from '../query/prometheus/promql-reach.ts'
import { labelsKey, type Labels } from '../query/prometheus/promql-series.ts'
import { PromqlError } from '../query/prometheus/promql-syntax.ts'
import type { MetricSeries } from '../query/reader.ts'
import { attributeText } from '../span/attribute-value.ts'
import { expressionIn, nanosOf, timeIn } from './prometheus-parameters.ts'

export interface PrometheusApiOptions {
  readonly reader: MetricReader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

/** Where a list of series names no time. */
const LISTED_MS = 7 * 86_400_000

export async function matching(
  parameters: URLSearchParams,
  options: PrometheusApiOptions,
  { isNeeded }: { readonly isNeeded: boolean },
): Promise<readonly Labels[]> {
  const selectors = parameters.getAll('match[]').map(parseSelector)
  if (isNeeded && selectors.length === 0) throw new PromqlError('no match[] parameter provided')
  const all = (await listed(parameters, options)).flatMap(listedLabels)
  const found = selectors.length === 0 ? all : all.filter((labels) => selectors.some((one) => fits(one, labels)))
  return [...new Map(found.map((labels) => [labelsKey(labels), labels])).values()]
}

async function listed(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<readonly MetricSeries[]> {
  const endMs = timeIn(parameters, 'end', options)
  const startMs = parameters.has('start') ? timeIn(parameters, 'start') : endMs - LISTED_MS
  return await listSeries(options.reader, { startNanos: nanosOf(startMs), endNanos: nanosOf(endMs + 1) })
}

export async function exemplars(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const expression = expressionIn(parameters)
  const [startMs, endMs] = [timeIn(parameters, 'start', options), timeIn(parameters, 'end', options)]
  if (endMs < startMs)
    throw new PromqlError('invalid parameter "end": end timestamp must not be before start timestamp')
  const selectors = reachesOf(expression, { startMs, endMs }).map(({ selector }) => selector)
  const found = await loadExemplars(options.reader, selectors, {
    startNanos: nanosOf(startMs),
    endNanos: nanosOf(endMs + 1),
  })
  return found.map(({ labels, exemplars }) => ({
    seriesLabels: labels,
    exemplars: exemplars.map(({ attributes, traceId, spanId, value, timeNanos }) => ({
      labels: {
        ...Object.fromEntries(Object.entries(attributes).map(([name, one]) => [name, attributeText(one)])),
        ...(traceId === undefined ? {} : { trace_id: traceId }),
        ...(spanId === undefined ? {} : { span_id: spanId }),
      },
      value: formatNumber(Number(value)),
      timestamp: Number(timeNanos / 1_000_000n) / 1000,
    })),
  }))
}

export async function metadata(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const [only, limit] = [parameters.get('metric'), Number(parameters.get('limit') ?? Infinity)]
  const found = new Map<string, object[]>()
  for (const series of await listed(new URLSearchParams(), options))
    for (const { name, type } of exposedNames(series)) {
      const isWanted = (only ?? name) === name && (found.has(name) || !(limit >= 0) || found.size < limit)
      if (isWanted && !found.has(name)) found.set(name, [{ type, help: series.description, unit: '' }])
    }
  return Object.fromEntries(found)
}
