// The trace routes of the Datadog agent, POST and PUT. https://docs.datadoghq.com/tracing/guide/send_traces_to_agent_by_api/
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { DatadogTracer } from '../codec/datadog-source.ts'
import type { Taken } from '../codec/taken.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import { RequestError } from '../http/request-error.ts'
import { IngestFullError } from '../ingest/ingest.ts'
import type { Batch } from '../span/batch.ts'
import type { AgentInfo } from './datadog-info.ts'
import type { Intake } from './intake.ts'
import { leaveBodies, takeBody } from './take-body.ts'

/** @throws MalformedError */
export type DecodeTraces = (body: Uint8Array, batch: Batch, tracer: DatadogTracer) => Taken

export interface TraceRoute {
  readonly path: string
  readonly decode: DecodeTraces
  /** v0.3 answers a word, later ones the rates. */
  readonly answersRates: boolean
}

export interface DatadogTracesOptions {
  readonly routes: readonly TraceRoute[]
  readonly intake: Intake
  readonly budget: BodyBudget
  readonly info: (request: FastifyRequest) => AgentInfo
}

/** The reference agent's. */
export const MAX_BODY_BYTES = 25 * 1024 * 1024

export const OK = 'OK\n'
/** Every service, every environment: keep everything. */
const RATES = JSON.stringify({ rate_by_service: { 'service:,env:': 1 } })
const MAX_HEADER = 100
const SERVICES = ['/v0.3/services', '/v0.4/services']

/** Mounts the routes. The server's errors are to be in datadogErrorFormat. */
export function mountDatadogTraces(server: FastifyInstance, options: DatadogTracesOptions): void {
  const { routes, info } = options
  server.get('/info', async (request, reply) => {
    const { json, state } = info(request)
    return await reply.header('datadog-agent-state', state).type('application/json').send(json)
  })
  void server.register(async (scope) => {
    leaveBodies(scope)
    for (const route of routes)
      scope.route({
        method: ['POST', 'PUT'],
        url: route.path,
        handler: async (request, reply) => {
          await take(request, reply, { ...options, route })
          return await answer(request, reply, { route, info })
        },
      })
  })
  // Services once had to be announced.
  server.route({ method: ['POST', 'PUT'], url: SERVICES[0]!, handler: async () => OK })
  server.route({ method: ['POST', 'PUT'], url: SERVICES[1]!, handler: async () => OK })
}

interface Taking extends DatadogTracesOptions {
  readonly route: TraceRoute
}

async function take(request: FastifyRequest, reply: FastifyReply, { budget, intake, route }: Taking): Promise<void> {
  // Some send nothing to see whether anybody is there.
  if (request.headers['content-length'] === '0') return
  const tracer = tracerOf(request)
  try {
    await takeBody(request, reply, {
      budget,
      intake,
      maxBytes: MAX_BODY_BYTES,
      decode: (body, batch) => route.decode(body, batch, tracer),
    })
  } catch (error) {
    if (isOverload(error)) refuseOverload(request)
    // 415 would tell a tracer that this version of the API is not here.
    else if (error instanceof RequestError && error.statusCode === 415) throw new RequestError(400, error.message)
    else throw error
  }
}

function isOverload(error: unknown): boolean {
  return error instanceof IngestFullError || (error instanceof RequestError && error.statusCode === 503)
}

/** As the reference agent: a tracer that does not ask for the truth is told that all is well; it is counted as dropped. */
function refuseOverload(request: FastifyRequest): void {
  if (header(request, 'datadog-send-real-http-status') === '') return
  throw new RequestError(429, 'too many bytes of requests are on their way')
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { route, info }: Pick<Taking, 'route' | 'info'>,
): Promise<FastifyReply> {
  reply.header('datadog-agent-state', info(request).state)
  if (!route.answersRates) return await reply.type('text/plain; charset=utf-8').send(OK)
  // The rates never change: any version of them will do.
  const version = header(request, 'datadog-rates-payload-version')
  if (version !== '') reply.header('datadog-rates-payload-version', version)
  return await reply.type('application/json').send(RATES)
}

function tracerOf(request: FastifyRequest): DatadogTracer {
  return {
    language: header(request, 'datadog-meta-lang'),
    version: header(request, 'datadog-meta-tracer-version'),
  }
}

function header(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value.slice(0, MAX_HEADER) : ''
}
