// What the names of one template mean: parameters, pseudo parameters, conditions, and every resource's Ref and GetAtt.
// A resource's own name may itself be computed, so names are resolved on first use and cycles are caught there.
import { generatedResource } from './generated-resource.ts'
import { conditionValue, resolveValue, textOf, type Scope } from './intrinsics.ts'
import type { ParameterValues } from './parameters.ts'
import { apiIdOf, lowerId, physicalName, type NameSeed } from './physical-name.ts'
import { attributeOf, nameRuleOf, ownName, refOf, type NamedResource } from './resource-values.ts'
import { invalid, isMap, mapAt, type TemplateMap, type TemplateValue, typeOf } from './template-value.ts'

export interface ScopeOptions {
  readonly file: string
  readonly seed: NameSeed
  readonly region: string
  readonly accountId: string
  readonly parameters: ParameterValues
  readonly notice: (text: string) => void
}

export interface TemplateScope extends Scope {
  /** Physical name of an explicit or generated resource. */
  nameOf(logicalId: string, place: string): string
  /** A parameter, pseudo parameter, resource, or something the transform makes. */
  knows(name: string): boolean
}

export function partitionOf(region: string): { readonly partition: string; readonly urlSuffix: string } {
  if (region.startsWith('cn-')) return { partition: 'aws-cn', urlSuffix: 'amazonaws.com.cn' }
  if (region.startsWith('us-gov-')) return { partition: 'aws-us-gov', urlSuffix: 'amazonaws.com' }
  return { partition: 'aws', urlSuffix: 'amazonaws.com' }
}

/** `template` has its Globals already merged into `Resources`. */
export function openScope(template: TemplateMap, options: ScopeOptions): TemplateScope {
  const { file, seed, region, accountId, parameters } = options
  const { partition, urlSuffix } = partitionOf(region)
  const resources = mapAt(template['Resources'], 'Resources')
  const conditions = mapAt(template['Conditions'], 'Conditions')
  const pseudo: Readonly<Record<string, TemplateValue>> = {
    'AWS::AccountId': accountId,
    'AWS::NotificationARNs': [],
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::StackId': `arn:${partition}:cloudformation:${region}:${accountId}:stack/${seed.stack}/${lowerId(seed, 'AWS::StackId', 12)}`,
    'AWS::StackName': seed.stack,
    'AWS::URLSuffix': urlSuffix,
  }
  const names = new Map<string, string>()
  const truths = new Map<string, boolean>()
  const open: string[] = []

  // Runs `compute` once a key; coming back to a key that is still open is a cycle.
  function once<T>(memo: Map<string, T>, key: string, label: string, place: string, compute: () => T): T {
    const known = memo.get(key)
    if (known !== undefined) return known
    if (open.includes(label)) {
      throw invalid(
        `${file}: ${place} refers back to itself: ${[...open.slice(open.indexOf(label)), label].join(' → ')}.`,
      )
    }
    open.push(label)
    try {
      const value = compute()
      memo.set(key, value)
      return value
    } finally {
      open.pop()
    }
  }

  function nameOf(id: string, place: string): string {
    return once(names, id, `Resources.${id}`, place, () => {
      const resource = resources[id]
      const type = isMap(resource) ? typeOf(resource) : (generatedResource(resources, id)?.type ?? '')
      const rule = nameRuleOf(type)
      const own = isMap(resource)
        ? ownName(type, mapAt(resource['Properties'], `Resources.${id}.Properties`))
        : undefined
      const at = `Resources.${id}.Properties.${rule.nameProperty}`
      const value = own === undefined ? undefined : resolveValue(own, scope, at)
      if (value !== undefined) return textOf(value, at)
      const name = physicalName(seed, id, rule.maxLength)
      return rule.lowerCase ? name.toLowerCase() : name
    })
  }

  function resourceAt(id: string, place: string): NamedResource & { readonly ref?: string } {
    const explicit = resources[id]
    const generated = explicit === undefined ? generatedResource(resources, id) : undefined
    if (explicit === undefined && generated === undefined) {
      const near = [...parameters.values.keys(), ...Object.keys(resources)].filter(
        (name) => name.toLowerCase() === id.toLowerCase(),
      )
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''
      throw invalid(`${file}: ${place} refers to ${id}, which is no parameter and no resource of this template.${hint}`)
    }
    const type = isMap(explicit) ? typeOf(explicit) : generated!.type
    const owner = generated?.owner ?? id
    const named = type === 'AWS::IAM::Role' ? id : owner
    return {
      logicalId: id,
      type,
      name: nameOf(named, place),
      id: type === 'AWS::Lambda::Url' ? lowerId(seed, id, 32) : apiIdOf(seed, owner),
      region,
      accountId,
      partition,
      urlSuffix,
      ...(generated?.ref === undefined ? {} : { ref: generated.ref }),
    }
  }

  const scope: TemplateScope = {
    mappings: mapAt(template['Mappings'], 'Mappings'),
    region,
    notice: options.notice,
    nameOf,
    knows: (name) =>
      name === 'AWS::NoValue' ||
      Object.hasOwn(pseudo, name) ||
      parameters.values.has(name) ||
      Object.hasOwn(resources, name) ||
      generatedResource(resources, name) !== undefined,
    ref(name, place) {
      if (name === 'AWS::NoValue') return undefined
      const known = pseudo[name] ?? parameters.values.get(name)
      if (parameters.fromSsm.has(name)) {
        scope.notice(`${place}: parameter ${name} is read from SSM on the cloud; its path stands in for its value.`)
      }
      if (known !== undefined) return known
      const resource = resourceAt(name, place)
      return resource.ref ?? refOf(resource)
    },
    attribute(id, attribute, place) {
      // `Fn.Alias` and `Api.Stage` are resources of SAM's own: a Ref in the clothes of an attribute.
      if (generatedResource(resources, `${id}.${attribute}`)) return scope.ref(`${id}.${attribute}`, place) ?? ''
      const resource = resourceAt(id, place)
      const outputs = attribute.startsWith('Outputs.') ? `${resource.name}-${attribute}` : undefined
      const value = outputs ?? attributeOf(resource, attribute)
      if (value === undefined) {
        throw invalid(
          `${file}: ${place} asks for ${id}.${attribute}; a resource of type ${resource.type} has no such attribute.`,
        )
      }
      return value
    },
    condition(name, place) {
      const value = conditions[name]
      if (value === undefined)
        throw invalid(`${file}: ${place} names condition ${name}, which Conditions does not have.`)
      return once(truths, name, `Conditions.${name}`, place, () => conditionValue(value, scope, `Conditions.${name}`))
    },
  }
  return scope
}
