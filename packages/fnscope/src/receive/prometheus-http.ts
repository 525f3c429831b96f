// Prometheus' remote write, versions 1 and 2: one route, told apart by the content type.
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { PrometheusOptions, Written } from '../codec/prometheus-series.ts'
import { decodePrometheus2, MAX_PLAIN_BYTES, PrometheusDecoder } from '../codec/prometheus-write.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import { RequestError } from '../http/request-error.ts'
import type { Intake } from './intake.ts'
import { leaveBodies, mediaTypeOf, takeBody } from './take-body.ts'

export interface PrometheusHttpOptions {
  readonly intake: Intake
  readonly budget: BodyBudget
  /** Asked for once a request. */
  readonly context: () => PrometheusOptions
}

export const PROMETHEUS_WRITE_PATH = '/api/v1/write'

const TYPE = 'application/x-protobuf'
const VERSION_1 = 'prometheus.WriteRequest'
const VERSION_2 = 'io.prometheus.write.v2.Request'
const NOTHING: Written = { samples: 0, histograms: 0, exemplars: 0 }

/** Mounts the route. The body is told to be snappy by its header, and no other compression is known there. */
export function mountPrometheusWrite(server: FastifyInstance, options: PrometheusHttpOptions): void {
  const decoder = new PrometheusDecoder()
  void server.register(async (scope) => {
    leaveBodies(scope)
    scope.post(PROMETHEUS_WRITE_PATH, { onRequest: refuseUnread }, async (request, reply) => {
      return await take(request, reply, { ...options, decoder })
    })
  })
}

// oxlint's promise rules want async hooks; what it throws is answered before the body is read.
async function refuseUnread(request: FastifyRequest): Promise<void> {
  const type = request.headers['content-type'] ?? ''
  if (mediaTypeOf(request) !== TYPE || messageOf(type) === undefined)
    throw new RequestError(
      415,
      `The content type is "${type}"; remote write is ${TYPE} of ${VERSION_1} or ${VERSION_2}.`,
    )
  const { 'content-encoding': encoding = '' } = request.headers
  if (encoding.toLowerCase() !== 'snappy')
    throw new RequestError(415, `The content encoding is "${encoding}"; remote write is always snappy.`)
}

/** The message that the type's `proto` names; version 1 where it names none. */
function messageOf(type: string): typeof VERSION_1 | typeof VERSION_2 | undefined {
  const named = /;\s*proto\s*=\s*"?([^";\s]+)"?/i.exec(type)?.[1] ?? VERSION_1
  return named === VERSION_1 || named === VERSION_2 ? named : undefined
}

interface Taking extends PrometheusHttpOptions {
  readonly decoder: PrometheusDecoder
}

async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  { decoder, context, ...options }: Taking,
): Promise<FastifyReply> {
  const second = messageOf(request.headers['content-type'] ?? '') === VERSION_2
  let written = NOTHING
  try {
    const taken = await takeBody(request, reply, {
      ...options,
      maxBytes: MAX_PLAIN_BYTES,
      inflates: true,
      decode(body, { metrics }) {
        const decoded = second ? decodePrometheus2(body, metrics, context()) : decoder.decode(body, metrics, context())
        written = decoded.written
        return decoded
      },
    })
    // The rest was kept; 400 says that nothing of this is to be sent again.
    if (taken.rejected > 0) throw new RequestError(400, taken.message)
  } catch (error) {
    const refused = error instanceof RequestError && error.statusCode === 400
    if (second) reply.headers(writtenHeaders(refused ? written : NOTHING))
    throw error
  }
  if (second) reply.headers(writtenHeaders(written))
  return await reply.code(204).send()
}

function writtenHeaders({ samples, histograms, exemplars }: Written): Readonly<Record<string, string>> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': String(exemplars),
  }
}
