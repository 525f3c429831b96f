// HTTP APIs as CloudFormation and CDK spell them: AWS::ApiGatewayV2::Api, Integration, Route, Stage.
import type { AuthorizerSpec, HttpApiSpec, HttpRoute, RouteTarget } from '../functions/trigger-spec.ts'
import { readAuthorizerResources } from './authorizers.ts'
import { corsOf, httpRoutesOf } from './http-api.ts'
import { targetOf } from './integration.ts'
import { textMap } from './rest-api.ts'
import { functionNameIn, refText, resourcesOf, type TriggerContext } from './trigger-context.ts'
import type { ValueReader } from './value-reader.ts'

type Resources = (type: string) => (readonly [logicalId: string, ValueReader])[]

interface Integration {
  readonly target: RouteTarget
  readonly payload: '1.0' | '2.0'
  readonly timeoutMs?: number
}

export function readHttpApiResources(context: TriggerContext): HttpApiSpec[] {
  const authorizers = readAuthorizerResources(context)
  return resourcesOf(context, 'AWS::ApiGatewayV2::Api').flatMap(([id, properties]) => {
    if (properties.text('ProtocolType') === 'WEBSOCKET') {
      context.app.notice(`${id} (AWS::ApiGatewayV2::Api) is a WebSocket API: not emulated.`)
      return []
    }
    const apiId = refText(context, id)
    const all: Resources = (type) => resourcesOf(context, type).filter(([, value]) => value.text('ApiId') === apiId)
    const name = properties.text('Name')
    const cors =
      properties.raw['CorsConfiguration'] === undefined ? undefined : corsOf(properties.inner('CorsConfiguration'))
    const routes = [
      ...(properties.raw['Body'] === undefined ? [] : httpRoutesOf(properties.map('Body'))),
      ...quickRoute(properties),
      ...readRoutes(context, all, authorizers),
    ]
    const stages = all('AWS::ApiGatewayV2::Stage').map(([, value]) => value)
    return (stages.length === 0 ? [undefined] : stages).map((stage): HttpApiSpec => ({
      logicalId: id,
      apiId,
      ...(name === undefined ? {} : { name }),
      stack: context.app.seed.stack,
      stage: stage?.text('StageName') ?? '$default',
      stageVariables: stage === undefined ? {} : textMap(stage, 'StageVariables'),
      routes,
      ...(cors === undefined ? {} : { cors }),
    }))
  })
}

/** An API made with a Target has one route. */
function quickRoute(api: ValueReader): HttpRoute[] {
  const target = api.text('Target')
  if (target === undefined) return []
  const functionName = functionNameIn(target)
  return [
    {
      ...routeKeyOf(api.text('RouteKey') ?? '$default'),
      target:
        functionName === undefined ? { kind: 'http', method: 'ANY', url: target } : { kind: 'function', functionName },
      payload: '2.0',
    },
  ]
}

function readRoutes(
  context: TriggerContext,
  all: Resources,
  authorizers: ReadonlyMap<string, AuthorizerSpec>,
): HttpRoute[] {
  const integrations = new Map(
    all('AWS::ApiGatewayV2::Integration').map(([id, value]) => [
      `integrations/${refText(context, id)}`,
      integrationOf(value),
    ]),
  )
  return all('AWS::ApiGatewayV2::Route').flatMap(([id, route]) => {
    const integration = integrations.get(route.text('Target') ?? '')
    if (integration === undefined) {
      context.app.notice(`${id}: its Target is no integration of this template: the route is not served.`)
      return []
    }
    const authorizer: AuthorizerSpec | undefined =
      route.text('AuthorizationType') === 'AWS_IAM'
        ? { kind: 'iam' }
        : authorizers.get(route.text('AuthorizerId') ?? '')
    const scopes = route.texts('AuthorizationScopes')
    return [
      {
        ...routeKeyOf(route.required('RouteKey')),
        ...integration,
        ...(authorizer === undefined
          ? {}
          : { authorizer: authorizer.kind === 'jwt' && scopes.length > 0 ? { ...authorizer, scopes } : authorizer }),
      },
    ]
  })
}

function integrationOf(properties: ValueReader): Integration {
  const timeoutMs = properties.integer('TimeoutInMillis', 50, 30_000)
  return {
    target: targetOf({
      IntegrationType: properties.text('IntegrationType') ?? '',
      IntegrationUri: properties.text('IntegrationUri') ?? '',
      IntegrationMethod: properties.text('IntegrationMethod') ?? '',
    }),
    payload: properties.text('PayloadFormatVersion') === '2.0' ? '2.0' : '1.0',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

/** `GET /a` or `$default`. */
function routeKeyOf(key: string): { readonly method: string; readonly path: string } {
  const [method = 'ANY', path = '$default'] = key === '$default' ? [] : key.split(' ')
  return { method: method.toUpperCase(), path }
}
