// Prometheus' HTTP API for queries (/api/v1/…): parameters in, PromQL asked, its JSON out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { MetricSeries } from '../query/reader.ts'
import { exposedNames } from '../query/prometheus/prometheus-names.ts'
import {
  fits,
  formatNumber,
  listedLabels,
  listSeries,
  loadSeries,
  type MetricReader,
} from '../query/prometheus/prometheus-source.ts'
import { Evaluation, LOOKBACK_MS, selectorsOf } from '../query/prometheus/promql-evaluate.ts'
import { parseDuration, parsePromql, parseSelector, typeOf } from '../query/prometheus/promql-parse.ts'
import { labelsKey, type Labels, type Series } from '../query/prometheus/promql-series.ts'
import { PromqlError, type Expression } from '../query/prometheus/promql-syntax.ts'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import { VERSION } from '../version.ts'

export interface PrometheusApiOptions {
  readonly reader: MetricReader
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_STEPS = 11_000
const EVALUATE_MS = 20_000
/** Where a list of series names no time. */
const LISTED_MS = 7 * 86_400_000
/** What clients take this for: the version whose queries these are a part of. */
const SPOKEN_VERSION = '2.45.0'

type Answer = (parameters: URLSearchParams, request: FastifyRequest) => Promise<unknown>

export function mountPrometheusQuery(server: FastifyInstance, options: PrometheusApiOptions): void {
  const routes: Readonly<Record<string, Answer>> = {
    query: async (parameters) => await query(parameters, options),
    query_range: async (parameters) => await queryRange(parameters, options),
    series: async (parameters) => await matching(parameters, options, { isNeeded: true }),
    labels: async (parameters) => {
      const all = await matching(parameters, options, { isNeeded: false })
      return [...new Set(all.flatMap((labels) => Object.keys(labels)))].sort(byText)
    },
    'label/:name/values': async (parameters, request) => {
      const { name } = request.params as { readonly name: string }
      const all = await matching(parameters, options, { isNeeded: false })
      return [...new Set(all.flatMap((labels) => labels[name] ?? []))].sort(byText)
    },
    metadata: async (parameters) => await metadata(parameters, options),
    'status/buildinfo': async () => ({
      version: SPOKEN_VERSION,
      revision: `fnscope ${VERSION}`,
      branch: 'fnscope',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  }
  for (const [path, answer] of Object.entries(routes))
    server.route({
      method: ['GET', 'POST'],
      url: `/api/v1/${path}`,
      handler: async (request, reply) => await replyTo(request, reply, answer),
    })
}

async function replyTo(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  try {
    return await reply.send({ status: 'success', data: await answer(parametersOf(request), request) })
  } catch (error) {
    const refused = ranTooLong(error) ? new PromqlError('the query took too long', 'execution') : error
    if (!(refused instanceof PromqlError)) throw error
    return await reply
      .status(refused.type === 'bad_data' ? 400 : 422)
      .send({ status: 'error', errorType: refused.type, error: refused.message })
  }
}

/** Of the address, and of a form in the body. */
function parametersOf(request: FastifyRequest): URLSearchParams {
  const parameters = new URLSearchParams(request.url.split('?').slice(1).join('?'))
  if (Buffer.isBuffer(request.body))
    for (const [name, value] of new URLSearchParams(request.body.toString('utf8'))) parameters.append(name, value)
  return parameters
}

async function query(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const expression = expressionIn(parameters)
  const ms = timeIn(parameters, 'time', options)
  const evaluation = await evaluationOf(expression, [ms, ms], options)
  const seconds = ms / 1000
  const type = typeOf(expression)
  if (expression.kind === 'selector' && type === 'range vector')
    return {
      resultType: 'matrix',
      result: withinMs(EVALUATE_MS, () => evaluation.range(expression, ms)).map(({ labels, times, values }) => ({
        metric: labels,
        values: values.map((value, index) => [times[index]! / 1000, formatNumber(value)]),
      })),
    }
  const value = withinMs(EVALUATE_MS, () => evaluation.at(expression, ms))
  if (typeof value === 'number') return { resultType: 'scalar', result: [seconds, formatNumber(value)] }
  return {
    resultType: 'vector',
    result: value.map((sample) => ({ metric: sample.labels, value: [seconds, formatNumber(sample.value)] })),
  }
}

async function queryRange(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const expression = expressionIn(parameters)
  if (typeOf(expression) === 'range vector')
    throw new PromqlError('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
  const [startMs, endMs] = [timeIn(parameters, 'start'), timeIn(parameters, 'end')]
  const stepMs = stepIn(parameters)
  if (endMs < startMs) throw new PromqlError('invalid parameter "end": end timestamp must not be before start time')
  if ((endMs - startMs) / stepMs > MAX_STEPS)
    throw new PromqlError(
      `exceeded maximum resolution of ${MAX_STEPS} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    )
  const evaluation = await evaluationOf(expression, [startMs, endMs], options)
  const found = new Map<string, { readonly metric: Labels; readonly values: [number, string][] }>()
  withinMs(EVALUATE_MS, () => {
    for (let ms = startMs; ms <= endMs; ms += stepMs) {
      const value = evaluation.at(expression, ms)
      for (const sample of typeof value === 'number' ? [{ labels: {}, value }] : value) {
        const key = labelsKey(sample.labels)
        let series = found.get(key)
        if (series === undefined) found.set(key, (series = { metric: sample.labels, values: [] }))
        series.values.push([ms / 1000, formatNumber(sample.value)])
      }
    }
  })
  const keys = [...found.keys()].sort(byText)
  return { resultType: 'matrix', result: keys.map((key) => found.get(key)!) }
}

async function evaluationOf(
  expression: Expression,
  [startMs, endMs]: readonly [number, number],
  { reader }: PrometheusApiOptions,
): Promise<Evaluation> {
  const selectors = selectorsOf(expression)
  const backMs = Math.max(0, ...selectors.map(({ rangeMs }) => rangeMs ?? LOOKBACK_MS))
  const range = { startNanos: nanosOf(startMs - backMs), endNanos: nanosOf(endMs + 1) }
  const all = selectors.length === 0 ? [] : await loadSeries(reader, selectors, range)
  const bySelector = new Map<unknown, readonly Series[]>(
    selectors.map((selector) => [selector, all.filter(({ labels }) => fits(selector, labels))]),
  )
  return new Evaluation((selector) => bySelector.get(selector) ?? [])
}

async function matching(
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

async function metadata(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const [only, limit] = [parameters.get('metric'), Number(parameters.get('limit') ?? Infinity)]
  const found = new Map<string, object[]>()
  for (const series of await listed(new URLSearchParams(), options))
    for (const { name, type } of exposedNames(series)) {
      const isWanted = (only ?? name) === name && (found.has(name) || !(limit >= 0) || found.size < limit)
      if (isWanted && !found.has(name)) found.set(name, [{ type, help: series.description, unit: '' }])
    }
  return Object.fromEntries(found)
}

function expressionIn(parameters: URLSearchParams): Expression {
  const text = parameters.get('query') ?? ''
  if (text.trim() === '')
    throw new PromqlError('invalid parameter "query": unknown position: parse error: no expression found in input')
  return parsePromql(text)
}

/** Epoch milliseconds; of a time that need not be given, now. */
function timeIn(parameters: URLSearchParams, name: string, options?: PrometheusApiOptions): number {
  const text = parameters.get(name)
  if ((text === null || text === '') && options !== undefined) return Number(options.now() / 1_000_000n)
  const ms = /^-?[\d.]+(e[+-]?\d+)?$/i.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '')
  if (!Number.isFinite(ms) || Math.abs(ms) > 9e12)
    throw new PromqlError(`invalid parameter "${name}": cannot parse "${text ?? ''}" to a valid timestamp`)
  return Math.round(ms)
}

function stepIn(parameters: URLSearchParams): number {
  const text = parameters.get('step') ?? ''
  const ms = /^[\d.]+$/.test(text) ? Math.round(Number(text) * 1000) : parseDuration(text)
  if (ms === undefined || !(ms > 0))
    throw new PromqlError(
      `invalid parameter "step": ${text === '' ? 'it is missing' : `cannot take "${text}" as a step`}; it is seconds or a duration above zero`,
    )
  return ms
}

function nanosOf(ms: number): bigint {
  return BigInt(Math.max(0, Math.round(ms))) * 1_000_000n
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}
