// OTLP over HTTP: a route a signal, in protobuf and JSON. Bodies are read here and not by Fastify, for their bytes are
// counted over all connections while they arrive.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { BodyBudget } from '../http/body-budget.ts'
import type { ErrorFormat } from '../http/error-format.ts'
import { ENCODINGS } from '../http/inflate.ts'
import { RequestError } from '../http/request-error.ts'
import { encodeRpcStatus, RPC_CODE, type RpcCode } from '../http/rpc-status.ts'
import { encodeOtlpAnswer, formatOtlpAnswer } from './otlp-answer.ts'
import type { Intake } from './intake.ts'
import type { OtlpSignal } from './otlp-signal.ts'
import { encodingOf, leaveBodies, mediaTypeOf, takeBody } from './take-body.ts'

export interface OtlpHttpOptions {
  readonly signals: readonly OtlpSignal[]
  readonly intake: Intake
  readonly budget: BodyBudget
}

/** After inflating. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

/** Mounts the routes. The server's errors are to be in otlpErrorFormat. */
export function mountOtlpHttp(server: FastifyInstance, options: OtlpHttpOptions): void {
  void server.register(async (scope) => {
    leaveBodies(scope)
    for (const signal of options.signals)
      scope.all(signal.path, { onRequest: refuseUnread }, async (request, reply) => {
        return await take(request, reply, { ...options, signal })
      })
  })
}

// oxlint's promise rules want async hooks; what it throws is answered before the body is read.
async function refuseUnread(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method !== 'POST') {
    reply.header('allow', 'POST')
    throw new RequestError(405, `${request.method} is not for this path: telemetry is sent with POST.`)
  }
  const type = mediaTypeOf(request)
  if (type !== PROTOBUF && type !== JSON_TYPE)
    throw new RequestError(415, `The content type is "${type}"; this door reads ${PROTOBUF} and ${JSON_TYPE}.`)
  if (encodingOf(request) === false) {
    reply.header('accept-encoding', ENCODINGS.join(', '))
    throw new RequestError(
      415,
      `The content encoding "${request.headers['content-encoding']}" is none of identity, ${ENCODINGS.join(', ')}.`,
    )
  }
}

interface Taking extends OtlpHttpOptions {
  readonly signal: OtlpSignal
}

// JSON goes out as bytes, for Fastify adds a charset to text, which this content type does not have.
async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  { budget, intake, signal }: Taking,
): Promise<FastifyReply> {
  const json = mediaTypeOf(request) === JSON_TYPE
  const taken = await takeBody(request, reply, {
    budget,
    intake,
    maxBytes: MAX_BODY_BYTES,
    decode: json ? signal.decodeJson : signal.decodeProtobuf,
  })
  return await (json
    ? reply.type(JSON_TYPE).send(Buffer.from(formatOtlpAnswer(taken, signal.rejectedName)))
    : reply.type(PROTOBUF).send(encodeOtlpAnswer(taken)))
}

const CODES: Readonly<Record<number, RpcCode>> = {
  400: RPC_CODE.invalidArgument,
  401: RPC_CODE.unauthenticated,
  403: RPC_CODE.permissionDenied,
  404: RPC_CODE.notFound,
  405: RPC_CODE.unimplemented,
  413: RPC_CODE.resourceExhausted,
  415: RPC_CODE.invalidArgument,
  503: RPC_CODE.unavailable,
}

/** google.rpc.Status in the encoding of the request; JSON for whoever sent neither. */
export function otlpErrorFormat(request: FastifyRequest): ErrorFormat {
  return ({ status, message, retryAfterSeconds }) => {
    const code = CODES[status] ?? RPC_CODE.internal
    return mediaTypeOf(request) === PROTOBUF
      ? { headers: { 'content-type': PROTOBUF }, body: encodeRpcStatus({ code, message, retryAfterSeconds }) }
      : { headers: { 'content-type': JSON_TYPE }, body: Buffer.from(JSON.stringify({ code, message })) }
  }
}
