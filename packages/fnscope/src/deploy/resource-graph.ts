// Every resource of an open template with its properties resolved, in the order in which they can be made. What fnscope
// runs of them is decided elsewhere; this is what a stack consists of.
import { resolveValue } from './intrinsics.ts'
import { isEmulated } from './emulated-types.ts'
import type { OpenTemplate } from './open-template.ts'
import { invalid, isList, isMap, mapAt, type TemplateMap, typeOf } from './template-value.ts'

export interface StackResource {
  readonly logicalId: string
  readonly type: string
  /** What Ref gives. */
  readonly physicalId: string
  readonly properties: TemplateMap
  /** What GetAtt gives, those that fnscope knows. */
  readonly attributes: Readonly<Record<string, string>>
  /** Logical ids that must exist before it. */
  readonly dependsOn: readonly string[]
  readonly deletionPolicy: string
  readonly updateReplacePolicy: string
  readonly metadata: TemplateMap
  /** False: accepted and listed, does nothing here. */
  readonly emulated: boolean
}

/** @throws FnscopeError FNS_TEMPLATE_INVALID for a circle, in CloudFormation's words, and for what cannot be resolved */
export function resourceGraph(template: OpenTemplate): StackResource[] {
  const { resources, scope } = template
  const all = new Map<string, StackResource>()
  for (const [id, resource] of Object.entries(resources)) {
    const place = `Resources.${id}.Properties`
    const { result, refers } = scope.recorded(() => resolveValue(resource['Properties'] ?? {}, scope, place))
    const needs = new Set([...refers, ...explicitNeeds(template, id)])
    all.set(id, {
      logicalId: id,
      type: typeOf(resource),
      physicalId: scope.physicalIdOf(id),
      properties: isMap(result) ? result : {},
      attributes: scope.attributesOf(id),
      dependsOn: [...needs].filter((need) => Object.hasOwn(resources, need)),
      deletionPolicy: policyOf(template, id, 'DeletionPolicy'),
      updateReplacePolicy: policyOf(template, id, 'UpdateReplacePolicy'),
      metadata: mapAt(resource['Metadata'], `Resources.${id}.Metadata`),
      emulated: isEmulated(typeOf(resource)),
    })
  }
  return inOrder(all, template.file)
}

// Language extensions allow it to be computed.
function policyOf({ resources, scope }: OpenTemplate, id: string, key: string): string {
  const raw = resources[id]?.[key]
  const value = raw === undefined ? undefined : resolveValue(raw, scope, `Resources.${id}.${key}`)
  return typeof value === 'string' ? value : 'Delete'
}

function explicitNeeds({ resources, renamed, scope, file }: OpenTemplate, id: string): string[] {
  const raw = resources[id]?.['DependsOn']
  if (raw === undefined || raw === null) return []
  return (isList(raw) ? raw : [raw]).map((item) => {
    const place = `${file}: Resources.${id}.DependsOn`
    if (typeof item !== 'string') throw invalid(`${place} must be a logical id or a list of them.`)
    const name = renamed.get(item) ?? item
    if (!scope.knows(name)) {
      throw invalid(
        `Template format error: Unresolved resource dependencies [${item}] in the Resources block of the template (${place}).`,
      )
    }
    return name
  })
}

function inOrder(all: ReadonlyMap<string, StackResource>, file: string): StackResource[] {
  const done = new Set<string>()
  const path: string[] = []
  const ordered: StackResource[] = []
  const visit = (id: string): void => {
    if (done.has(id)) return
    if (path.includes(id)) throw circle([...path.slice(path.indexOf(id)), id], file)
    path.push(id)
    const resource = all.get(id)!
    for (const need of resource.dependsOn) visit(need)
    path.pop()
    done.add(id)
    ordered.push(resource)
  }
  for (const id of all.keys()) visit(id)
  return ordered
}

function circle(path: readonly string[], file: string): Error {
  const members = [...new Set(path)].sort().join(', ')
  return invalid(
    `Circular dependency between resources: [${members}]. ${file}: ${path.join(' → ')}; take one of these references out.`,
  )
}
