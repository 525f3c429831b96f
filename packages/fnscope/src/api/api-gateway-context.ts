// What the read calls of API Gateway's two generations have in common: GET routes, pages, ids, errors in rest-json. What is
// deployed is all there is; nothing is made over this API.
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { TriggerRegistry } from '../functions/triggers/trigger-registry.ts'
import type { AuthorizerSpec, RouteTarget } from '../functions/trigger-spec.ts'
import { sendAwsError } from '../http/aws-error.ts'
import { newRequestId } from '../functions/request-id.ts'
import { ServiceError } from './service-error.ts'

export interface ApiGatewayContext {
  readonly triggers: TriggerRegistry
  readonly region: string
  readonly accountId: string
  /** When the stack was deployed. */
  readonly deployedMs: (stack: string) => number
}

export interface ApiGatewayCall {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
}

export type ApiGatewayOperation = (call: ApiGatewayCall) => object

/** Adds a GET for each path. */
export function mountReads(server: FastifyInstance, routes: Readonly<Record<string, ApiGatewayOperation>>): void {
  for (const [path, run] of Object.entries(routes))
    server.get(path, async (request, reply) => {
      reply.header('x-amzn-RequestId', newRequestId())
      try {
        const answer = run({
          params: request.params as ApiGatewayCall['params'],
          query: request.query as ApiGatewayCall['query'],
        })
        return reply.header('content-type', 'application/json').send(JSON.stringify(answer))
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        return sendAwsError(reply, { status: error.status, type: error.code, message: error.message })
      }
    })
}

export function notFound(message: string): ServiceError {
  return new ServiceError('NotFoundException', message, { status: 404 })
}

/** How many a page has. @throws ServiceError BadRequestException */
export function pageSize(text: string | undefined, { fallback, most }: { fallback: number; most: number }): number {
  if (text === undefined || text === '') return fallback
  const size = Number(text)
  if (!Number.isInteger(size) || size < 1 || size > most)
    throw new ServiceError('BadRequestException', `Invalid limit value. Limit must be between 1 and ${most}.`)
  return size
}

/** Ids that the cloud draws at random: the same for the same thing. */
export function derivedId(...of: readonly string[]): string {
  const number = BigInt(`0x${createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 14)}`)
  return number.toString(36).padStart(7, '0').slice(0, 7)
}

/** Those of the routes that have a name, each once. */
export function authorizersOf(
  routes: readonly { readonly authorizer?: AuthorizerSpec | undefined }[],
): readonly Exclude<AuthorizerSpec, { readonly kind: 'iam' }>[] {
  const named = routes.flatMap(({ authorizer }) =>
    authorizer === undefined || authorizer.kind === 'iam' ? [] : [[authorizer.name, authorizer] as const],
  )
  return [...new Map(named).values()]
}

/** As integrations name the functions that they call. */
export function functionUri({ region, accountId }: ApiGatewayContext, functionName: string): string {
  const arn = functionName.startsWith('arn:')
    ? functionName
    : `arn:aws:lambda:${region}:${accountId}:function:${functionName}`
  return `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`
}

/** Type and address of an integration, without what only one generation says. */
export function integrationOf(
  context: ApiGatewayContext,
  target: RouteTarget,
): { readonly type: 'AWS_PROXY' | 'HTTP_PROXY' | 'MOCK' | 'AWS'; readonly method?: string; readonly uri?: string } {
  if (target.kind === 'function')
    return { type: 'AWS_PROXY', method: 'POST', uri: functionUri(context, target.functionName) }
  if (target.kind === 'http') return { type: 'HTTP_PROXY', method: target.method, uri: target.url }
  return { type: target.kind === 'mock' ? 'MOCK' : 'AWS' }
}
