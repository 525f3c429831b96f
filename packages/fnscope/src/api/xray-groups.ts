// GetGroups, GetGroup, CreateGroup, UpdateGroup, DeleteGroup, and the group that another request is about.
import { randomUUID } from 'node:crypto'
import type { TraceFilter } from '../query/filter/filter.ts'
import { invalid } from './xray-error.ts'
import { filterMember, filterOfText } from './xray-filter.ts'
import { DEFAULT_GROUP_NAME, groupFilterOf, groupsOf, type GroupsOptions } from './xray-group-list.ts'
import { booleanMember, nameMember, objectMember, refuseToken, textMember, type XrayBody } from './xray-request.ts'
import type { XrayGroup } from './xray-state.ts'
import { forgetTags, putNewTags, tagsMember } from './xray-tags.ts'

/** Beside the default one: the cloud's quota. */
const MAX_GROUPS = 25

export function getGroups(body: XrayBody, options: GroupsOptions): object {
  refuseToken(body)
  return { Groups: groupsOf(options).map(groupShape) }
}

export function getGroup(body: XrayBody, options: GroupsOptions): object {
  return { Group: groupShape(groupMember(body, options)) }
}

export function createGroup(body: XrayBody, options: GroupsOptions): object {
  const name = nameMember(body, 'GroupName', 32)
  const groups = groupsOf(options)
  if (groups.some((group) => group.name === name))
    throw invalid(`There is a group named ${JSON.stringify(name)} already.`)
  if (groups.length > MAX_GROUPS) {
    throw invalid(`There may be ${MAX_GROUPS} groups beside the default one: delete one first.`)
  }
  const { region, accountId, settings } = options
  const group = changedGroup(body, options, {
    name,
    arn: `arn:aws:xray:${region}:${accountId}:group/${name}/${randomUUID().replaceAll('-', '').toUpperCase()}`,
    filterExpression: '',
    insightsEnabled: false,
    notificationsEnabled: false,
  })
  const tags = tagsMember(body)
  settings.change({ groups: [...settings.current.groups, group] })
  putNewTags(settings, group.arn, tags)
  return { Group: groupShape(group) }
}

export function updateGroup(body: XrayBody, options: GroupsOptions): object {
  const before = groupMember(body, options)
  if (before.name === DEFAULT_GROUP_NAME && textMember(body, 'FilterExpression') !== undefined) {
    throw invalid('The default group has every trace: its FilterExpression cannot be changed.')
  }
  const group = changedGroup(body, options, before)
  const { settings } = options
  const known = settings.current.groups
  const isKnown = known.some(({ arn }) => arn === group.arn)
  settings.change({ groups: isKnown ? known.map((one) => (one.arn === group.arn ? group : one)) : [...known, group] })
  return { Group: groupShape(group) }
}

export function deleteGroup(body: XrayBody, options: GroupsOptions): object {
  const { name, arn } = groupMember(body, options)
  if (name === DEFAULT_GROUP_NAME) throw invalid('The default group cannot be deleted.')
  const { settings } = options
  settings.change({ groups: settings.current.groups.filter((group) => group.arn !== arn) })
  forgetTags(settings, arn)
  return {}
}

/** The group that GroupName or GroupARN says; one of them, not both. */
export function groupMember(body: XrayBody, options: GroupsOptions): XrayGroup {
  const group = optionalGroupMember(body, options)
  if (group === undefined) throw invalid('GroupName or GroupARN is missing.')
  return group
}

/** Undefined when the request names none. */
export function optionalGroupMember(body: XrayBody, options: GroupsOptions): XrayGroup | undefined {
  const name = textMember(body, 'GroupName')
  const arn = textMember(body, 'GroupARN')
  if (name === undefined && arn === undefined) return undefined
  if (name !== undefined && arn !== undefined) throw invalid('Name the group by GroupName or by GroupARN, not both.')
  const group = groupsOf(options).find((one) => one.name === name || one.arn === arn)
  if (group === undefined) throw invalid(`There is no group ${JSON.stringify(name ?? arn)}.`)
  return group
}

/** The traces that the request is about; undefined for all. */
export function groupTraces(body: XrayBody, options: GroupsOptions): TraceFilter | undefined {
  const text = optionalGroupMember(body, options)?.filterExpression ?? ''
  return filterOfText(text, { groupFilter: groupFilterOf(options) })
}

/** With what the request says of FilterExpression and InsightsConfiguration. */
function changedGroup(body: XrayBody, options: GroupsOptions, before: XrayGroup): XrayGroup {
  const filterExpression = textMember(body, 'FilterExpression') ?? before.filterExpression
  // A group that asks for itself by way of others is found as well: the name stands for the new expression already.
  const groupFilter = groupFilterOf(options)
  const isThis = (by: 'name' | 'arn', value: string): boolean => before[by] === value
  filterMember(
    { FilterExpression: filterExpression },
    { groupFilter: (by, value) => (isThis(by, value) ? filterExpression : groupFilter(by, value)) },
  )
  const insights = objectMember(body, 'InsightsConfiguration') ?? {}
  const insightsEnabled = booleanMember(insights, 'InsightsEnabled') ?? before.insightsEnabled
  const notificationsEnabled =
    booleanMember(insights, 'NotificationsEnabled') ?? (insightsEnabled && before.notificationsEnabled)
  if (notificationsEnabled && !insightsEnabled) {
    throw invalid('NotificationsEnabled needs InsightsEnabled.')
  }
  return { ...before, filterExpression, insightsEnabled, notificationsEnabled }
}

function groupShape(group: XrayGroup): object {
  return {
    GroupName: group.name,
    GroupARN: group.arn,
    ...(group.filterExpression === '' ? {} : { FilterExpression: group.filterExpression }),
    InsightsConfiguration: {
      InsightsEnabled: group.insightsEnabled,
      NotificationsEnabled: group.notificationsEnabled,
    },
  }
}
