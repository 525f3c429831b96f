// API Gateway's HTTP APIs (v2) as `aws apigatewayv2 get-…` reads them, from what is deployed.
import type { FastifyInstance } from 'fastify'
import type { AuthorizerSpec, HttpApiSpec, HttpRoute } from '../functions/trigger-spec.ts'
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

const LIMITS = { fallback: 100, most: 500 }

export function mountHttpApiReads(server: FastifyInstance, context: ApiGatewayContext): void {
  const { triggers, deployedMs } = context
  const stagesOf = ({ params }: ApiGatewayCall): readonly [HttpApiSpec, ...HttpApiSpec[]] => {
    const [first, ...rest] = triggers.all('httpApis').filter(({ apiId }) => apiId === params['api'])
    if (first === undefined) throw notFound(`Invalid API identifier specified ${params['api'] ?? ''}`)
    return [first, ...rest]
  }
  const created = ({ stack }: HttpApiSpec): string => new Date(deployedMs(stack)).toISOString().replace(/\.\d+/, '')
  const api = (spec: HttpApiSpec): object => ({
    apiEndpoint: triggers.urlOf(spec.apiId) ?? `https://${spec.apiId}.execute-api.${context.region}.amazonaws.com`,
    apiId: spec.apiId,
    apiKeySelectionExpression: '$request.header.x-api-key',
    ...(spec.cors !== undefined && { corsConfiguration: corsOf(spec.cors) }),
    createdDate: created(spec),
    disableExecuteApiEndpoint: false,
    ipAddressType: 'ipv4',
    name: spec.name ?? spec.stack,
    protocolType: 'HTTP',
    routeSelectionExpression: '$request.method $request.path',
    tags: { 'aws:cloudformation:stack-name': spec.stack, 'aws:cloudformation:logical-id': spec.logicalId },
  })
  const stage = (spec: HttpApiSpec): object => ({
    autoDeploy: true,
    createdDate: created(spec),
    defaultRouteSettings: { detailedMetricsEnabled: false },
    deploymentId: derivedId(spec.apiId, 'deployment'),
    lastUpdatedDate: created(spec),
    routeSettings: {},
    stageName: spec.stage,
    stageVariables: spec.stageVariables,
    tags: {},
  })
  const route = ({ apiId }: HttpApiSpec, one: HttpRoute): object => ({
    apiKeyRequired: false,
    ...authorizationOf(apiId, one.authorizer),
    routeId: routeId(apiId, one),
    routeKey: keyOf(one),
    target: `integrations/${integrationId(apiId, one)}`,
  })
  const integration = ({ apiId }: HttpApiSpec, one: HttpRoute): object => {
    const { type, method, uri } = integrationOf(context, one.target)
    return {
      connectionType: 'INTERNET',
      integrationId: integrationId(apiId, one),
      ...(method !== undefined && { integrationMethod: method }),
      integrationType: type,
      // A function is named by its ARN alone in this generation.
      ...(uri !== undefined && { integrationUri: /\/functions\/(arn:.*)\/invocations$/.exec(uri)?.[1] ?? uri }),
      payloadFormatVersion: one.payload,
      timeoutInMillis: one.timeoutMs ?? 30_000,
    }
  }
  /** Routes with the same target share one. */
  const integrations = (spec: HttpApiSpec): readonly object[] => [
    ...new Map(spec.routes.map((one) => [integrationId(spec.apiId, one), integration(spec, one)])).values(),
  ]
  const authorizers = ({ apiId, routes }: HttpApiSpec): readonly object[] =>
    authorizersOf(routes).map((one) => ({
      authorizerId: derivedId(apiId, one.name),
      authorizerType: one.kind === 'lambda' ? 'REQUEST' : 'JWT',
      identitySource: one.kind === 'lambda' ? one.identitySources : [one.identitySource],
      ...(one.kind === 'jwt' && { jwtConfiguration: { audience: one.audience, issuer: one.issuer } }),
      name: one.name,
    }))
  const deployments = (spec: HttpApiSpec): readonly object[] => [
    {
      autoDeployed: true,
      createdDate: created(spec),
      deploymentId: derivedId(spec.apiId, 'deployment'),
      deploymentStatus: 'DEPLOYED',
    },
  ]
  const base = '/v2/apis/:api'
  mountReads(server, {
    '/v2/apis': ({ query }) => {
      const all = new Map(triggers.all('httpApis').map((one) => [one.apiId, one]))
      return listOf([...all.values()].map(api), query)
    },
    [base]: (call) => api(stagesOf(call)[0]),
    [`${base}/stages`]: (call) => listOf(stagesOf(call).map(stage), call.query),
    [`${base}/stages/:stage`]: (call) => {
      const found = stagesOf(call).find((one) => one.stage === call.params['stage'])
      if (found === undefined) throw notFound('Invalid stage identifier specified')
      return stage(found)
    },
    [`${base}/routes`]: (call) => {
      const [spec] = stagesOf(call)
      return listOf(
        spec.routes.map((one) => route(spec, one)),
        call.query,
      )
    },
    [`${base}/routes/:route`]: (call) => {
      const [spec] = stagesOf(call)
      const found = spec.routes.find((one) => routeId(spec.apiId, one) === call.params['route'])
      if (found === undefined) throw notFound(`Invalid Route identifier specified ${call.params['route'] ?? ''}`)
      return route(spec, found)
    },
    [`${base}/integrations`]: (call) => listOf(integrations(stagesOf(call)[0]), call.query),
    [`${base}/integrations/:integration`]: (call) => {
      const [spec] = stagesOf(call)
      const found = spec.routes.find((one) => integrationId(spec.apiId, one) === call.params['integration'])
      if (found === undefined)
        throw notFound(`Invalid Integration identifier specified ${call.params['integration'] ?? ''}`)
      return integration(spec, found)
    },
    [`${base}/authorizers`]: (call) => listOf(authorizers(stagesOf(call)[0]), call.query),
    [`${base}/deployments`]: (call) => listOf(deployments(stagesOf(call)[0]), call.query),
  })
}

