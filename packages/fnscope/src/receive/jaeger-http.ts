// jaeger.thrift over HTTP, as Jaeger's collector takes it on 14268; and, on another path, as agents of others do.
import type { FastifyInstance } from 'fastify'

import { decodeJaegerBatch } from '../codec/jaeger-thrift.ts'
import type { RowContext } from '../codec/span-row-writer.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { RequestError } from '../http/request-error.ts'
import type { Intake } from './intake.ts'
import { leaveBodies, mediaTypeOf, takeBody } from './take-body.ts'

export interface JaegerHttpOptions {
  readonly intake: Intake
  readonly budget: BodyBudget
  /** Asked for once a request. */
  readonly rowContext: () => RowContext
  /** `/api/traces` where it is Jaeger's own; agents of others have it elsewhere. */
  readonly path?: string
}

/** After inflating. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

const TYPES: readonly string[] = ['application/x-thrift', 'application/vnd.apache.thrift.binary']

/** Mounts POST of a batch: 202 without a body; 400 for another content type and for what is no batch. */
export function mountJaegerHttp(server: FastifyInstance, options: JaegerHttpOptions): void {
  const { intake, budget, rowContext, path = '/api/traces' } = options
  void server.register(async (scope) => {
    leaveBodies(scope)
    scope.post(path, async (request, reply) => {
      const type = mediaTypeOf(request)
      if (!TYPES.includes(type))
        throw new RequestError(400, `The content type is "${type}"; this path reads ${TYPES.join(' and ')}.`)
      await takeBody(request, reply, {
        budget,
        intake,
        maxBytes: MAX_BODY_BYTES,
        decode: (body, { spans }) => decodeJaegerBatch(body, spans, rowContext()),
      })
      return await reply.code(202).send()
    })
  })
}

/** A line of text, as Jaeger's own servers answer. */
export const plainErrorFormat: ErrorFormat = ({ message }) => ({
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${message}\n`,
})
