// CloudWatch Logs (JSON 1.1, Logs_20140328): its table of operations, and what lists groups and streams.
import type { JsonObject } from '../codec/json.ts'
import { booleanIn, numberIn, textIn, textsIn } from './aws-input.ts'
import type { AwsOperation, AwsService } from './aws-service.ts'
import { filterLogEvents, getLogEvents } from './filter-log-events.ts'
import { insightsOperations, type InsightsOptions } from './insights-queries.ts'
import { logFields } from './log-fields.ts'
import type { LogGroup, LogStream } from './log-groups.ts'
import { groupNameIn, groupOf, invalidParameter, notFound, pageOf, streamNameIn } from './log-names.ts'
import type { LiveTail } from './live-tail.ts'
import { logTags } from './log-tags.ts'
import { metricFilters, type MetricFiltersOptions } from './metric-filters.ts'
import { nextToken, putLogEvents, type PutLogEventsOptions } from './put-log-events.ts'
import { ServiceError } from './service-error.ts'
import { subscriptionFilters } from './subscription-filters.ts'

export interface LogsOptions extends PutLogEventsOptions, InsightsOptions, MetricFiltersOptions {
  readonly liveTail: Pick<LiveTail, 'start'>
  /** Deletes lines of a group or of one of its streams, those too that are still on their way to the store. */
  readonly deleteLines: (group: string, stream?: string) => Promise<void>
  /** A group's retention is another one now. */
  readonly onRetention: () => void
  readonly region: string
}

/** The cloud's own choice of days. */
const RETENTION_DAYS = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
])

export function logsService(options: LogsOptions): AwsService {
  const { groups } = options
  const withGroup =
    (work: (group: LogGroup, input: JsonObject) => object | undefined): AwsOperation =>
    ({ input }) => {
      const { found } = groupOf(input, groups)
      if (found === undefined) throw notFound('log group')
      return work(found, input)
    }
  return {
    target: 'Logs_20140328',
    namespace: 'com.amazonaws.cloudwatchlogs',
    operations: {
      PutLogEvents: putLogEvents(options),
      CreateLogGroup: ({ input }) => {
        if (!groups.createGroup(groupNameIn(input), textsIn(input, 'tags'))) throw exists('log group')
        return undefined
      },
      CreateLogStream: withGroup((group, input) => {
        if (!groups.createStream(group, streamNameIn(input))) throw exists('log stream')
        return undefined
      }),
      DeleteLogGroup: async ({ input }) => {
        const { name, found } = groupOf(input, groups)
        if (found === undefined) throw notFound('log group')
        await options.deleteLines(name)
        groups.deleteGroup(name)
        return undefined
      },
      DeleteLogStream: async ({ input }) => {
        const { name, found } = groupOf(input, groups)
        const stream = streamNameIn(input)
        if (found === undefined) throw notFound('log group')
        if (!found.streams.has(stream)) throw notFound('log stream')
        await options.deleteLines(name, stream)
        groups.deleteStream(found, stream)
        return undefined
      },
      PutRetentionPolicy: withGroup((group, input) => {
        const days = numberIn(input, 'retentionInDays')
        if (days === undefined || !RETENTION_DAYS.has(days))
          throw invalidParameter(
            `1 validation error detected: Value '${days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${[...RETENTION_DAYS].join(', ')}]`,
          )
        groups.setRetention(group, days)
        options.onRetention()
        return undefined
      }),
      DeleteRetentionPolicy: withGroup((group) => {
        groups.setRetention(group, undefined)
        return undefined
      }),
      DescribeLogGroups: ({ input }) => describeGroups(input, options),
      DescribeLogStreams: ({ input }) => describeStreams(input, options),
      FilterLogEvents: filterLogEvents(options),
      GetLogEvents: getLogEvents(options),
      StartLiveTail: options.liveTail.start,
      ...insightsOperations(options),
      ...subscriptionFilters(groups),
      ...metricFilters(options),
      ...logTags(groups),
      ...logFields(options),
    },
  }
}

function exists(what: string): ServiceError {
  return new ServiceError('ResourceAlreadyExistsException', `The specified ${what} already exists`)
}

function describeGroups(input: JsonObject, options: LogsOptions): object {
  const prefix = textIn(input, 'logGroupNamePrefix')
  const pattern = textIn(input, 'logGroupNamePattern')
  if (prefix !== undefined && pattern !== undefined)
    throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.')
  const matching = options.groups
    .list()
    .filter(([name]) => name.startsWith(prefix ?? '') && name.toLowerCase().includes(pattern?.toLowerCase() ?? ''))
  const [page, token] = pageOf(matching, input, ([name]) => name)
  return { logGroups: page.map(([name, group]) => describedGroup(name, group, options)), ...token }
}

function describedGroup(name: string, group: LogGroup, options: LogsOptions): object {
  const arn = arnOf(name, options)
  return {
    logGroupName: name,
    creationTime: group.creationMs,
    ...(group.retentionDays === undefined ? {} : { retentionInDays: group.retentionDays }),
    metricFilterCount: metricFilterCount(name, group, options),
    arn: `${arn}:*`,
    logGroupArn: arn,
    storedBytes: group.storedBytes,
    logGroupClass: 'STANDARD',
  }
}

function metricFilterCount(name: string, { metricFilters: put }: LogGroup, { declared }: LogsOptions): number {
  const names = declared.list().flatMap(({ logGroup, filterName }) => (logGroup === name ? [filterName] : []))
  return new Set([...names, ...put.map((filter) => filter.name)]).size
}

function describeStreams(input: JsonObject, options: LogsOptions): object {
  const { name, found } = groupOf(input, options.groups)
  if (found === undefined) throw notFound('log group')
  const prefix = textIn(input, 'logStreamNamePrefix') ?? ''
  const orderBy = textIn(input, 'orderBy') ?? 'LogStreamName'
  if (orderBy !== 'LogStreamName' && orderBy !== 'LastEventTime')
    throw invalidParameter(
      `1 validation error detected: Value '${orderBy}' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LogStreamName, LastEventTime]`,
    )
  if (orderBy === 'LastEventTime' && prefix !== '')
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
  const key = (one: readonly [string, LogStream]): string =>
    orderBy === 'LogStreamName' ? one[0] : `${String(one[1].lastEventMs ?? 0).padStart(16, '0')} ${one[0]}`
  const matching = [...found.streams]
    .filter(([stream]) => stream.startsWith(prefix))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
  if (booleanIn(input, 'descending') === true) matching.reverse()
  const [page, token] = pageOf(matching, input, key)
  return { logStreams: page.map(([stream, times]) => describedStream(name, [stream, times], options)), ...token }
}

function describedStream(
  group: string,
  [name, stream]: readonly [string, LogStream],
  { now, ...options }: LogsOptions,
): object {
  const { creationMs, firstEventMs, lastEventMs, lastIngestionMs } = stream
  return {
    logStreamName: name,
    creationTime: creationMs,
    firstEventTimestamp: firstEventMs,
    lastEventTimestamp: lastEventMs,
    lastIngestionTime: lastIngestionMs,
    uploadSequenceToken: nextToken(now()),
    arn: `${arnOf(group, options)}:log-stream:${name}`,
    storedBytes: 0,
  }
}

function arnOf(group: string, { region, accountId }: Pick<LogsOptions, 'region' | 'accountId'>): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${group}`
}
