// API Gateway's REST APIs (v1) as `aws apigateway get-…` reads them, from what is deployed.
import type { FastifyInstance } from 'fastify'
import type { AuthorizerSpec, RestApiSpec, RestRoute } from '../functions/trigger-spec.ts'
import {
  authorizersOf,
  derivedId,
  integrationOf,
  mountReads,
  notFound,
  pageSize,
  type ApiGatewayCall,
  type ApiGatewayContext,
} from './api-gateway-context.ts'
import { pageOf } from './page.ts'

interface Resource {
  readonly id: string
  readonly path: string
  readonly parentId?: string
  readonly pathPart?: string
  readonly routes: readonly RestRoute[]
}

const LIMITS = { fallback: 25, most: 500 }

export function mountRestApiReads(server: FastifyInstance, context: ApiGatewayContext): void {
  const { triggers, deployedMs } = context
  /** Stages of one API are specs of their own. */
  const stagesOf = ({ params }: ApiGatewayCall): readonly [RestApiSpec, ...RestApiSpec[]] => {
    const [first, ...rest] = triggers.all('restApis').filter(({ apiId }) => apiId === params['api'])
    if (first === undefined)
      throw notFound(`Invalid API identifier specified ${context.accountId}:${params['api'] ?? ''}`)
    return [first, ...rest]
  }
  const created = ({ stack }: RestApiSpec): number => Math.floor(deployedMs(stack) / 1000)
  const api = (spec: RestApiSpec): object => ({
    id: spec.apiId,
    name: spec.name ?? spec.stack,
    createdDate: created(spec),
    ...(spec.binaryMediaTypes !== undefined && { binaryMediaTypes: spec.binaryMediaTypes }),
    apiKeySource: 'HEADER',
    endpointConfiguration: { types: ['EDGE'], ipAddressType: 'ipv4' },
    tags: { 'aws:cloudformation:stack-name': spec.stack, 'aws:cloudformation:logical-id': spec.logicalId },
    disableExecuteApiEndpoint: false,
    rootResourceId: rootId(spec),
  })
  const stage = (spec: RestApiSpec): object => ({
    deploymentId: derivedId(spec.apiId, 'deployment'),
    stageName: spec.stage,
    cacheClusterEnabled: false,
    cacheClusterStatus: 'NOT_AVAILABLE',
    methodSettings: {},
    ...(Object.keys(spec.stageVariables).length > 0 && { variables: spec.stageVariables }),
    tracingEnabled: spec.tracing,
    createdDate: created(spec),
    lastUpdatedDate: created(spec),
  })
  const deployment = (spec: RestApiSpec): object => ({
    id: derivedId(spec.apiId, 'deployment'),
    createdDate: created(spec),
  })
  const method = ({ method: httpMethod, target, authorizer, apiKeyRequired }: RestRoute, { id }: Resource): object => {
    const { type, method: called, uri } = integrationOf(context, target)
    return {
      httpMethod,
      authorizationType: authorizationTypeOf(authorizer),
      apiKeyRequired: apiKeyRequired ?? false,
      methodIntegration: {
        type,
        ...(called !== undefined && { httpMethod: called }),
        ...(uri !== undefined && { uri }),
        passthroughBehavior: 'WHEN_NO_MATCH',
        timeoutInMillis: 29_000,
        cacheNamespace: id,
        cacheKeyParameters: [],
      },
    }
  }
  const resource = ({ routes, ...said }: Resource, withMethods: boolean): object => ({
    ...said,
    ...(routes.length > 0 && {
      resourceMethods: Object.fromEntries(
        routes.map((route) => [route.method, withMethods ? method(route, { ...said, routes }) : {}]),
      ),
    }),
  })
  const resourceIn = (call: ApiGatewayCall): Resource => {
    const found = resourcesOf(stagesOf(call)[0]).find(({ id }) => id === call.params['resource'])
    if (found === undefined) throw notFound('Invalid Resource identifier specified')
    return found
  }
  const methodIn = (call: ApiGatewayCall): { readonly route: RestRoute; readonly resource: Resource } => {
    const found = resourceIn(call)
    const route = found.routes.find((one) => one.method === call.params['method']?.toUpperCase())
    if (route === undefined) throw notFound('Invalid Method identifier specified')
    return { route, resource: found }
  }
  /** `embed` may come more than once. */
  const embeds = ({ query }: ApiGatewayCall): boolean => [query['embed']].flat().includes('methods')
  const base = '/restapis/:api'
  mountReads(server, {
    '/restapis': ({ query }) => {
      const all = new Map(triggers.all('restApis').map((one) => [one.apiId, one]))
      return listOf([...all.values()].map(api), query)
    },
    [base]: (call) => api(stagesOf(call)[0]),
    [`${base}/stages`]: (call) => ({ item: stagesOf(call).map(stage) }),
    [`${base}/stages/:stage`]: (call) => {
      const found = stagesOf(call).find((one) => one.stage === call.params['stage'])
      if (found === undefined) throw notFound('Invalid stage identifier specified')
      return stage(found)
    },
    [`${base}/deployments`]: (call) => listOf([deployment(stagesOf(call)[0])], call.query),
    [`${base}/resources`]: (call) =>
      listOf(
        resourcesOf(stagesOf(call)[0]).map((one) => resource(one, embeds(call))),
        call.query,
      ),
    [`${base}/resources/:resource`]: (call) => resource(resourceIn(call), embeds(call)),
    [`${base}/resources/:resource/methods/:method`]: (call) => {
      const found = methodIn(call)
      return method(found.route, found.resource)
    },
    [`${base}/resources/:resource/methods/:method/integration`]: (call) => {
      const found = methodIn(call)
      return (method(found.route, found.resource) as { readonly methodIntegration: object }).methodIntegration
    },
    [`${base}/authorizers`]: (call) => ({
      item: authorizersOf(stagesOf(call)[0].routes).map((one) => ({
        id: derivedId(call.params['api'] ?? '', one.name),
        name: one.name,
        type: one.kind === 'lambda' ? one.type : 'COGNITO_USER_POOLS',
      })),
    }),
    [`${base}/models`]: (call) => listOf(stagesOf(call).slice(0, 0), call.query),
  })
}

