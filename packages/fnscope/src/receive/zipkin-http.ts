// Zipkin's collector over HTTP: version 2 in JSON and protobuf, version 1 in JSON and thrift.
import type { FastifyInstance } from 'fastify'

import type { RowContext } from '../codec/span-row-writer.ts'
import type { Taken } from '../codec/taken.ts'
import { decodeZipkinJson } from '../codec/zipkin-json.ts'
import { decodeZipkinSpans } from '../codec/zipkin-proto.ts'
import { decodeZipkinThrift } from '../codec/zipkin-thrift.ts'
import { decodeZipkinV1Json } from '../codec/zipkin-v1.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import { RequestError } from '../http/request-error.ts'
import type { SpanBatch } from '../span/span-batch.ts'
import type { Intake } from './intake.ts'
import { leaveBodies, mediaTypeOf, takeBody } from './take-body.ts'

export interface ZipkinHttpOptions {
  readonly intake: Intake
  readonly budget: BodyBudget
  /** Asked for once a request. */
  readonly rowContext: () => RowContext
}

/** After inflating. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

type DecodeSpans = (body: Uint8Array, into: SpanBatch, context: RowContext) => Taken

const PATHS: Readonly<Record<string, Readonly<Record<string, DecodeSpans>>>> = {
  '/api/v2/spans': { 'application/json': decodeZipkinJson, 'application/x-protobuf': decodeZipkinSpans },
  '/api/v1/spans': { 'application/json': decodeZipkinV1Json, 'application/x-thrift': decodeZipkinThrift },
}

/** Mounts POST of lists of spans: 202 without a body; 400 for another content type and for what is no such list. */
export function mountZipkinHttp(server: FastifyInstance, { intake, budget, rowContext }: ZipkinHttpOptions): void {
  server.get('/health', async () => ({ status: 'UP' }))
  void server.register(async (scope) => {
    leaveBodies(scope)
    for (const [path, decoders] of Object.entries(PATHS))
      scope.post(path, async (request, reply) => {
        // Zipkin takes what does not say its type for JSON.
        const type = mediaTypeOf(request) || 'application/json'
        const decode = decoders[type]
        if (decode === undefined)
          throw new RequestError(
            400,
            `The content type is "${type}"; this path reads ${Object.keys(decoders).join(' and ')}.`,
          )
        await takeBody(request, reply, {
          budget,
          intake,
          maxBytes: MAX_BODY_BYTES,
          decode: (body, { spans }) => decode(body, spans, rowContext()),
        })
        return await reply.code(202).send()
      })
  })
}
