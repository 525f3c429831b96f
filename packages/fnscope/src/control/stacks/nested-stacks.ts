// A stack within a stack, as a record of its own: where it is found, what it is at the beginning, and whether an update of
// the stack that holds it has anything to do there.
import { isNoEcho } from '../../deploy/parameters.ts'
import type { Stack } from '../../deploy/stack.ts'
import { isList, mapAt, spell } from '../../deploy/template-value.ts'
import { stackChanges } from './stack-diff.ts'
import { blankStack, type StackRecord } from './stack-record.ts'
import type { StackStore } from './stack-store.ts'

/** The stack that a chain of resources leads to. */
export function nestedAt(root: Stack, path: readonly string[]): Stack {
  return path.reduce((stack, logicalId) => {
    const nested = stack.nested.get(logicalId)
    if (nested === undefined) throw new Error(`${stack.name} has no nested stack ${logicalId}`)
    return nested
  }, root)
}

/** Undefined also for one that was deleted. */
export function liveNested(store: StackStore, id: string): StackRecord | undefined {
  const found = store.find(id)
  return found?.deletedMs === undefined && found?.parentId !== undefined ? found : undefined
}

/** The outermost stack that a nested one is in, and the logical ids that lead there. Undefined: it is not nested. */
export function nestedPlace(
  store: StackStore,
  id: string,
): { readonly root: StackRecord; readonly path: readonly string[] } | undefined {
  const parentId = liveNested(store, id)?.parentId
  if (parentId === undefined) return undefined
  const parent = store.get(parentId)
  const holder = parent.resources.find(({ physicalId }) => physicalId === id)
  if (holder === undefined) throw new Error(`${parentId} does not hold ${id}`)
  const above = nestedPlace(store, parentId) ?? { root: parent, path: [] }
  return { root: above.root, path: [...above.path, holder.logicalId] }
}

/** Whether it is nested in the other one, at whatever depth. */
export function isBelow(store: StackStore, { parentId }: StackRecord, other: string): boolean {
  if (parentId === undefined) return false
  const parent = store.find(parentId)
  return parentId === other || (parent !== undefined && isBelow(store, parent, other))
}

export function newNested(stack: Stack, parent: StackRecord): StackRecord {
  return {
    ...blankStack(stack.id, stack.name),
    createdMs: Date.now(),
    status: 'CREATE_IN_PROGRESS',
    parentId: parent.id,
    rootId: parent.rootId ?? parent.id,
    tags: parent.tags,
    capabilities: parent.capabilities,
    notificationArns: parent.notificationArns,
    disableRollback: parent.disableRollback,
  }
}

/** What a record says of the template that it was made from. */
export function describedBy({
  options,
  template,
}: Stack): Pick<StackRecord, 'template' | 'parameters' | 'description'> {
  const { template: text } = options
  const description = template.source['Description']
  const declared = mapAt(template.source['Parameters'], 'Parameters')
  return {
    template: typeof text === 'string' ? text : JSON.stringify(text),
    parameters: [...template.parameters.values].map(([key, value]) => ({
      key,
      value: isList(value) ? value.map(spell).join(',') : spell(value),
      ...(isNoEcho(mapAt(declared[key], key)) && { noEcho: true }),
    })),
    ...(description !== undefined && { description: spell(description) }),
  }
}

/** Its template may lie where the last one lay, so that no property of the resource that holds it differs. */
export function nestedDiffers(store: StackStore, stack: Stack): boolean {
  const record = liveNested(store, stack.id)
  return (
    record === undefined ||
    record.template !== describedBy(stack).template ||
    stackChanges(record.resources, stack.resources).length > 0 ||
    anyNestedDiffers(store, stack)
  )
}

export function anyNestedDiffers(store: StackStore, { nested }: Stack): boolean {
  return [...nested.values()].some((one) => nestedDiffers(store, one))
}
