// REST APIs as CloudFormation and CDK spell them: RestApi, a tree of Resource, Method, Stage (or a Deployment with one).
import type { AuthorizerSpec, RestApiSpec, RestRoute } from '../functions/trigger-spec.ts'
import { readAuthorizerResources } from './authorizers.ts'
import { targetOf } from './integration.ts'
import { refText, resourcesOf, type TriggerContext } from './trigger-context.ts'
import { restRoutesOf, textMap } from './rest-api.ts'
import type { ValueReader } from './value-reader.ts'

export function readRestApiResources(context: TriggerContext): RestApiSpec[] {
  const authorizers = readAuthorizerResources(context)
  return resourcesOf(context, 'AWS::ApiGateway::RestApi').flatMap(([id, properties]) => {
    const apiId = refText(context, id)
    const of = ({ value }: { readonly value: ValueReader }): boolean => value.text('RestApiId') === apiId
    const all = (type: string): { readonly id: string; readonly value: ValueReader }[] =>
      resourcesOf(context, type)
        .map(([one, value]) => ({ id: one, value }))
        .filter(of)
    const paths = pathsOf(context, apiId, all('AWS::ApiGateway::Resource'))
    const methods = all('AWS::ApiGateway::Method').flatMap(({ value }) => routeOf(value, paths, authorizers))
    const written = properties.raw['Body'] === undefined ? [] : restRoutesOf(properties.map('Body'))
    const routes = [...written, ...methods]
    const cors = corsOf(routes)
    const binaryMediaTypes = properties.texts('BinaryMediaTypes').map((type) => type.replaceAll('~1', '/'))
    return stagesOf(all).map(({ stage, value }): RestApiSpec => ({
      logicalId: id,
      apiId,
      name: properties.text('Name') ?? id,
      stack: context.app.seed.stack,
      stage,
      stageVariables: textMap(value, 'Variables'),
      tracing: value.flag('TracingEnabled') ?? false,
      routes,
      ...(cors === undefined ? {} : { cors }),
      ...(binaryMediaTypes.length === 0 ? {} : { binaryMediaTypes }),
    }))
  })
}

type Resources = (type: string) => readonly { readonly value: ValueReader }[]

function stagesOf(all: Resources): { readonly stage: string; readonly value: ValueReader }[] {
  const stages = all('AWS::ApiGateway::Stage').map(({ value }) => ({ stage: value.text('StageName') ?? 'prod', value }))
  const deployed = all('AWS::ApiGateway::Deployment').flatMap(({ value }) => {
    const stage = value.text('StageName')
    return stage === undefined || stages.some((one) => one.stage === stage)
      ? []
      : [{ stage, value: value.inner('StageDescription') }]
  })
  return [...stages, ...deployed]
}

/** Path of each resource, by what a Ref to it gives; the API's root resource by the API's id. */
function pathsOf(
  context: TriggerContext,
  apiId: string,
  resources: readonly { readonly id: string; readonly value: ValueReader }[],
): ReadonlyMap<string, string> {
  const paths = new Map([[apiId, '/']])
  let waiting = resources
  while (waiting.length > 0) {
    const rest = waiting.filter(({ id, value }) => {
      const parent = paths.get(value.text('ParentId') ?? '')
      if (parent === undefined) return true
      paths.set(refText(context, id), `${parent === '/' ? '' : parent}/${value.required('PathPart')}`)
      return false
    })
    // What hangs below nothing of this API.
    if (rest.length === waiting.length) break
    waiting = rest
  }
  return paths
}

function routeOf(
  method: ValueReader,
  paths: ReadonlyMap<string, string>,
  authorizers: ReadonlyMap<string, AuthorizerSpec>,
): RestRoute[] {
  const path = paths.get(method.text('ResourceId') ?? '')
  if (path === undefined) return []
  const authorizer: AuthorizerSpec | undefined =
    method.text('AuthorizationType') === 'AWS_IAM'
      ? { kind: 'iam' }
      : authorizers.get(method.text('AuthorizerId') ?? '')
  return [
    {
      method: method.required('HttpMethod').toUpperCase(),
      path,
      target: targetOf(method.map('Integration')),
      ...(authorizer === undefined ? {} : { authorizer }),
      ...(method.flag('ApiKeyRequired') === true ? { apiKeyRequired: true } : {}),
    },
  ]
}

// CDK answers preflights with MOCK methods; pages of the origin that they name may call.
function corsOf(routes: readonly RestRoute[]): RestApiSpec['cors'] {
  for (const { method, target } of routes) {
    if (method !== 'OPTIONS' || target.kind !== 'mock') continue
    const header = (name: string): string | undefined =>
      Object.entries(target.headers).find(([key]) => key.toLowerCase() === name)?.[1]
    const allowOrigin = header('access-control-allow-origin')
    if (allowOrigin === undefined) continue
    return {
      allowOrigin,
      allowMethods: header('access-control-allow-methods') ?? '',
      allowHeaders: header('access-control-allow-headers') ?? '',
    }
  }
  return undefined
}
