// What the names of one template mean: parameters, pseudo parameters, conditions, and every resource's Ref and GetAtt.
// A resource's own name may itself be computed, so names are resolved on first use and cycles are caught there.
import { conditionValue, resolveValue, textOf, type Scope } from './intrinsics.ts'
import { resolveDynamic } from './dynamic-reference.ts'
import type { Lookups } from './lookups.ts'
import type { ParameterValues } from './parameters.ts'
import { apiIdOf, lowerId, physicalName, stableUuid, type NameSeed } from './physical-name.ts'
import { attributeOf, attributesOf, nameRuleOf, ownName, refOf, type NamedResource } from './resource-values.ts'
import type { ExpandedTemplate } from './sam/expand.ts'
import { invalid, mapAt, STACK_TYPE, type TemplateMap, type TemplateValue, typeOf } from './template-value.ts'

export interface ScopeOptions {
  readonly file: string
  readonly seed: NameSeed
  readonly region: string
  readonly accountId: string
  /** AWS::StackId; derived from the seed when absent. */
  readonly stackId?: string
  readonly parameters: ParameterValues
  readonly expanded: ExpandedTemplate
  readonly lookups?: Lookups
  /** An output of a nested stack. */
  readonly nestedOutput?: (logicalId: string, output: string, place: string) => TemplateValue | undefined
  readonly notice: (text: string) => void
}

export interface TemplateScope extends Scope {
  /** Physical name of an explicit or generated resource. */
  nameOf(logicalId: string, place: string): string
  /** What Ref gives: for most types the physical id. */
  physicalIdOf(logicalId: string): string
  /** Every attribute that fnscope knows its type to have. */
  attributesOf(logicalId: string): Record<string, string>
  /** Names that importValue was asked for until now. */
  readonly imports: ReadonlySet<string>
  /** A parameter, pseudo parameter, resource, or something the transform makes. */
  knows(name: string): boolean
  /** Carries `work` out and says which resources it referred to. */
  recorded<Result>(work: () => Result): { readonly result: Result; readonly refers: ReadonlySet<string> }
}

export function partitionOf(region: string): { readonly partition: string; readonly urlSuffix: string } {
  if (region.startsWith('cn-')) return { partition: 'aws-cn', urlSuffix: 'amazonaws.com.cn' }
  if (region.startsWith('us-gov-')) return { partition: 'aws-us-gov', urlSuffix: 'amazonaws.com' }
  return { partition: 'aws', urlSuffix: 'amazonaws.com' }
}

/** ARN of a stack: derived, so that it is the same on every run. */
export function stackIdOf(seed: NameSeed, at: { readonly region: string; readonly accountId: string }): string {
  const { partition } = partitionOf(at.region)
  return `arn:${partition}:cloudformation:${at.region}:${at.accountId}:stack/${seed.stack}/${lowerId(seed, 'AWS::StackId', 12)}`
}

