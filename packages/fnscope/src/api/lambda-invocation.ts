// What Invoke and InvokeWithResponseStream have in common: which function is meant, and how a refusal reads.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FnscopeError } from '../errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { newRequestId } from '../functions/request-id.ts'
import { ThrottledError } from '../functions/throttled-error.ts'
import { runtimeRefusal } from './invoke-refusal.ts'
import type { LambdaContext } from './lambda-context.ts'

export type NamedRequest = FastifyRequest<{ Params: { name: string }; Querystring: { Qualifier?: string } }>

/** The function that the path names, with the qualifier it was asked under; undefined: 404. */
export function findFunction(
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

export function payloadOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}

export function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The JSON text behind the base64 of the header. */
export function clientContextOf(request: FastifyRequest): string | undefined {
  const encoded = header(request, 'x-amz-client-context')
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
}

export function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string })
}

export function notFound(request: NamedRequest, reply: FastifyReply, context: LambdaContext): FastifyReply {
  const { name, qualifier = request.query.Qualifier } = parseFunctionName(request.params.name)
  const arn = `arn:aws:lambda:${context.region}:${context.accountId}:function:${name}`
  return fail(
    reply,
    404,
    'ResourceNotFoundException',
    `Function not found: ${arn}${qualifier === undefined ? '' : `:${qualifier}`}`,
  )
}

export function fail(reply: FastifyReply, status: number, type: string, message: string): FastifyReply {
  return reply
    .status(status)
    .header('x-amzn-RequestId', newRequestId())
    .header('x-amzn-ErrorType', type)
    .send({ Type: 'User', Message: message })
}

/** Answers an invocation that did not begin. @throws the error itself, when it is none of these */
export function failed(reply: FastifyReply, error: unknown): FastifyReply {
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
