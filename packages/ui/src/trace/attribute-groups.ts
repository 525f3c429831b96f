// Attributes of one span in the blocks that people look for: HTTP, SQL, AWS, messaging, and the rest.
import type { ConsoleSpanDetail } from '../../../fnscope/src/api/console-trace-types.ts'

export interface AttributeGroup {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

const GROUPS: readonly (readonly [name: string, keys: RegExp])[] = [
  ['HTTP', /^(http|url|user_agent|client|server|network|net)[._]/],
  ['SQL', /^(db|sql)[._]/],
  ['AWS', /^(aws|cloud|faas|lambda)[._]/],
  ['Messaging', /^(messaging|rpc)[._]/],
]

/** Without what is shown elsewhere (annotations); empty groups are left out. */
export function attributeGroups({
  http,
  attributes,
  annotations,
}: Pick<ConsoleSpanDetail, 'http' | 'attributes' | 'annotations'>): AttributeGroup[] {
  const groups = new Map<string, Record<string, unknown>>(GROUPS.map(([name]) => [name, {}]))
  groups.set('Attributes', {})
  Object.assign(groups.get('HTTP')!, http)
  for (const [key, value] of Object.entries(attributes)) {
    if (Object.hasOwn(annotations, key)) continue
    const name = GROUPS.find(([, keys]) => keys.test(key))?.[0] ?? 'Attributes'
    groups.get(name)![key] = value
  }
  return [...groups].flatMap(([name, values]) => (Object.keys(values).length === 0 ? [] : [{ name, values }]))
}
