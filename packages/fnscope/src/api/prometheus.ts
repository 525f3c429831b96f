// Prometheus' HTTP API for queries (/api/v1/…): parameters in, PromQL asked, its JSON out.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ranTooLong, withinMs } from '../query/logs/within.ts'
import { fits, formatNumber, loadSeries } from '../query/prometheus/prometheus-source.ts'
import { Evaluation } from '../query/prometheus/promql-evaluate.ts'
import { printPromql } from '../query/prometheus/promql-print.ts'
import { reachesOf, type Reach, type Times } from '../query/prometheus/promql-reach.ts'
import { labelsKey, type Labels, type Sample, type Series } from '../query/prometheus/promql-series.ts'
import { PromqlError, type Expression, type Selector } from '../query/prometheus/promql-syntax.ts'
import { typeOf } from '../query/prometheus/promql-types.ts'
import { VERSION } from '../version.ts'
import { exemplars, matching, metadata, type PrometheusApiOptions } from './prometheus-lists.ts'
import { expressionIn, limitIn, nanosOf, stepIn, timeIn } from './prometheus-parameters.ts'

const MAX_STEPS = 11_000
const EVALUATE_MS = 20_000
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
    query_exemplars: async (parameters) => await exemplars(parameters, options),
    format_query: async (parameters) => printPromql(expressionIn(parameters)),
    // There are no rules here, and so nothing that they would raise; and nobody is scraped: telemetry is sent here.
    rules: async () => ({ groups: [] }),
    alerts: async () => ({ alerts: [] }),
    alertmanagers: async () => ({ activeAlertmanagers: [], droppedAlertmanagers: [] }),
    targets: async () => ({ activeTargets: [], droppedTargets: [] }),
    'targets/metadata': async () => [],
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
      handler: async (request, reply) => await replyTo(request, reply, { answer, isCut: CUT.has(path) }),
    })
  server.route({
    method: ['POST', 'PUT'],
    url: '/api/v1/admin/*',
    handler: async (_, reply) =>
      await reply.status(503).send({ status: 'error', errorType: 'unavailable', error: 'admin APIs disabled' }),
  })
  server.route({
    method: ['GET', 'POST', 'PUT', 'DELETE'],
    url: '/api/v1/*',
    handler: async (request, reply) =>
      await reply.status(404).send({
        status: 'error',
        errorType: 'not_found',
        error: `fnscope does not answer ${request.method} ${request.url.split('?')[0]!}: of Prometheus it has ${Object.keys(routes).join(', ')}`,
      }),
  })
}

/** Where `limit` counts what is answered, as metadata's does not. */
const CUT: ReadonlySet<string> = new Set(['query', 'query_range', 'series', 'labels', 'label/:name/values'])
const TRUNCATED = ['results truncated due to limit']

async function replyTo(
  request: FastifyRequest,
  reply: FastifyReply,
  { answer, isCut }: { readonly answer: Answer; readonly isCut: boolean },
): Promise<FastifyReply> {
  try {
    const parameters = parametersOf(request)
    const limit = isCut ? limitIn(parameters) : Infinity
    const whole = await answer(parameters, request)
    const data = cut(whole, limit)
    return await reply.send({ status: 'success', data, ...(data === whole ? {} : { warnings: TRUNCATED }) })
  } catch (error) {
    const refused = ranTooLong(error) ? new PromqlError('the query took too long', 'execution') : error
    if (!(refused instanceof PromqlError)) throw error
    return await reply
      .status(refused.type === 'bad_data' ? 400 : 422)
      .send({ status: 'error', errorType: refused.type, error: refused.message })
  }
}

/** The first of a list, of a vector's samples or of a matrix' series; the same where it is no longer than that. */
function cut(data: unknown, limit: number): unknown {
  if (Array.isArray(data)) return data.length > limit ? data.slice(0, limit) : data
  if (typeof data !== 'object' || data === null || !('resultType' in data) || !('result' in data)) return data
  if (data.resultType !== 'vector' && data.resultType !== 'matrix') return data
  const result = cut(data.result, limit)
  return result === data.result ? data : { ...data, result }
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
  const evaluation = await evaluationOf(expression, { startMs: ms, endMs: ms }, options)
  const seconds = ms / 1000
  if (typeOf(expression) === 'range vector') {
    const series = withinMs(EVALUATE_MS, () => evaluation.range(expression as Selector, ms))
    return {
      resultType: 'matrix',
      result: series.map(({ labels, times, values }) => ({
        metric: labels,
        values: values.map((value, index) => [times[index]! / 1000, formatNumber(value)]),
      })),
    }
  }
  const value = withinMs(EVALUATE_MS, () => evaluation.at(expression, ms))
  if (typeof value === 'number') return { resultType: 'scalar', result: [seconds, formatNumber(value)] }
  if (typeof value === 'string') return { resultType: 'string', result: [seconds, value] }
  return {
    resultType: 'vector',
    result: value.map((sample) => ({ metric: sample.labels, value: [seconds, formatNumber(sample.value)] })),
  }
}

async function queryRange(parameters: URLSearchParams, options: PrometheusApiOptions): Promise<object> {
  const expression = expressionIn(parameters)
  const type = typeOf(expression)
  if (type !== 'scalar' && type !== 'instant vector')
    throw new PromqlError(
      `invalid parameter "query": invalid expression type "${type}" for range query, must be Scalar or instant Vector`,
    )
  const [startMs, endMs] = [timeIn(parameters, 'start'), timeIn(parameters, 'end')]
  const stepMs = stepIn(parameters)
  if (endMs < startMs) throw new PromqlError('invalid parameter "end": end timestamp must not be before start time')
  if ((endMs - startMs) / stepMs > MAX_STEPS)
    throw new PromqlError(
      `exceeded maximum resolution of ${MAX_STEPS} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    )
  const evaluation = await evaluationOf(expression, { startMs, endMs }, options)
  const found = new Map<string, { readonly metric: Labels; readonly values: [number, string][] }>()
  withinMs(EVALUATE_MS, () => {
    for (let ms = startMs; ms <= endMs; ms += stepMs) {
      const value = evaluation.at(expression, ms)
      for (const sample of typeof value === 'number' ? [{ labels: {}, value }] : (value as readonly Sample[])) {
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
  asked: Times,
  { reader }: PrometheusApiOptions,
): Promise<Evaluation> {
  const byTimes = Map.groupBy(reachesOf(expression, asked), ({ startMs, endMs }) => `${startMs} ${endMs}`)
  const bySelector = new Map<Selector, readonly Series[]>()
  for (const reaches of byTimes.values()) {
    const [{ startMs, endMs }] = reaches as [Reach]
    const selectors = reaches.map(({ selector }) => selector)
    const range = { startNanos: nanosOf(startMs), endNanos: nanosOf(endMs + 1) }
    const all = await loadSeries(reader, selectors, range)
    for (const selector of selectors)
      bySelector.set(
        selector,
        all.filter(({ labels }) => fits(selector, labels)),
      )
  }
  return new Evaluation((selector) => bySelector.get(selector) ?? [], asked)
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}
