// Which groups there are: those that were made, and the default one, which has every trace.
import type { ParseOptions } from '../query/filter/filter.ts'
import type { XrayGroup, XraySettings } from './xray-state.ts'

export interface GroupsOptions {
  readonly settings: XraySettings
  readonly region: string
  readonly accountId: string
}

export const DEFAULT_GROUP_NAME = 'Default'

/** The default one first, the others as they were made. */
export function groupsOf({ settings, region, accountId }: GroupsOptions): XrayGroup[] {
  const { groups } = settings.current
  const changed = groups.find(({ name }) => name === DEFAULT_GROUP_NAME)
  const first = changed ?? {
    name: DEFAULT_GROUP_NAME,
    arn: `arn:aws:xray:${region}:${accountId}:group/${DEFAULT_GROUP_NAME}`,
    filterExpression: '',
    // They cost nothing until they are asked for.
    insightsEnabled: true,
    notificationsEnabled: false,
  }
  return [first, ...groups.filter((group) => group !== changed)]
}

/** What `group.name` and `group.arn` of a filter expression stand for. */
export function groupFilterOf(options: GroupsOptions): NonNullable<ParseOptions['groupFilter']> {
  return (by, value) => groupsOf(options).find((group) => group[by] === value)?.filterExpression
}