/** Every path and those above it, as the cloud keeps them: a tree. */
function resourcesOf(spec: RestApiSpec): readonly Resource[] {
  const paths = new Set(['/'])
  for (const { path } of spec.routes) {
    const parts = path.split('/').filter((part) => part !== '')
    for (let depth = 1; depth <= parts.length; depth++) paths.add(`/${parts.slice(0, depth).join('/')}`)
  }
  const idOf = (path: string): string => (path === '/' ? rootId(spec) : derivedId(spec.apiId, path))
  return [...paths].sort().map((path) => {
    const at = path.lastIndexOf('/')
    return {
      id: idOf(path),
      ...(path !== '/' && { parentId: idOf(path.slice(0, at) || '/'), pathPart: path.slice(at + 1) }),
      path,
      routes: spec.routes.filter((route) => (route.path.replace(/\/$/, '') || '/') === path),
    }
  })
}

/** What GetAtt RootResourceId gives. */
function rootId({ apiId }: RestApiSpec): string {
  return apiId
}

function authorizationTypeOf(authorizer: AuthorizerSpec | undefined): string {
  if (authorizer === undefined) return 'NONE'
  return authorizer.kind === 'iam' ? 'AWS_IAM' : authorizer.kind === 'lambda' ? 'CUSTOM' : 'COGNITO_USER_POOLS'
}

function listOf(all: readonly object[], query: ApiGatewayCall['query']): object {
  const page = { token: query['position'], most: pageSize(query['limit'], LIMITS), errorCode: 'BadRequestException' }
  const { items, next } = pageOf(all, page)
  return { item: items, ...(next !== undefined && { position: next }) }
}
