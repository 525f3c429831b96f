// What Lambda's operations have in common: the function that a request names, its body, its errors, its routes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isJsonObject, type JsonObject } from '../codec/json.ts'
import type { FunctionRecord, FunctionState } from '../control/functions/function-record.ts'
import type { Functions } from '../control/functions/functions.ts'
import type { FunctionCode } from '../control/functions/function-code.ts'
import type { Roles } from '../control/roles.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import { parseFunctionName } from '../functions/function-name.ts'
import type { Platform } from '../functions/platform.ts'
import { newRequestId } from '../functions/request-id.ts'
import type { TriggerRegistry } from '../functions/triggers/trigger-registry.ts'
import { ServiceError } from './service-error.ts'

export interface LambdaContext {
  readonly platform: Platform
  readonly functions: Functions
  readonly code: FunctionCode
  readonly roles: Roles
  readonly triggers: TriggerRegistry
  /** Resolves when fronts listen as the registry says. */
  readonly settled: () => Promise<void>
  readonly region: string
  readonly accountId: string
}

export interface LambdaCall {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  readonly input: JsonObject
}

/** Undefined: 204 without a body where the route says so. @throws ServiceError */
export type LambdaOperation = (call: LambdaCall) => object | undefined | Promise<object | undefined>

export interface LambdaRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly status: number
  readonly run: LambdaOperation
}

export function mountLambdaRoutes(server: FastifyInstance, routes: readonly LambdaRoute[]): void {
  for (const { method, path, status, run } of routes) {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      reply.header('x-amzn-RequestId', newRequestId())
      try {
        const answer = await run({
          params: request.params as Readonly<Record<string, string>>,
          query: request.query as Readonly<Record<string, string | undefined>>,
          input: bodyOf(request.body),
        })
        reply.code(status)
        return status === 204 ? reply.send() : reply.header('content-type', 'application/json').send(answer ?? {})
      } catch (error) {
        const failure = asServiceError(error)
        if (failure === undefined) throw error
        return reply
          .code(failure.status)
          .header('x-amzn-ErrorType', failure.code)
          .header('content-type', 'application/json')
          .send({ Type: 'User', Message: failure.message, message: failure.message, ...failure.members })
      }
    }
    server.route({ method, url: path, handler })
    if (!path.endsWith('/')) server.route({ method, url: `${path}/`, handler })
  }
}

function asServiceError(error: unknown): ServiceError | undefined {
  if (error instanceof ServiceError) return error
  return error instanceof FnscopeError ? invalidParameter(messageOf(error)) : undefined
}

function bodyOf(body: unknown): JsonObject {
  if (!Buffer.isBuffer(body) || body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'Could not parse request body into json.')
  }
  if (!isJsonObject(value))
    throw new ServiceError('InvalidRequestContentException', 'The request body must be a JSON object.')
  return value
}

export function functionArn({ region, accountId }: Pick<LambdaContext, 'region' | 'accountId'>, name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`
}

/** Name and qualifier of a request, wherever they are said. */
export function namedIn({ params, query }: LambdaCall): {
  readonly name: string
  readonly qualifier: string | undefined
} {
  const { name, qualifier } = parseFunctionName(params['name'] ?? '')
  const asked = query['Qualifier'] === '' ? undefined : query['Qualifier']
  return { name, qualifier: asked ?? qualifier }
}

/** @throws ServiceError ResourceNotFoundException */
export function recordIn(context: LambdaContext, call: LambdaCall): FunctionRecord {
  const { name, qualifier } = namedIn(call)
  const record = context.functions.find(call.params['name'] ?? '')
  if (record === undefined) throw functionNotFound(context, name, qualifier)
  return record
}

/** The configuration behind a qualifier: $LATEST, a version, or an alias' version. @throws ServiceError */
export function stateOf(context: LambdaContext, record: FunctionRecord, qualifier: string | undefined): FunctionState {
  if (qualifier === undefined || qualifier === '$LATEST') return record
  const alias = record.aliases.find(({ name }) => name === qualifier)
  const version = alias?.version ?? qualifier
  if (alias !== undefined && version === '$LATEST') return record
  const state = record.versions.find(({ spec }) => spec.version === version)
  if (state === undefined) throw functionNotFound(context, record.name, qualifier)
  return state
}

/** A change of $LATEST is refused under a qualifier: versions do not change. @throws ServiceError */
export function refuseQualifier(call: LambdaCall): void {
  const { qualifier } = namedIn(call)
  if (qualifier !== undefined && qualifier !== '$LATEST')
    throw invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    )
}

/** @throws ServiceError PreconditionFailedException */
export function checkRevision(asked: string | undefined, revisionId: string): void {
  if (asked !== undefined && asked !== revisionId)
    throw new ServiceError(
      'PreconditionFailedException',
      'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
      { status: 412 },
    )
}

export function functionNotFound(
  context: Pick<LambdaContext, 'region' | 'accountId'>,
  name: string,
  qualifier: string | undefined,
): ServiceError {
  return notFound(`Function not found: ${functionArn(context, name)}${qualifier === undefined ? '' : `:${qualifier}`}`)
}

export function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', message, { status: 404 })
}

export function conflict(message: string): ServiceError {
  return new ServiceError('ResourceConflictException', message, { status: 409 })
}

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', message)
}

/** As Lambda writes times: 2026-11-21T08:03:35.000+0000. */
export function timeText(millis: number): string {
  return new Date(millis).toISOString().replace('Z', '+0000')
}
