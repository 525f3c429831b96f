// The Lambda API (REST-JSON): Invoke here, the operations around it in lambda-*.ts.
// Error bodies and headers as boto3 and the aws CLI read them (reference: botocore 1.44.5, service `lambda`).
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FnscopeError } from '../errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import { newRequestId } from '../functions/request-id.ts'
import { refusalOf, runtimeRefusal } from './invoke-refusal.ts'
import { mountLambdaRoutes, type LambdaContext } from './lambda-context.ts'
import { functionRoutes } from './lambda-functions.ts'
import { layerRoutes } from './lambda-layers.ts'
import { settingRoutes } from './lambda-settings.ts'
import { triggerRoutes } from './lambda-triggers.ts'
import { versionRoutes } from './lambda-versions.ts'

type NamedRequest = FastifyRequest<{ Params: { name: string }; Querystring: { Qualifier?: string } }>

export function mountLambda(server: FastifyInstance, context: LambdaContext): void {
  const base = '/2015-03-31/functions'
  server.post(`${base}/:name/invocations`, async (request: NamedRequest, reply) => invoke(request, reply, context))
  mountLambdaRoutes(server, [
    ...functionRoutes(context),
    ...versionRoutes(context),
    ...layerRoutes(context),
    ...settingRoutes(context),
    ...triggerRoutes(context),
  ])
}

/** The function that the path names, with the qualifier it was asked under; undefined: 404. */
function findFunction(
  request: NamedRequest,
  { platform, functions }: LambdaContext,
): { readonly spec: FunctionSpec; readonly qualifier: string | undefined } | undefined {
  const spec = platform.find(request.params.name)
  const qualifier = request.query.Qualifier ?? parseFunctionName(request.params.name).qualifier
  if (spec === undefined || qualifier === undefined || qualifier === '$LATEST') return spec && { spec, qualifier }
  const record = functions.find(spec.name)
  const known =
    record?.aliases.some(({ name }) => name === qualifier) === true ||
    record?.versions.some((one) => one.spec.version === qualifier) === true
  return known ? { spec, qualifier } : undefined
}

async function invoke(request: NamedRequest, reply: FastifyReply, context: LambdaContext): Promise<FastifyReply> {
  const found = findFunction(request, context)
  if (found === undefined) return notFound(request, reply, context)
  const { spec, qualifier } = found
  const type = header(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  const payload = request.body instanceof Uint8Array ? request.body : new Uint8Array()
  const refused = refusalOf(type, payload, header(request, 'x-amz-client-context'))
  if (refused) return fail(reply, refused.status, refused.type, refused.message)
  if (type === 'DryRun') return reply.status(204).header('x-amzn-RequestId', newRequestId()).send()
  try {
    const result = await context.platform.invoke({
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

function notFound(request: NamedRequest, reply: FastifyReply, context: LambdaContext): FastifyReply {
  const { name, qualifier = request.query.Qualifier } = parseFunctionName(request.params.name)
  const arn = `arn:aws:lambda:${context.region}:${context.accountId}:function:${name}`
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
