// DataWay's routes on the main port, and DataKit's on 9529 beside the agents' protocols.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RowContext } from '../codec/span-row-writer.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { datakitErrorFormat } from '../receive/datakit-error.ts'
import { mountDatakit } from '../receive/datakit-routes.ts'
import { mountDataway } from '../receive/dataway-routes.ts'
import { HostTags } from '../receive/host-tags.ts'
import { Intake } from '../receive/intake.ts'
import { mountJaegerHttp } from '../receive/jaeger-http.ts'
import { mountOtlpHttp, otlpErrorFormat } from '../receive/otlp-http.ts'
import { mountZipkinHttp } from '../receive/zipkin-http.ts'
import { VERSION } from '../version.ts'
import type { DoorContext } from './door-context.ts'
import { otlpSignals } from './otlp-signals.ts'

function tokensOf({ token, functionKey }: DoorContext): readonly string[] {
  return [token, functionKey].filter((one) => one !== undefined)
}

/** @returns what is to be called when the server is closed */
export function mountDatawayOnMain(main: FastifyInstance, context: DoorContext): () => void {
  const { ingest, counters, log } = context
  const intake = new Intake({ door: 'dataway', ingest, counters, log })
  mountDataway(main, { ...context, intake, tokens: tokensOf(context) })
  return () => intake.stop()
}

/**
 * Everything of DataKit's API but the agents' own paths. The server is to leave isDatakitPath to the guard of these
 * routes, and to have datakitErrorFormat for them and otlpErrorFormat for `/otel/`.
 */
export function mountDatakitRoutes(server: FastifyInstance, intake: Intake, context: DoorContext): void {
  const { log, budget, counters } = context
  server.get('/metrics', async (_, reply) => {
    return await reply.type(counters.registry.contentType).send(await counters.registry.metrics())
  })
  const hostTags = new HostTags()
  const tokens = tokensOf(context)
  mountDatakit(server, { version: VERSION, hostTags, log, tokens })
  mountDataway(server, { ...context, intake, tokens, hostTags: () => hostTags.list() })
  const signals = otlpSignals(context).map((signal) => ({ ...signal, path: `/otel${signal.path}` }))
  mountOtlpHttp(server, { signals, intake, budget })
  const rowContext = (): RowContext => ({ receivedNanos: context.now(), bounds: context.bounds() })
  mountJaegerHttp(server, { intake, budget, rowContext, path: '/apis/traces' })
  mountZipkinHttp(server, { intake, budget, rowContext })
}

/** In whose form a request to 9529 wants its errors, where the path is none of the agents'. */
export function datakitErrorFormatOf(request: FastifyRequest): ErrorFormat {
  return request.url.startsWith('/otel/') ? otlpErrorFormat(request) : datakitErrorFormat
}