/** `template` for its Mappings and Conditions; its resources are the expanded ones. */
export function openScope(template: TemplateMap, options: ScopeOptions): TemplateScope {
  const { file, seed, region, accountId, parameters, expanded } = options
  const { partition, urlSuffix } = partitionOf(region)
  const { resources, renamed } = expanded
  const stackId = options.stackId ?? stackIdOf(seed, { region, accountId })
  const conditions = mapAt(template['Conditions'], 'Conditions')
  const pseudo: Readonly<Record<string, TemplateValue>> = {
    'AWS::AccountId': accountId,
    'AWS::NotificationARNs': [],
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::StackId': stackId,
    'AWS::StackName': seed.stack,
    'AWS::URLSuffix': urlSuffix,
  }
  const names = new Map<string, string>()
  const truths = new Map<string, boolean>()
  const imports = new Set<string>()
  const open: string[] = []
  let recording: Set<string> | undefined

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
      const type = typeOf(resource)
      const rule = nameRuleOf(type)
      const own = ownName(type, mapAt(resource?.['Properties'], `Resources.${id}.Properties`))
      const at = `Resources.${id}.Properties.${rule.nameProperty}`
      const value = own === undefined ? undefined : resolveValue(own, scope, at)
      if (value !== undefined) return textOf(value, at)
      const name = physicalName(seed, id, rule.maxLength)
      return rule.lowerCase ? name.toLowerCase() : name
    })
  }

  function resourceAt(given: string, place: string): NamedResource {
    const id = renamed.get(given) ?? given
    const resource = resources[id]
    if (resource === undefined) {
      const near = [...parameters.values.keys(), ...Object.keys(resources)].filter(
        (name) => name.toLowerCase() === id.toLowerCase(),
      )
      const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''
      throw invalid(`${file}: ${place} refers to ${id}, which is no parameter and no resource of this template.${hint}`)
    }
    recording?.add(id)
    const type = typeOf(resource)
    const properties = mapAt(resource['Properties'], `Resources.${id}.Properties`)
    return {
      logicalId: id,
      type,
      name: nameOf(id, place),
      id: type === 'AWS::Lambda::Url' ? lowerId(seed, id, 32) : apiIdOf(seed, id),
      // A nested stack is another one in each stack that holds it.
      uuid: stableUuid(type === STACK_TYPE ? { ...seed, appDir: stackId } : seed, id),
      region,
      accountId,
      partition,
      urlSuffix,
      property: (key) => {
        const value = properties[key]
        return value === undefined ? undefined : resolveValue(value, scope, `Resources.${id}.Properties.${key}`)
      },
    }
  }

  function fromSsm(name: string, path: string, place: string): string {
    const value = options.lookups?.ssmParameter?.(path)
    if (value !== undefined) return value
    scope.notice(`${place}: parameter ${name} is read from SSM on the cloud; its path stands in for its value.`)
    return path
  }

  const scope: TemplateScope = {
    mappings: mapAt(template['Mappings'], 'Mappings'),
    region,
    notice: options.notice,
    nameOf: (id, place) => nameOf(renamed.get(id) ?? id, place),
    physicalIdOf: (id) => options.lookups?.physicalId?.(id) ?? refOf(resourceAt(id, `Resources.${id}`)),
    attributesOf: (id) => attributesOf(resourceAt(id, `Resources.${id}`)),
    knows: (name) =>
      name === 'AWS::NoValue' ||
      Object.hasOwn(pseudo, name) ||
      parameters.values.has(name) ||
      Object.hasOwn(resources, name) ||
      renamed.has(name),
    recorded(work) {
      const before = recording
      const refers = new Set<string>()
      recording = refers
      try {
        return { result: work(), refers }
      } finally {
        recording = before
      }
    },
    ref(name, place) {
      if (name === 'AWS::NoValue') return undefined
      const known = pseudo[name] ?? parameters.values.get(name)
      if (known === undefined) {
        const resource = resourceAt(name, place)
        return options.lookups?.physicalId?.(resource.logicalId) ?? refOf(resource)
      }
      return parameters.fromSsm.has(name) ? fromSsm(name, textOf(known, place), place) : known
    },
    attribute(id, attribute, place) {
      // `Fn.Alias` and `Api.Stage` are resources of SAM's own: a Ref in the clothes of an attribute.
      if (renamed.has(`${id}.${attribute}`)) return scope.ref(`${id}.${attribute}`, place) ?? ''
      const [part, ...rest] = attribute.split('.')
      if (rest.length > 0 && renamed.has(`${id}.${part}`))
        return scope.attribute(`${id}.${part}`, rest.join('.'), place)
      const resource = resourceAt(id, place)
      if (attribute.startsWith('Outputs.')) {
        const output = attribute.slice('Outputs.'.length)
        return options.nestedOutput?.(resource.logicalId, output, place) ?? `${resource.name}-${attribute}`
      }
      const value = options.lookups?.attribute?.(resource.logicalId, attribute) ?? attributeOf(resource, attribute)
      if (value === undefined) {
        throw invalid(
          `Template error: resource ${id} does not support attribute type ${attribute} in Fn::GetAtt. ` +
            `${file}: ${place} asks for ${id}.${attribute}; a resource of type ${resource.type} has no such attribute.`,
        )
      }
      return value
    },
    condition(name, place) {
      const value = conditions[name]
      if (value === undefined)
        throw invalid(
          `Template format error: Unresolved condition dependency ${name} in the ${place.split('.')[0]} block of the ` +
            `template. ${file}: ${place} names condition ${name}, which Conditions does not have.`,
        )
      return once(truths, name, `Conditions.${name}`, place, () => conditionValue(value, scope, `Conditions.${name}`))
    },
    imports,
    importValue(name, place) {
      imports.add(name)
      const value = options.lookups?.importValue?.(name)
      if (value !== undefined) return value
      scope.notice(`${place}: Fn::ImportValue "${name}" belongs to another stack; its name stands in for its value.`)
      return name
    },
    dynamic: (text, place) => resolveDynamic(text, { lookups: options.lookups ?? {}, notice: scope.notice, place }),
  }
  return scope
}