function keyOf({ method, path }: HttpRoute): string {
  return path === '$default' ? path : `${method} ${path}`
}

function routeId(apiId: string, route: HttpRoute): string {
  return derivedId(apiId, 'route', keyOf(route))
}

function integrationId(apiId: string, { target, payload, timeoutMs }: HttpRoute): string {
  return derivedId(apiId, 'integration', JSON.stringify([target, payload, timeoutMs]))
}

function authorizationOf(apiId: string, authorizer: AuthorizerSpec | undefined): object {
  if (authorizer === undefined) return { authorizationType: 'NONE' }
  if (authorizer.kind === 'iam') return { authorizationType: 'AWS_IAM' }
  return {
    authorizationType: authorizer.kind === 'lambda' ? 'CUSTOM' : 'JWT',
    authorizerId: derivedId(apiId, authorizer.name),
    ...(authorizer.kind === 'jwt' && authorizer.scopes.length > 0 && { authorizationScopes: authorizer.scopes }),
  }
}

/** What the template left out is left out. */
function corsOf({ maxAgeSeconds, ...rest }: NonNullable<HttpApiSpec['cors']>): object {
  const said = Object.entries(rest).filter(([, value]) => (typeof value === 'boolean' ? value : value.length > 0))
  return { ...Object.fromEntries(said), ...(maxAgeSeconds !== undefined && { maxAge: maxAgeSeconds }) }
}

function listOf(all: readonly object[], query: ApiGatewayCall['query']): object {
  const page = {
    token: query['nextToken'],
    most: pageSize(query['maxResults'], LIMITS),
    errorCode: 'BadRequestException',
  }
  const { items, next } = pageOf(all, page)
  return { items, ...(next !== undefined && { nextToken: next }) }
}
