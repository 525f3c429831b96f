// Logical ids that SAM's transform adds to a template (ServerlessRestApi, <Fn>Role, <Fn>Url …): templates may refer to them.
// Hashes in them depend on content, so those ids are known by their beginning only.
import { isMap, mapAt, type TemplateMap } from './template-value.ts'

export interface GeneratedResource {
  readonly type: string
  /** The explicit resource whose name and id it shares; itself when it has none. */
  readonly owner: string
  /** A Ref to it gives this text, whatever the type says. */
  readonly ref?: string
}

const FUNCTION_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^Role$/, 'AWS::IAM::Role'],
  [/^Url$/, 'AWS::Lambda::Url'],
  [/^(UrlPublicPermissions|URLInvokeAllowPublicAccess)$/, 'AWS::Lambda::Permission'],
  [/^(\.Version|Version[0-9a-f]{10})$/, 'AWS::Lambda::Version'],
  [/^(\.Alias|Alias\w+)$/, 'AWS::Lambda::Alias'],
  [/^(\.DestinationTopic|\.DestinationQueue|EventInvokeConfig)$/, 'AWS::Lambda::EventInvokeConfig'],
]

const API_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(\.Deployment|Deployment[0-9a-f]{0,10})$/, 'AWS::ApiGateway::Deployment'],
  [/^(\.Stage|\w+Stage)$/, 'AWS::ApiGateway::Stage'],
]

/** An event's type, when `properties` is a SAM function's. */
export function eventTypes(properties: TemplateMap): string[] {
  return Object.values(mapAt(properties['Events'], 'Events')).flatMap((event) =>
    isMap(event) && typeof event['Type'] === 'string' ? [event['Type']] : [],
  )
}

/** True when a function has an event of `type` that names no API of its own. */
export function usesImplicitApi(resources: TemplateMap, type: 'Api' | 'HttpApi'): boolean {
  const key = type === 'Api' ? 'RestApiId' : 'ApiId'
  return Object.values(resources).some((resource) => {
    if (!isMap(resource) || resource['Type'] !== 'AWS::Serverless::Function') return false
    const properties = mapAt(resource['Properties'], 'Properties')
    return Object.values(mapAt(properties['Events'], 'Events')).some((event) => {
      if (!isMap(event) || event['Type'] !== type) return false
      const target = mapAt(event['Properties'], 'Properties')[key]
      return (
        target === undefined || (isMap(target) && target['Ref'] === `Serverless${type === 'Api' ? 'Rest' : 'Http'}Api`)
      )
    })
  })
}

/** What the transform makes under this id; undefined when it makes nothing of that name. */
export function generatedResource(resources: TemplateMap, id: string): GeneratedResource | undefined {
  if (id.startsWith('ServerlessRestApi') && usesImplicitApi(resources, 'Api')) {
    const part = id.slice('ServerlessRestApi'.length)
    if (part === '') return { type: 'AWS::ApiGateway::RestApi', owner: id }
    if (part === 'ProdStage' || part === '.Stage') return { type: 'AWS::ApiGateway::Stage', owner: id, ref: 'Prod' }
    if (/^(\.Deployment|Deployment[0-9a-f]{0,10})$/.test(part)) {
      return { type: 'AWS::ApiGateway::Deployment', owner: 'ServerlessRestApi' }
    }
  }
  if (id.startsWith('ServerlessHttpApi') && usesImplicitApi(resources, 'HttpApi')) {
    const part = id.slice('ServerlessHttpApi'.length)
    if (part === '') return { type: 'AWS::ApiGatewayV2::Api', owner: id }
    if (part === 'ApiGatewayDefaultStage') return { type: 'AWS::ApiGatewayV2::Stage', owner: id, ref: '$default' }
  }
  for (const [owner, resource] of Object.entries(resources)) {
    if (!isMap(resource) || !id.startsWith(owner) || id === owner) continue
    const part = id.slice(owner.length)
    const found = partOf(resource, part)
    if (found !== undefined) return { type: found, owner, ...stageRef(resource, part) }
  }
  return undefined
}

function partOf(resource: TemplateMap, part: string): string | undefined {
  const type = resource['Type']
  if (type === 'AWS::Serverless::Api') return API_PARTS.find(([pattern]) => pattern.test(part))?.[1]
  if (type === 'AWS::Serverless::StateMachine' && part === 'Role') return 'AWS::IAM::Role'
  if (type === 'AWS::Serverless::LayerVersion' && /^[0-9a-f]{10}$/.test(part)) return 'AWS::Lambda::LayerVersion'
  if (type !== 'AWS::Serverless::Function') return undefined
  const known = FUNCTION_PARTS.find(([pattern]) => pattern.test(part))?.[1]
  if (known !== undefined) return known
  const events = Object.keys(mapAt(mapAt(resource['Properties'], 'Properties')['Events'], 'Events'))
  return events.some((event) => part.startsWith(event)) ? 'AWS::Lambda::Permission' : undefined
}

// `Api.Stage` and `ApiProdStage` are both the stage's name.
function stageRef(resource: TemplateMap, part: string): { readonly ref?: string } {
  if (resource['Type'] !== 'AWS::Serverless::Api') return {}
  const stage = mapAt(resource['Properties'], 'Properties')['StageName']
  return typeof stage === 'string' && (part === '.Stage' || part.endsWith('Stage')) ? { ref: stage } : {}
}
