// REST APIs of a template: the implicit ServerlessRestApi, every AWS::Serverless::Api, and the routes that functions'
// events of type Api add to them.
import type { FunctionSpec } from '../functions/function-spec.ts'
import type { RestApiSpec, RestRoute } from '../functions/trigger-spec.ts'
import { Properties, type AppContext } from './app-context.ts'
import { globalsFor } from './globals.ts'
import { resolveValue, textOf } from './intrinsics.ts'
import { apiIdOf } from './physical-name.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf } from './template-value.ts'

const IMPLICIT = 'ServerlessRestApi'
const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'ANY'])

/** `template` for its Globals: the implicit API has no resource to merge them into. */
export function readRestApis(
  context: AppContext,
  template: TemplateMap,
  functions: readonly FunctionSpec[],
): RestApiSpec[] {
  const routes = new Map<string, RestRoute[]>()
  for (const spec of functions) readEvents(context, spec, routes)
  const apis: RestApiSpec[] = []
  for (const [id, resource] of Object.entries(context.resources)) {
    if (!isMap(resource) || resource['Type'] !== 'AWS::Serverless::Api') continue
    const properties = new Properties(context, id)
    const stage = properties.text('StageName')
    if (!stage) throw invalid(`${context.file}: API ${id} has no StageName. Add one, for example StageName: Prod.`)
    apis.push(readApi(context, id, { properties: properties.raw, stage, routes: routes.get(id) ?? [] }))
  }
  const implicit = routes.get(IMPLICIT)
  if (implicit) {
    const properties = globalsFor(template, 'AWS::Serverless::Api')
    apis.push(readApi(context, IMPLICIT, { properties, stage: 'Prod', routes: implicit }))
  }
  return apis
}

function readEvents(context: AppContext, spec: FunctionSpec, routes: Map<string, RestRoute[]>): void {
  const { raw } = new Properties(context, spec.logicalId)
  const eventsPlace = `Resources.${spec.logicalId}.Properties.Events`
  for (const [eventId, event] of Object.entries(mapAt(raw['Events'], eventsPlace))) {
    const place = `${eventsPlace}.${eventId}`
    if (!isMap(event)) throw invalid(`${context.file}: ${place} must be a map with a Type.`)
    const type = typeOf(event)
    if (type !== 'Api') {
      context.notice(`${spec.logicalId}: event ${eventId} (${type}) is not emulated; invoke the function directly.`)
      continue
    }
    readApiEvent(context, spec, routes, mapAt(event['Properties'], `${place}.Properties`), `${place}.Properties`)
  }
}

function readApiEvent(
  context: AppContext,
  spec: FunctionSpec,
  routes: Map<string, RestRoute[]>,
  event: TemplateMap,
  place: string,
): void {
  const read = (key: string): string => {
    const value = event[key] === undefined ? undefined : resolveValue(event[key], context.scope, `${place}.${key}`)
    if (value === undefined)
      throw invalid(`${context.file}: ${place} has no ${key}; an Api event needs Path and Method.`)
    return textOf(value, `${context.file}: ${place}.${key}`)
  }
  const path = read('Path')
  const method = read('Method').toUpperCase().replace('X-AMAZON-APIGATEWAY-ANY-METHOD', 'ANY')
  if (!path.startsWith('/')) throw invalid(`${context.file}: ${place}.Path must start with /, not "${path}".`)
  if (!METHODS.has(method))
    throw invalid(`${context.file}: ${place}.Method is "${method}"; one of ${[...METHODS].join(', ')} is wanted.`)
  if (event['Auth'] !== undefined) context.notice(`${place}.Auth is not enforced locally.`)
  const api = targetApi(context, event['RestApiId'])
  if (api === undefined) {
    context.notice(`${place}.RestApiId names an API outside this template: the route ${method} ${path} is not served.`)
    return
  }
  const list = routes.get(api) ?? []
  if (list.some((route) => route.method === method && route.path === path)) {
    throw invalid(`${context.file}: ${place}: ${method} ${path} of ${api} is taken by another event.`)
  }
  list.push({ method, path, target: { kind: 'function', functionName: spec.name } })
  routes.set(api, list)
}

function targetApi(context: AppContext, raw: TemplateValue | undefined): string | undefined {
  if (raw === undefined) return IMPLICIT
  const id = isMap(raw) ? raw['Ref'] : raw
  if (typeof id !== 'string') return undefined
  const resource = context.resources[id]
  return id === IMPLICIT || (isMap(resource) && resource['Type'] === 'AWS::Serverless::Api') ? id : undefined
}

interface ApiParts {
  readonly properties: TemplateMap
  readonly stage: string
  readonly routes: readonly RestRoute[]
}

function readApi(context: AppContext, id: string, parts: ApiParts): RestApiSpec {
  const place = `Resources.${id}.Properties`
  const value = (key: string): TemplateValue | undefined =>
    parts.properties[key] === undefined
      ? undefined
      : resolveValue(parts.properties[key], context.scope, `${place}.${key}`)
  if (parts.properties['Auth'] !== undefined) context.notice(`${id}: Auth is not enforced locally.`)
  for (const key of ['DefinitionBody', 'DefinitionUri']) {
    if (parts.properties[key] === undefined) continue
    context.notice(`${id}: routes in ${key} are not read; routes of functions' Api events are.`)
  }
  const variables = Object.entries(mapAt(value('Variables'), `${place}.Variables`))
  const tracing = value('TracingEnabled')
  const cors = readCors(value('Cors'), `${context.file}: ${place}.Cors`)
  return {
    logicalId: id,
    apiId: apiIdOf(context.seed, id),
    name: textOf(value('Name') ?? context.seed.stack, `${place}.Name`),
    stack: context.seed.stack,
    stage: parts.stage,
    stageVariables: Object.fromEntries(
      variables.map(([key, text]) => [key, textOf(text, `${place}.Variables.${key}`)]),
    ),
    tracing: tracing === true || tracing === 'true',
    routes: parts.routes,
    ...(cors === undefined ? {} : { cors }),
  }
}

/** Empty methods or headers: the template leaves them to the route. Values are spelled `"'*'"`, quotes inside. */
function readCors(value: TemplateValue | undefined, place: string): RestApiSpec['cors'] {
  if (value === undefined || value === null) return undefined
  if (!isMap(value)) return { allowOrigin: unquote(textOf(value, place)), allowMethods: '', allowHeaders: '' }
  const part = (key: string): string => (value[key] === undefined ? '' : unquote(textOf(value[key], `${place}.${key}`)))
  return {
    allowOrigin: part('AllowOrigin') || '*',
    allowMethods: part('AllowMethods'),
    allowHeaders: part('AllowHeaders'),
  }
}

function unquote(text: string): string {
  return text.replace(/^'(.*)'$/, '$1')
}
