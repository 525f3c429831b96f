// Subscription filters of log groups: kept and listed. log-subscriptions.ts delivers.
import type { JsonObject } from '../codec/json.ts'
import { booleanIn, textIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { filterPatternIn } from './filter-log-events.ts'
import type { LogGroup, LogGroups, SubscriptionFilter } from './log-groups.ts'
import { groupOf, invalidParameter, notFound, pageOf } from './log-names.ts'
import { ServiceError } from './service-error.ts'

const MAX_FILTERS = 2
const NAME = /^[^:*]{1,512}$/
const ARN = /^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/
const UNSUPPORTED = ['fieldSelectionCriteria', 'emitSystemFields']

export function subscriptionFilters(groups: LogGroups): Readonly<Record<string, AwsOperation>> {
  const groupIn = (input: JsonObject): readonly [name: string, group: LogGroup] => {
    const { name, found } = groupOf(input, groups)
    if (found === undefined) throw notFound('log group')
    return [name, found]
  }
  return {
    PutSubscriptionFilter: ({ input }) => {
      const filter = filterIn(input)
      const [, group] = groupIn(input)
      const others = group.subscriptionFilters.filter(({ name }) => name !== filter.name)
      if (others.length >= MAX_FILTERS) throw new ServiceError('LimitExceededException', 'Resource limit exceeded.')
      const before = group.subscriptionFilters.find(({ name }) => name === filter.name)
      groups.setSubscriptionFilters(group, [...others, { ...filter, creationMs: before?.creationMs ?? groups.nowMs() }])
      return undefined
    },
    DescribeSubscriptionFilters: ({ input }) => {
      const [logGroupName, group] = groupIn(input)
      const prefix = textIn(input, 'filterNamePrefix') ?? ''
      const matching = group.subscriptionFilters
        .filter(({ name }) => name.startsWith(prefix))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const [page, token] = pageOf(matching, input, ({ name }) => name)
      return {
        subscriptionFilters: page.map(({ name, pattern, creationMs, ...filter }) => ({
          filterName: name,
          logGroupName,
          filterPattern: pattern,
          ...filter,
          creationTime: creationMs,
        })),
        ...token,
      }
    },
    DeleteSubscriptionFilter: ({ input }) => {
      const name = nameIn(input)
      const [, group] = groupIn(input)
      const left = group.subscriptionFilters.filter((filter) => filter.name !== name)
      if (left.length === group.subscriptionFilters.length)
        throw new ServiceError('ResourceNotFoundException', 'The specified subscription filter does not exist.')
      groups.setSubscriptionFilters(group, left)
      return undefined
    },
  }
}

function nameIn(input: JsonObject): string {
  const name = textIn(input, 'filterName')
  if (name === undefined || !NAME.test(name))
    throw invalidParameter(
      "1 validation error detected: Value at 'filterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*",
    )
  return name
}

function filterIn(input: JsonObject): Omit<SubscriptionFilter, 'creationMs'> {
  for (const name of UNSUPPORTED)
    if (input[name] !== undefined) throw invalidParameter(`${name} is not supported by fnscope.`)
  if (booleanIn(input, 'applyOnTransformedLogs') === true)
    throw invalidParameter('applyOnTransformedLogs is not supported by fnscope.')
  const destinationArn = textIn(input, 'destinationArn')
  if (destinationArn === undefined || !ARN.test(destinationArn))
    throw invalidParameter('destinationArn cannot be parsed as an ARN.')
  const pattern = textIn(input, 'filterPattern')
  if (pattern === undefined) throw invalidParameter('filterPattern is required; an empty one fits every event.')
  filterPatternIn(input)
  const distribution = textIn(input, 'distribution') ?? 'ByLogStream'
  if (distribution !== 'Random' && distribution !== 'ByLogStream')
    throw invalidParameter(
      `1 validation error detected: Value '${distribution}' at 'distribution' failed to satisfy constraint: Member must satisfy enum value set: [Random, ByLogStream]`,
    )
  const roleArn = textIn(input, 'roleArn')
  return { name: nameIn(input), pattern, destinationArn, ...(roleArn === undefined ? {} : { roleArn }), distribution }
}
