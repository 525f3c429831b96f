// The one way in for AWS services that are no REST: POST / with X-Amz-Target (JSON) or a form with Action (query), and
// POST /service/S/operation/O (CBOR). Finds the operation in its service's table, hands it plain data, answers in the
// protocol that was asked in. Signatures are not checked.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EVENT_STREAM } from '../codec/event-stream.ts'
import { messageOf } from '../errors.ts'
import { BodyBudget } from '../http/body-budget.ts'
import { inflate, InflateError, readEncoding } from '../http/inflate.ts'
import type { Logger } from '../log.ts'
import { awsCbor } from './aws-cbor.ts'
import { awsJson } from './aws-json.ts'
import type { AwsProtocol, WireAnswer } from './aws-protocol.ts'
import { awsQuery } from './aws-query.ts'
import { EventStreamAnswer, type AwsService } from './aws-service.ts'
import { notReadable, ServiceError, tryAgain } from './service-error.ts'

export interface AwsFrontOptions {
  readonly services: readonly AwsService[]
  readonly log: Logger
}

/** Of a body that came compressed; the largest request of the services here is 1 MB. */
const MAX_PLAIN_BYTES = 16 * 1024 * 1024
/** Over all requests. */
const MAX_INFLATING_BYTES = 64 * 1024 * 1024

type Find = (protocol: AwsProtocol) => AwsService | undefined
type CborRoute = { Params: { readonly service: string; readonly operation: string } }

/** Adds the routes. The server must hand bodies over as raw bytes, whatever their content type (http/). */
export function mountAws(server: FastifyInstance, { services, log }: AwsFrontOptions): void {
  const budget = new BodyBudget(MAX_INFLATING_BYTES)
  const byTarget: Find = ({ target }) => services.find((service) => service.target === target)
  server.post('/', async (request, reply) => {
    const requestId = begin(reply)
    const target = headerOf(request, 'x-amz-target')
    const contentType = headerOf(request, 'content-type') ?? ''
    const body = await plainBody(request, budget)
    if (target !== undefined) {
      const queryMode = headerOf(request, 'x-amzn-query-mode')
      return answer(request, reply, { find: byTarget, requestId, log, body }, (bytes) =>
        awsJson({ target, contentType, queryMode, body: bytes }),
      )
    }
    const { version, protocol } = awsQuery({ body: Buffer.isBuffer(body) ? body : Buffer.alloc(0), requestId })
    const byVersion: Find = ({ operation }) =>
      services.find(
        ({ query, operations }) =>
          query !== undefined &&
          (version === undefined ? Object.hasOwn(operations, operation) : query.version === version),
      )
    return answer(request, reply, { find: byVersion, requestId, log, body }, () => protocol)
  })
  server.post('/service/:service/operation/:operation', async (request: FastifyRequest<CborRoute>, reply) => {
    const requestId = begin(reply)
    const body = await plainBody(request, budget)
    const queryMode = headerOf(request, 'x-amzn-query-mode')
    return answer(request, reply, { find: byTarget, requestId, log, body }, (bytes) =>
      awsCbor({ ...request.params, queryMode, body: bytes }),
    )
  })
}

function begin(reply: FastifyReply): string {
  const requestId = globalThis.crypto.randomUUID()
  reply.header('x-amzn-RequestId', requestId)
  return requestId
}

/** The body without its Content-Encoding, or why there is none. */
async function plainBody(request: FastifyRequest, budget: BodyBudget): Promise<Buffer | ServiceError> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = readEncoding(headerOf(request, 'content-encoding'))
  if (encoding === undefined) return body
  if (encoding === false) return notReadable('The content encoding is none of gzip, deflate, zstd.')
  const share = budget.open(() => {})
  share.arrived()
  try {
    const plain = await inflate(body, encoding, { share, maxBytes: MAX_PLAIN_BYTES })
    if (plain === 'no_room') return tryAgain('Too many compressed requests are on their way.', undefined)
    if (plain === 'too_large')
      return new ServiceError('RequestEntityTooLargeException', `The body is over ${MAX_PLAIN_BYTES} bytes.`, {
        status: 413,
      })
    return plain
  } catch (error) {
    if (error instanceof InflateError) return notReadable(error.message)
    throw error
  } finally {
    share.release()
  }
}

interface Asked {
  readonly find: Find
  readonly requestId: string
  readonly log: Logger
  readonly body: Buffer | ServiceError
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { find, requestId, log, body }: Asked,
  protocolOf: (body: Buffer) => AwsProtocol,
): Promise<FastifyReply> {
  const protocol = protocolOf(Buffer.isBuffer(body) ? body : Buffer.alloc(0))
  const service = find(protocol)
  try {
    if (!Buffer.isBuffer(body)) throw body
    if (service === undefined || !Object.hasOwn(service.operations, protocol.operation)) throw unknown(protocol)
    const operation = service.operations[protocol.operation]!
    const output = await operation({
      input: protocol.decode(service),
      header: (name) => headerOf(request, name),
    })
    if (output instanceof EventStreamAnswer) return reply.header('content-type', EVENT_STREAM).send(output.messages)
    return send(reply, protocol.encode(output, service))
  } catch (error) {
    const failure = error instanceof ServiceError ? error : unexpected(error, protocol, log)
    reply.code(failure.status)
    if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds))
    return send(reply, protocol.encodeError(failure, service, requestId))
  }
}

function send(reply: FastifyReply, { headers, body }: WireAnswer): FastifyReply {
  // As bytes: Fastify adds a charset to text, which these content types do not have.
  return reply.headers(headers).send(Buffer.from(body))
}

function unknown({ operation, target }: AwsProtocol): ServiceError {
  if (operation === '')
    return new ServiceError('MissingAction', 'The request names no operation: X-Amz-Target, or Action in a form.')
  const service = target === undefined ? '' : ` of ${target}`
  return new ServiceError('UnknownOperationException', `${operation}${service} is not supported by fnscope.`, {
    queryCode: 'InvalidAction',
  })
}

/** A store or log that will answer again is 503, which clients retry; the rest is our bug. */
function unexpected(error: unknown, { operation }: AwsProtocol, log: Logger): ServiceError {
  const { retryable, retryAfterSeconds } = error as { retryable?: unknown; retryAfterSeconds?: unknown }
  if (error instanceof Error && (retryable === true || typeof retryAfterSeconds === 'number')) {
    log.warn({ err: error, operation }, 'AWS request not taken; its client will try again')
    return tryAgain(messageOf(error), error, typeof retryAfterSeconds === 'number' ? retryAfterSeconds : 1)
  }
  log.error({ err: error, operation }, 'AWS request failed')
  return new ServiceError('InternalFailure', 'fnscope failed on this request; its log says why.', {
    status: 500,
    cause: error,
  })
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
