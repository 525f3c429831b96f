// HTTP APIs of SAM: the implicit ServerlessHttpApi, every AWS::Serverless::HttpApi, and events of type HttpApi.
import type { HttpApiSpec, HttpCorsSpec, HttpRoute } from '../functions/trigger-spec.ts'
import { authorizerOf, readSamAuth, type ApiAuth } from './authorizers.ts'
import { globalsFor } from './globals.ts'
import { openApiRoutes } from './openapi-routes.ts'
import { apiIdOf } from './physical-name.ts'
import { isMap, type TemplateMap, typeOf } from './template-value.ts'
import { textMap } from './rest-api.ts'
import { resourcesOf, type SamEvent, type TriggerContext } from './trigger-context.ts'
import { ValueReader } from './value-reader.ts'

const IMPLICIT = 'ServerlessHttpApi'
const MAX_TIMEOUT_MS = 30_000

export function readHttpApis(context: TriggerContext, template: TemplateMap): HttpApiSpec[] {
  const events = Map.groupBy(
    context.events.filter(({ type }) => type === 'HttpApi'),
    (event) => targetApi(context, event),
  )
  const apis = resourcesOf(context, 'AWS::Serverless::HttpApi').map(([id, properties]) =>
    readApi(context, id, properties, events.get(id) ?? []),
  )
  const implicit = events.get(IMPLICIT)
  if (implicit === undefined) return apis
  const globals = globalsFor(template, 'AWS::Serverless::HttpApi')
  const properties = new ValueReader(context.app, globals, `Resources.${IMPLICIT}.Properties`)
  return [...apis, readApi(context, IMPLICIT, properties, implicit)]
}

function targetApi({ app }: TriggerContext, { properties, place }: SamEvent): string | undefined {
  const raw = properties.raw['ApiId']
  if (raw === undefined) return IMPLICIT
  const id = isMap(raw) ? raw['Ref'] : raw
  if (typeof id === 'string' && (id === IMPLICIT || typeOf(app.resources[id]) === 'AWS::Serverless::HttpApi')) return id
  app.notice(`${place}.ApiId names an API outside this template: its route is not served.`)
  return undefined
}

function readApi(
  context: TriggerContext,
  id: string,
  properties: ValueReader,
  events: readonly SamEvent[],
): HttpApiSpec {
  const { app } = context
  const auth = readSamAuth(properties.inner('Auth'), 'http')
  const cors = readCors(properties)
  const name = properties.text('Name')
  return {
    logicalId: id,
    apiId: apiIdOf(app.seed, id),
    ...(name === undefined ? {} : { name }),
    stack: app.seed.stack,
    stage: properties.text('StageName') ?? '$default',
    stageVariables: textMap(properties, 'StageVariables'),
    routes: [...definedRoutes(context, { id, properties, auth }), ...events.map((event) => readRoute(event, auth))],
    ...(cors === undefined ? {} : { cors }),
  }
}

function readRoute({ properties, spec }: SamEvent, auth: ApiAuth): HttpRoute {
  const timeoutMs = properties.integer('TimeoutInMillis', 50, MAX_TIMEOUT_MS)
  return {
    // Without a path and a method it is the route for all that no other takes.
    path: properties.text('Path') ?? '$default',
    method: (properties.text('Method') ?? 'ANY').toUpperCase().replace('X-AMAZON-APIGATEWAY-ANY-METHOD', 'ANY'),
    target: { kind: 'function', functionName: spec.name },
    payload: properties.oneOf('PayloadFormatVersion', ['1.0', '2.0']) ?? '2.0',
    ...authorizerOf(auth, properties),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

function definedRoutes(
  { app }: TriggerContext,
  { id, properties, auth }: { readonly id: string; readonly properties: ValueReader; readonly auth: ApiAuth },
): HttpRoute[] {
  const body = properties.raw['DefinitionBody']
  if (properties.raw['DefinitionUri'] !== undefined || (isMap(body) && body['Fn::Transform'] !== undefined)) {
    app.notice(`${id}: routes in a definition file are not read; routes of functions' HttpApi events are.`)
    return []
  }
  return body === undefined ? [] : httpRoutesOf(properties.map('DefinitionBody'), auth)
}

/** Of an OpenAPI document. */
export function httpRoutesOf(body: TemplateMap, auth?: ApiAuth): HttpRoute[] {
  return openApiRoutes(body, 'http', auth).map(({ method, path, target, payload, guard: { authorizer } }) => ({
    method,
    path,
    target,
    payload: payload === '1.0' ? '1.0' : '2.0',
    ...(authorizer === undefined ? {} : { authorizer }),
  }))
}

/** SAM's `CorsConfiguration: true` lets every origin in. */
function readCors(properties: ValueReader): HttpCorsSpec | undefined {
  const value = properties.value('CorsConfiguration')
  if (value === undefined || value === false || value === 'false') return undefined
  if (isMap(value)) return corsOf(properties.inner('CorsConfiguration'))
  return {
    allowOrigins: ['*'],
    allowMethods: ['*'],
    allowHeaders: [],
    exposeHeaders: [],
    allowCredentials: false,
  }
}

/** Of HTTP APIs and function URLs alike. */
export function corsOf(cors: ValueReader): HttpCorsSpec {
  const maxAgeSeconds = cors.integer('MaxAge', -1, 86_400)
  return {
    allowOrigins: cors.texts('AllowOrigins'),
    allowMethods: cors.texts('AllowMethods').map((method) => method.toUpperCase()),
    allowHeaders: cors.texts('AllowHeaders').map((name) => name.toLowerCase()),
    exposeHeaders: cors.texts('ExposeHeaders'),
    allowCredentials: cors.flag('AllowCredentials') ?? false,
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }
}
