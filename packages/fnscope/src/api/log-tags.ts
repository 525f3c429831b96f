// Tags of log groups, by the operations of today and by those before them.
import type { JsonObject } from '../codec/json.ts'
import { listIn, textIn, textsIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import type { LogGroup, LogGroups } from './log-groups.ts'
import { groupNameIn, invalidParameter, notFound } from './log-names.ts'
import { ServiceError } from './service-error.ts'

const MAX_TAGS = 50

export function logTags(groups: LogGroups): Readonly<Record<string, AwsOperation>> {
  const byName = (input: JsonObject): LogGroup => existing(groups, groupNameIn(input))
  const byArn = (input: JsonObject): LogGroup => {
    const name = /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]+)(:\*)?$/.exec(textIn(input, 'resourceArn') ?? '')?.[1]
    if (name === undefined) throw invalidParameter('resourceArn must be the ARN of a log group.')
    return existing(groups, name)
  }
  const list =
    (groupIn: (input: JsonObject) => LogGroup): AwsOperation =>
    ({ input }) => ({ tags: groupIn(input).tags })
  const add =
    (groupIn: (input: JsonObject) => LogGroup): AwsOperation =>
    ({ input }) => {
      const group = groupIn(input)
      const tags = { ...group.tags, ...textsIn(input, 'tags') }
      if (Object.keys(tags).length > MAX_TAGS)
        throw new ServiceError('TooManyTagsException', `A log group may have at most ${MAX_TAGS} tags.`)
      groups.setTags(group, tags)
      return undefined
    }
  const remove =
    (groupIn: (input: JsonObject) => LogGroup, member: string): AwsOperation =>
    ({ input }) => {
      const group = groupIn(input)
      const keys = new Set(listIn(input, member))
      groups.setTags(group, Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.has(key))))
      return undefined
    }
  return {
    ListTagsForResource: list(byArn),
    TagResource: add(byArn),
    UntagResource: remove(byArn, 'tagKeys'),
    ListTagsLogGroup: list(byName),
    TagLogGroup: add(byName),
    UntagLogGroup: remove(byName, 'tags'),
  }
}

function existing(groups: LogGroups, name: string): LogGroup {
  const found = groups.find(name)
  if (found === undefined) throw notFound('log group')
  return found
}
