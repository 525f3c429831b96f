// SAM's transform: a template with AWS::Serverless resources to one of CloudFormation's alone, with the logical ids that the
// cloud makes (test/deploy/sam-oracle.test.ts compares). Values stay unresolved; nothing is read from disk.
import { globalsFor } from '../globals.ts'
import { isList, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf } from '../template-value.ts'
import { expandHttpApi, expandRestApi } from './api.ts'
import type { ApiRoute } from './api-document.ts'
import { expandConnector, expandEmbedded } from './connector.ts'
import { Expansion, type SamResource } from './expansion.ts'
import { expandFunction } from './function.ts'
import { expandLayer } from './layer.ts'
import { expandApplication, expandGraphQl, expandSimpleTable } from './others.ts'
import { renameReferences } from './rename.ts'
import { expandStateMachine } from './state-machine.ts'

export interface ExpandedTemplate {
  /** Explicit ones and those that the transform adds; every id once. */
  readonly resources: Readonly<Record<string, TemplateMap>>
  /** Ids as the source says them → as they are now: layers, `Fn.Alias`, `Api.Stage`. */
  readonly renamed: ReadonlyMap<string, string>
}

type Expand = (sam: SamResource, into: Expansion) => void

/** In this order: events change APIs, buckets and pools that come later. */
const STEPS: readonly Readonly<Record<string, Expand>>[] = [
  { 'AWS::Serverless::Function': expandFunction, 'AWS::Serverless::StateMachine': expandStateMachine },
  {
    'AWS::Serverless::Api': expandRestApi,
    'AWS::Serverless::HttpApi': expandHttpApi,
    'AWS::Serverless::LayerVersion': expandLayer,
    'AWS::Serverless::SimpleTable': expandSimpleTable,
    'AWS::Serverless::Application': expandApplication,
    'AWS::Serverless::GraphQLApi': expandGraphQl,
  },
  { 'AWS::Serverless::Connector': expandConnector },
]

/** SAM has them, and they stay as they are: nothing of them would run here. */
const NOT_EXPANDED = ['CapacityProvider', 'MicroVMImage', 'NetworkConnector', 'WebFunction', 'WebSocketApi']

export const SAM_TYPES: ReadonlySet<string> = new Set([
  ...STEPS.flatMap((kinds) => Object.keys(kinds)),
  ...NOT_EXPANDED.map((kind) => `AWS::Serverless::${kind}`),
])

/**
 * `sources` are the template's resources with Globals merged; `known` replaces Refs to parameters by their values.
 * @throws FnscopeError FNS_TEMPLATE_INVALID
 */
export function expandSam(
  template: TemplateMap,
  options: {
    readonly sources: Readonly<Record<string, TemplateMap>>
    readonly known: (value: TemplateValue | undefined) => TemplateValue | undefined
    readonly file: string
  },
): ExpandedTemplate {
  const into = new Expansion({ ...options, template })
  const sources = { ...options.sources }
  for (const [step, kinds] of STEPS.entries()) {
    if (step === 1) addImplicitApis(sources, template, into)
    for (const [id, source] of Object.entries(sources)) {
      const expand = kinds[typeOf(source)]
      if (expand) expand({ id, source, properties: mapAt(source['Properties'], `Resources.${id}.Properties`) }, into)
      if (step === 2 && source['Connectors'] !== undefined) expandEmbedded(id, source, into)
    }
  }
  const { renamed } = into
  const resources = Object.entries(inOrder(options.sources, into)).map(
    ([id, made]) => [id, mapAt(renameReferences(made, renamed), id)] as const,
  )
  return { resources: Object.fromEntries(resources), renamed }
}

function addImplicitApis(sources: Record<string, TemplateMap>, template: TemplateMap, into: Expansion): void {
  for (const [id, type, own] of [
    ['ServerlessRestApi', 'AWS::Serverless::Api', { StageName: 'Prod' }],
    ['ServerlessHttpApi', 'AWS::Serverless::HttpApi', { StageName: '$default' }],
  ] as const) {
    const routes = into.routes.get(id)
    if (routes === undefined || Object.hasOwn(sources, id)) continue
    // an API that only conditional functions have is conditional too
    const conditions = new Set(routes.map(({ target }) => target.attributes['Condition']))
    const [condition] = conditions
    const alone = conditions.size === 1 && condition !== undefined ? { Condition: condition } : {}
    sources[id] = {
      Type: type,
      ...alone,
      ...keptPolicies(routes),
      Properties: { ...globalsFor(template, type), ...own },
    }
  }
}

/** An API of a function that is to stay stays too. */
function keptPolicies(routes: readonly ApiRoute[]): TemplateMap {
  const all = routes.map(({ target }) => target.attributes)
  const kept: Record<string, TemplateValue> = {}
  for (const key of ['DeletionPolicy', 'UpdateReplacePolicy']) {
    const values = all.flatMap((attributes) => attributes[key] ?? [])
    const value = values.includes('Retain') ? 'Retain' : values[0]
    if (value !== undefined) kept[key] = value
  }
  return kept
}

/** As the source has them, each followed by what it brought. */
function inOrder(sources: Readonly<Record<string, TemplateMap>>, into: Expansion): Record<string, TemplateMap> {
  const made = into.resources
  const ordered: Record<string, TemplateMap> = {}
  for (const [id, source] of Object.entries(sources)) {
    const now = into.renamed.get(id) ?? id
    const own = made[now]
    if (own !== undefined) ordered[now] = own
    else if (!STEPS.some((kinds) => kinds[typeOf(source)])) ordered[id] = withoutConnectors(source)
    for (const [other, brought] of Object.entries(made)) {
      if (other.startsWith(id) && !Object.hasOwn(sources, other)) ordered[other] ??= brought
    }
  }
  return { ...ordered, ...Object.fromEntries(Object.entries(made).filter(([id]) => !Object.hasOwn(ordered, id))) }
}

function withoutConnectors(source: TemplateMap): TemplateMap {
  return Object.fromEntries(Object.entries(source).filter(([key]) => key !== 'Connectors'))
}

/** Whether the template asks for SAM's transform. */
export function hasSamTransform(template: TemplateMap): boolean {
  const transform = template['Transform']
  const names = isList(transform) ? transform : [transform]
  return names.some((name) => (isMap(name) ? name['Name'] : name) === 'AWS::Serverless-2016-10-31')
}
