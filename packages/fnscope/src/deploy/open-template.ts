// A template's text made into something that can be asked: parameters with values, SAM expanded, names resolvable, and the
// resources whose condition is true. Reads no file and starts nothing.
import { checkGlobals, withGlobals } from './globals.ts'
import type { Lookups } from './lookups.ts'
import { expandForEach } from './language-extensions.ts'
import { readParameters, type ParameterValues } from './parameters.ts'
import type { NameSeed } from './physical-name.ts'
import { checkReferences } from './references.ts'
import { expandSam, SAM_TYPES, type ExpandedTemplate } from './sam/expand.ts'
import { openScope, type TemplateScope } from './scope.ts'
import { knownValue } from './static-value.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue } from './template-value.ts'

export interface OpenOptions {
  /** For messages. */
  readonly file: string
  readonly seed: NameSeed
  readonly region: string
  readonly accountId: string
  readonly stackId?: string
  readonly parameters: Readonly<Record<string, string>>
  readonly lookups?: Lookups
  readonly nestedOutput?: (logicalId: string, output: string, place: string) => TemplateValue | undefined
  readonly notice: (text: string) => void
}

export interface OpenTemplate {
  readonly file: string
  /** Language extensions carried out. */
  readonly source: TemplateMap
  /** Resources as the source has them, Globals merged, those whose condition is true. */
  readonly sources: Readonly<Record<string, TemplateMap>>
  /** SAM expanded, those whose condition is true. */
  readonly resources: Readonly<Record<string, TemplateMap>>
  readonly renamed: ReadonlyMap<string, string>
  readonly parameters: ParameterValues
  readonly scope: TemplateScope
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID */
export function openTemplate(template: TemplateMap, options: OpenOptions): OpenTemplate {
  const { file, seed, region, accountId, stackId, lookups, nestedOutput, notice } = options
  const parameters = readParameters(template, options.parameters, file)
  const known = (value: TemplateValue | undefined): TemplateValue | undefined =>
    knownValue(value, { parameters: parameters.values, region, mappings: mapAt(template['Mappings'], 'Mappings') })
  const source = expandForEach(template, known, file)
  checkGlobals(source, file)
  const sources = mergeAllGlobals(source, file)
  const expanded = expandSam(source, { sources, known, file })
  const scope = openScope(source, {
    file,
    seed,
    region,
    accountId,
    parameters,
    expanded,
    notice,
    ...(stackId === undefined ? {} : { stackId }),
    ...(lookups === undefined ? {} : { lookups }),
    ...(nestedOutput === undefined ? {} : { nestedOutput }),
  })
  checkReferences({ ...source, Resources: sources }, file, scope.knows)
  return {
    file,
    source,
    sources: whenTrue(sources, scope),
    resources: whenTrue(expanded.resources, scope),
    renamed: expanded.renamed,
    parameters,
    scope,
  }
}

function whenTrue(
  resources: ExpandedTemplate['resources'],
  scope: TemplateScope,
): Readonly<Record<string, TemplateMap>> {
  return Object.fromEntries(
    Object.entries(resources).filter(([id, { Condition: condition }]) => {
      return typeof condition !== 'string' || scope.condition(condition, `Resources.${id}.Condition`)
    }),
  )
}

function mergeAllGlobals(template: TemplateMap, file: string): Record<string, TemplateMap> {
  const merged: Record<string, TemplateMap> = {}
  const resources = Object.entries(mapAt(template['Resources'], `${file}: Resources`))
  if (resources.length === 0) {
    throw invalid(`Template format error: At least one Resources member must be defined. (${file})`)
  }
  for (const [id, resource] of resources) {
    const place = `${file}: Resources.${id}`
    if (!/^[A-Za-z0-9]+$/.test(id)) {
      throw invalid(`Template format error: Resource name ${id} is non alphanumeric. (${place})`)
    }
    if (!isMap(resource) || typeof resource['Type'] !== 'string') {
      throw invalid(
        `Template format error: [/Resources/${id}] Every Resources object must contain a Type member. ${place} must be a map with a Type.`,
      )
    }
    if (!isKnownForm(resource['Type'])) {
      throw invalid(`Template format error: Unrecognized resource types: [${resource['Type']}]. (${place})`)
    }
    merged[id] = { ...resource, Properties: withGlobals(template, resource, place) }
  }
  return merged
}

// Any service's type is taken, and whatever makers of extensions call theirs; SAM's own are known.
function isKnownForm(type: string): boolean {
  if (type.startsWith('AWS::Serverless::')) return SAM_TYPES.has(type)
  return /^[A-Za-z0-9]+::[\w@:-]+$/.test(type)
}
