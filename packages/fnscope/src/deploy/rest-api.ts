// REST APIs of SAM: the implicit ServerlessRestApi, every AWS::Serverless::Api, and the routes that functions' events of
// type Api add to them. Those of CloudFormation's own resources are rest-api-resources.ts's.
import type { RestApiSpec, RestRoute } from '../functions/trigger-spec.ts'
import { authorizerOf, readSamAuth, type ApiAuth } from './authorizers.ts'
import { globalsFor } from './globals.ts'
import { unquote } from './integration.ts'
import { textOf } from './intrinsics.ts'
import { openApiRoutes } from './openapi-routes.ts'
import { apiIdOf } from './physical-name.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf } from './template-value.ts'
import { resourcesOf, type SamEvent, type TriggerContext } from './trigger-context.ts'
import { ValueReader } from './value-reader.ts'

const IMPLICIT = 'ServerlessRestApi'
const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'ANY'])

/** `template` for its Globals: the implicit API has no resource to merge them into. */
export function readRestApis(context: TriggerContext, template: TemplateMap): RestApiSpec[] {
  const { app } = context
  const events = Map.groupBy(
    context.events.filter(({ type }) => type === 'Api'),
    (event) => targetApi(context, event),
  )
  const apis = resourcesOf(context, 'AWS::Serverless::Api').map(([id, properties]) => {
    const stage = properties.text('StageName')
    if (!stage) throw invalid(`${app.file}: API ${id} has no StageName. Add one, for example StageName: Prod.`)
    return readApi(context, { id, properties, stage, events: events.get(id) ?? [] })
  })
  const implicit = events.get(IMPLICIT)
  if (implicit === undefined) return apis
  const globals = globalsFor(template, 'AWS::Serverless::Api')
  const properties = new ValueReader(app, globals, `Resources.${IMPLICIT}.Properties`)
  return [...apis, readApi(context, { id: IMPLICIT, properties, stage: 'Prod', events: implicit })]
}

/** Logical id of the event's API; undefined, with a notice, when it is of no API here. */
function targetApi({ app }: TriggerContext, { properties, place }: SamEvent): string | undefined {
  const raw = properties.raw['RestApiId']
  if (raw === undefined) return IMPLICIT
  const id = isMap(raw) ? raw['Ref'] : raw
  const served =
    typeof id === 'string' && (id === IMPLICIT || typeOf(app.resources[id]) === 'AWS::Serverless::Api') ? id : undefined
  if (served === undefined) {
    const { method, path } = routeOf(app.file, properties)
    app.notice(`${place}.RestApiId names an API outside this template: the route ${method} ${path} is not served.`)
  }
  return served
}

function routeOf(file: string, event: ValueReader): { readonly method: string; readonly path: string } {
  const read = (key: string): string => {
    const text = event.text(key)
    if (text === undefined) throw invalid(`${file}: ${event.place} has no ${key}; an Api event needs Path and Method.`)
    return text
  }
  const path = read('Path')
  const method = read('Method').toUpperCase().replace('X-AMAZON-APIGATEWAY-ANY-METHOD', 'ANY')
  if (!path.startsWith('/')) throw invalid(`${event.at('Path')} must start with /, not "${path}".`)
  if (!METHODS.has(method))
    throw invalid(`${event.at('Method')} is "${method}"; one of ${[...METHODS].join(', ')} is wanted.`)
  return { method, path }
}

interface ApiParts {
  readonly id: string
  readonly properties: ValueReader
  readonly stage: string
  readonly events: readonly SamEvent[]
}

function readApi(context: TriggerContext, { id, properties, stage, events }: ApiParts): RestApiSpec {
  const { app } = context
  const auth = readSamAuth(properties.inner('Auth'), 'rest')
  const routes = definedRoutes(context, { id, properties, auth })
  for (const event of events) {
    const route = readRoute(app.file, event, auth)
    const taken = routes.findIndex(({ method, path }) => method === route.method && path === route.path)
    if (taken < 0) routes.push(route)
    else if (properties.raw['DefinitionBody'] === undefined)
      throw invalid(`${app.file}: ${event.place}: ${route.method} ${route.path} of ${id} is taken by another event.`)
    else routes[taken] = route
  }
  const cors = readCors(properties.value('Cors'), properties.at('Cors'))
  const binaryMediaTypes = properties.texts('BinaryMediaTypes').map((type) => type.replaceAll('~1', '/'))
  return {
    logicalId: id,
    apiId: apiIdOf(app.seed, id),
    name: properties.text('Name') ?? app.seed.stack,
    stack: app.seed.stack,
    stage,
    stageVariables: textMap(properties, 'Variables'),
    tracing: properties.flag('TracingEnabled') ?? false,
    routes,
    ...(cors === undefined ? {} : { cors }),
    ...(binaryMediaTypes.length === 0 ? {} : { binaryMediaTypes }),
  }
}

function readRoute(file: string, { properties, spec }: SamEvent, auth: ApiAuth): RestRoute {
  const keyRequired = properties.inner('Auth').flag('ApiKeyRequired') ?? auth.apiKeyRequired
  return {
    ...routeOf(file, properties),
    target: { kind: 'function', functionName: spec.name },
    ...authorizerOf(auth, properties),
    ...(keyRequired ? { apiKeyRequired: true } : {}),
  }
}

function definedRoutes(
  { app }: TriggerContext,
  { id, properties, auth }: { readonly id: string; readonly properties: ValueReader; readonly auth: ApiAuth },
): RestRoute[] {
  if (properties.raw['DefinitionUri'] !== undefined)
    app.notice(`${id}: routes in DefinitionUri are not read; routes of functions' Api events are.`)
  const body = properties.raw['DefinitionBody']
  if (body === undefined) return []
  if (isMap(body) && body['Fn::Transform'] !== undefined) {
    app.notice(`${id}: DefinitionBody comes of Fn::Transform and is not read; routes of functions' Api events are.`)
    return []
  }
  return restRoutesOf(properties.map('DefinitionBody'), auth)
}

/** Of an OpenAPI document. */
export function restRoutesOf(body: TemplateMap, auth?: ApiAuth): RestRoute[] {
  return openApiRoutes(body, 'rest', auth).map(({ method, path, target, guard }) => ({
    method,
    path,
    target,
    ...guard,
    ...(auth?.apiKeyRequired === true ? { apiKeyRequired: true } : {}),
  }))
}

export function textMap(properties: ValueReader, key: string): Record<string, string> {
  const entries = Object.entries(mapAt(properties.value(key), properties.at(key)))
  return Object.fromEntries(entries.map(([name, text]) => [name, textOf(text, `${properties.at(key)}.${name}`)]))
}

/** Empty methods or headers: the template leaves them to the route. Values are spelled `"'*'"`, quotes inside. */
function readCors(value: TemplateValue | undefined, place: string): RestApiSpec['cors'] {
  if (value === undefined || value === null) return undefined
  if (!isMap(value))
    return { allowOrigin: unquote(textOf(value, place)), allowMethods: '', allowHeaders: '', everyPath: true }
  const part = (key: string): string => (value[key] === undefined ? '' : unquote(textOf(value[key], `${place}.${key}`)))
  return {
    allowOrigin: part('AllowOrigin') || '*',
    allowMethods: part('AllowMethods'),
    allowHeaders: part('AllowHeaders'),
    ...(value['AllowCredentials'] === true ? { allowCredentials: true } : {}),
    ...(value['MaxAge'] === undefined ? {} : { maxAge: part('MaxAge') }),
    everyPath: true,
  }
}
