// The Lambda API's Invoke, and the read-only calls that clients make around it (REST-JSON, 2015-03-31).
// Error bodies and headers as boto3 and the aws CLI read them (reference: botocore 1.44.5, service `lambda`).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FnscopeError } from '../errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { Platform } from '../functions/platform.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import { newRequestId } from '../functions/request-id.ts'
import { functionConfiguration } from './function-configuration.ts'
import { refusalOf, runtimeRefusal } from './invoke-refusal.ts'

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

/** The function that the path names, with the qualifier it was asked under; undefined: 404, only $LATEST exists here. */
function findFunction(
  request: NamedRequest,
  platform: Platform,
): { readonly spec: FunctionSpec; readonly qualifier: string | undefined } | undefined {
  const spec = platform.find(request.params.name)
  const qualifier = request.query.Qualifier ?? parseFunctionName(request.params.name).qualifier
  return spec === undefined || (qualifier !== undefined && qualifier !== '$LATEST') ? undefined : { spec, qualifier }
}

function withFunction(
  request: NamedRequest,
  reply: FastifyReply,
  options: LambdaApiOptions,
  answer: (spec: FunctionSpec) => unknown,
): FastifyReply {
  const found = findFunction(request, options.platform)
  return found === undefined ? notFound(request, reply, options) : reply.send(answer(found.spec))
}

async function invoke(request: NamedRequest, reply: FastifyReply, options: LambdaApiOptions): Promise<FastifyReply> {
  const found = findFunction(request, options.platform)
  if (found === undefined) return notFound(request, reply, options)
  const { spec, qualifier } = found
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
      withoutLog: header(request, 'x-amz-log-type') !== 'Tail',
      ...optional('qualifier', qualifier),
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
    if (error instanceof ThrottledError) {
      return reply
        .status(429)
        .header('x-amzn-RequestId', newRequestId())
        .header('x-amzn-ErrorType', 'TooManyRequestsException')
        .send(error.body)
    }
    const known = error instanceof FnscopeError ? runtimeRefusal(error.code, error.message) : undefined
    if (known === undefined) throw error
    return fail(reply, known.status, known.type, known.message)
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

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}

function notFound(request: NamedRequest, reply: FastifyReply, options: LambdaApiOptions): FastifyReply {
  const { name, qualifier = request.query.Qualifier } = parseFunctionName(request.params.name)
  const arn = `arn:aws:lambda:${options.region}:${options.accountId}:function:${name}`
  return fail(
    reply,
    404,
    'ResourceNotFoundException',
    `Function not found: ${arn}${qualifier === undefined ? '' : `:${qualifier}`}`,
  )
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
