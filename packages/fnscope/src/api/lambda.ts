// The Lambda API's Invoke, and the read-only calls that clients make around it (REST-JSON, 2015-03-31).
// Error bodies and headers as boto3 and the aws CLI read them (reference: botocore 1.44.5, service `lambda`).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { ThrottledError, type Platform } from '../functions/platform.ts'
import { newRequestId } from '../functions/request-id.ts'
import { functionConfiguration } from './function-configuration.ts'

const MAX_SYNC_BYTES = 6 * 1024 * 1024
const MAX_ASYNC_BYTES = 1024 * 1024
/** Base64 length of the longest client context that Invoke takes. */
const MAX_CLIENT_CONTEXT = 3583

export interface LambdaApiOptions {
  readonly platform: Platform
  readonly region: string
  readonly accountId: string
}

type NamedRequest = FastifyRequest<{ Params: { name: string }; Querystring: { Qualifier?: string } }>

export function mountLambda(server: FastifyInstance, options: LambdaApiOptions): void {
  const base = '/2015-03-31/functions'
  server.post(`${base}/:name/invocations`, async (request: NamedRequest, reply) => invoke(request, reply, options))
  server.get(`${base}/`, (_, reply) =>
    reply.send({ Functions: options.platform.functions().map((spec) => functionConfiguration(spec, options)) }),
  )
  server.get(base, (_, reply) =>
    reply.send({ Functions: options.platform.functions().map((spec) => functionConfiguration(spec, options)) }),
  )
  server.get(`${base}/:name`, (request: NamedRequest, reply) =>
    withFunction(request, reply, options, (spec) => ({
      Configuration: functionConfiguration(spec, options),
      Code: { RepositoryType: 'S3', Location: `file://${spec.codeDir}` },
      Tags: spec.tags,
    })),
  )
  server.get(`${base}/:name/configuration`, (request: NamedRequest, reply) =>
    withFunction(request, reply, options, (spec) => functionConfiguration(spec, options)),
  )
  server.get('/2016-08-19/account-settings', (_, reply) => reply.send(accountSettings(options)))
}

function withFunction(
  request: NamedRequest,
  reply: FastifyReply,
  options: LambdaApiOptions,
  answer: (spec: FunctionSpec) => unknown,
): FastifyReply {
  const spec = options.platform.find(request.params.name)
  return spec === undefined ? notFound(request.params.name, reply, options) : reply.send(answer(spec))
}

async function invoke(request: NamedRequest, reply: FastifyReply, options: LambdaApiOptions): Promise<FastifyReply> {
  const { name } = request.params
  const spec = options.platform.find(name)
  if (spec === undefined) return notFound(name, reply, options)
  const qualifier = request.query.Qualifier ?? qualifierOf(name)
  if (qualifier !== undefined && qualifier !== '$LATEST') return notFound(`${spec.name}:${qualifier}`, reply, options)
  const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  const payload = request.body instanceof Uint8Array ? request.body : new Uint8Array()
  const refused = refusalOf(type, payload, header(request, 'x-amz-client-context'))
  if (refused) return fail(reply, refused.status, refused.type, refused.message)
  if (type === 'DryRun') return reply.status(204).header('x-amzn-RequestId', newRequestId()).send()
  try {
    const result = await options.platform.invoke({
      functionName: spec.name,
      payload,
      invocationType: type === 'Event' ? 'Event' : 'RequestResponse',
      ...optional('traceHeader', header(request, 'x-amzn-trace-id')),
      ...optional('clientContext', type === 'Event' ? undefined : clientContextOf(request)),
    })
    reply.header('x-amzn-RequestId', result.requestId).header('X-Amzn-Trace-Id', result.traceHeader)
    if (type === 'Event') return reply.status(202).send()
    reply.header('X-Amz-Executed-Version', result.executedVersion).header('X-Amzn-Remapped-Content-Length', '0')
    if (result.functionError !== undefined) reply.header('X-Amz-Function-Error', result.functionError)
    if (header(request, 'x-amz-log-type') === 'Tail')
      reply.header('X-Amz-Log-Result', Buffer.from(result.logTail).toString('base64'))
    return reply.status(200).header('content-type', 'application/json').send(Buffer.from(result.payload))
  } catch (error) {
    if (!(error instanceof ThrottledError)) throw error
    return reply
      .status(429)
      .header('x-amzn-RequestId', newRequestId())
      .header('x-amzn-ErrorType', 'TooManyRequestsException')
      .send({ Reason: error.reason, Type: 'User', message: 'Rate Exceeded.' })
  }
}

interface Refusal {
  readonly status: number
  readonly type: string
  readonly message: string
}

function refusalOf(type: string, payload: Uint8Array, clientContext: string | undefined): Refusal | undefined {
  if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun') {
    const message = `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`
    return { status: 400, type: 'InvalidParameterValueException', message }
  }
  const most = type === 'Event' ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES
  if (payload.length > most) {
    const message = `${payload.length} byte payload is too large for the ${type} invocation type (limit ${most} bytes)`
    return { status: 413, type: 'RequestTooLargeException', message }
  }
  if (clientContext !== undefined && clientContext.length > MAX_CLIENT_CONTEXT) {
    return {
      status: 400,
      type: 'InvalidParameterValueException',
      message: `Client context must be at most ${MAX_CLIENT_CONTEXT} bytes`,
    }
  }
  const problem = payload.length === 0 ? undefined : jsonProblem(payload)
  if (problem === undefined) return undefined
  return {
    status: 400,
    type: 'InvalidRequestContentException',
    message: `Could not parse request body into json: ${problem}`,
  }
}

function jsonProblem(payload: Uint8Array): string | undefined {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The JSON text behind the base64 of the header. */
function clientContextOf(request: FastifyRequest): string | undefined {
  const encoded = header(request, 'x-amz-client-context')
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
}

/** The part behind the function's name in `name:qualifier` or in a qualified ARN. */
function qualifierOf(name: string): string | undefined {
  const parts = name.split(':')
  if (parts.length === 2) return parts[1]
  return parts.length === 8 ? parts[7] : undefined
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}

function notFound(name: string, reply: FastifyReply, options: LambdaApiOptions): FastifyReply {
  const arn = name.startsWith('arn:') ? name : `arn:aws:lambda:${options.region}:${options.accountId}:function:${name}`
  return fail(reply, 404, 'ResourceNotFoundException', `Function not found: ${arn}`)
}

function fail(reply: FastifyReply, status: number, type: string, message: string): FastifyReply {
  return reply
    .status(status)
    .header('x-amzn-RequestId', newRequestId())
    .header('x-amzn-ErrorType', type)
    .send({ Type: 'User', Message: message })
}

function accountSettings(options: LambdaApiOptions): unknown {
  const specs = options.platform.functions()
  return {
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 1000,
    },
    AccountUsage: { TotalCodeSize: 0, FunctionCount: specs.length },
  }
}
