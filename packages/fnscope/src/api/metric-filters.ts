// Metric filters of log groups: put, listed, tried, deleted. log-metrics.ts records what they find.
import { CLOUDWATCH_UNITS } from '../codec/cloudwatch-units.ts'
import type { JsonObject } from '../codec/json.ts'
import type { MetricFilterSpec, MetricTransformation } from '../functions/trigger-spec.ts'
import type { FilterPattern } from '../query/logs/filter-pattern.ts'
import { PatternError } from '../query/logs/pattern-error.ts'
import { withinMs } from '../query/logs/within.ts'
import { booleanIn, listIn, numberIn, objectsIn, textIn, textsIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { filterPatternIn, patternFailure } from './filter-log-events.ts'
import type { LogGroups, MetricFilter } from './log-groups.ts'
import { groupNameIn, groupOf, invalidParameter, notFound, pageOf } from './log-names.ts'
import { metricReader } from './log-metrics.ts'
import { ServiceError } from './service-error.ts'

export interface MetricFiltersOptions {
  readonly groups: LogGroups
  readonly declared: DeclaredMetricFilters
}

/** Those of templates that are deployed now. */
export interface DeclaredMetricFilters {
  readonly list: () => readonly MetricFilterSpec[]
  /** Until the template is deployed again. False: there is none. */
  readonly remove: (logGroup: string, filterName: string) => boolean
}

const MAX_FILTERS = 100
const MAX_REGEXES = 2
const MAX_GROUP_REGEXES = 5
const MAX_DIMENSIONS = 3
const MAX_TRIED = 50
const TRY_MS = 1000
const NAME = /^[^:*]{1,512}$/
const METRIC_NAME = /^[^:*$]{1,255}$/
const UNSUPPORTED = ['fieldSelectionCriteria', 'emitSystemFieldDimensions']

interface Shown extends MetricFilter {
  readonly logGroupName: string
}

export function metricFilters({ groups, declared }: MetricFiltersOptions): Readonly<Record<string, AwsOperation>> {
  return {
    PutMetricFilter: ({ input }) => {
      const { filter, regexes } = filterIn(input)
      const { found: group } = groupOf(input, groups)
      if (group === undefined) throw notFound('log group')
      const others = group.metricFilters.filter(({ name }) => name !== filter.name)
      const used = others.reduce((sum, { pattern }) => sum + regexesOf(pattern), regexes)
      if (others.length >= MAX_FILTERS || (regexes > 0 && used > MAX_GROUP_REGEXES))
        throw new ServiceError('LimitExceededException', 'Resource limit exceeded.')
      const before = group.metricFilters.find(({ name }) => name === filter.name)
      groups.setMetricFilters(group, [...others, { ...filter, creationMs: before?.creationMs ?? groups.nowMs() }])
      return undefined
    },
    DescribeMetricFilters: ({ input }) => {
      const [metricName, namespace] = [textIn(input, 'metricName'), textIn(input, 'metricNamespace')]
      if ((metricName === undefined) !== (namespace === undefined))
        throw invalidParameter('metricName and metricNamespace must be given together.')
      const isNamed = textIn(input, 'logGroupName') !== undefined
      const only = isNamed ? groupNameIn(input) : undefined
      const prefix = textIn(input, 'filterNamePrefix') ?? ''
      const all = shown(groups, declared.list())
      if (
        only !== undefined &&
        groups.find(only) === undefined &&
        !all.some(({ logGroupName }) => logGroupName === only)
      )
        throw notFound('log group')
      const matching = all.filter(
        ({ name, logGroupName, transformation }) =>
          name.startsWith(prefix) &&
          (only === undefined || logGroupName === only) &&
          (metricName === undefined ||
            (transformation.metricName === metricName && transformation.metricNamespace === namespace)),
      )
      const [page, token] = pageOf(matching, input, ({ logGroupName, name }) => `${logGroupName}:${name}`)
      return {
        metricFilters: page.map(({ name, pattern, transformation, creationMs, logGroupName }) => ({
          filterName: name,
          filterPattern: pattern,
          metricTransformations: [transformation],
          creationTime: creationMs,
          logGroupName,
          applyOnTransformedLogs: false,
        })),
        ...token,
      }
    },
    DeleteMetricFilter: ({ input }) => {
      const name = nameIn(input)
      const { name: logGroup, found } = groupOf(input, groups)
      const left = found?.metricFilters.filter((filter) => filter.name !== name) ?? []
      const wasPut = found !== undefined && left.length < found.metricFilters.length
      if (wasPut) groups.setMetricFilters(found, left)
      const wasDeclared = declared.remove(logGroup, name)
      if (wasPut || wasDeclared) return undefined
      if (found === undefined) throw notFound('log group')
      throw new ServiceError('ResourceNotFoundException', 'The specified metric filter does not exist.')
    },
    TestMetricFilter: ({ input }) => {
      const pattern = filterPatternIn(input)
      const messages = (listIn(input, 'logEventMessages') ?? []).map(String)
      if (messages.length === 0 || messages.length > MAX_TRIED)
        throw invalidParameter(`logEventMessages must be 1 to ${MAX_TRIED} texts.`)
      return { matches: tried(() => messages.flatMap((message, index) => matchOf(pattern, message, index))) }
    },
  }
}

function matchOf(pattern: FilterPattern, eventMessage: string, index: number): object[] {
  if (!pattern.matches(eventMessage)) return []
  const extractedValues = Object.fromEntries(pattern.values?.extract(eventMessage) ?? [])
  return [{ eventNumber: index + 1, eventMessage, extractedValues }]
}

function tried<Result>(work: () => Result): Result {
  try {
    return withinMs(TRY_MS, work)
  } catch (error) {
    throw patternFailure(error)
  }
}

/** Put ones, and those of templates: one that was put under a template's name replaces it. By group and name. */
function shown(groups: Pick<LogGroups, 'list'>, declared: readonly MetricFilterSpec[]): readonly Shown[] {
  const all = new Map<string, Shown>()
  const keep = (filter: Shown): unknown => all.set(`${filter.logGroupName}:${filter.name}`, filter)
  const listed = groups.list()
  for (const { logGroup, filterName, pattern, transformation } of declared)
    keep({
      name: filterName,
      logGroupName: logGroup,
      pattern,
      transformation,
      creationMs: listed.find(([name]) => name === logGroup)?.[1].creationMs ?? 0,
    })
  for (const [logGroupName, group] of listed)
    for (const filter of group.metricFilters) keep({ ...filter, logGroupName })
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, filter]) => filter)
}

function regexesOf(pattern: string): number {
  return filterPatternIn({ filterPattern: pattern }).regexes
}

function nameIn(input: JsonObject): string {
  const name = textIn(input, 'filterName')
  if (name === undefined || !NAME.test(name))
    throw invalidParameter(
      "1 validation error detected: Value at 'filterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*",
    )
  return name
}

function filterIn(input: JsonObject): {
  readonly filter: Omit<MetricFilter, 'creationMs'>
  readonly regexes: number
} {
  for (const name of UNSUPPORTED)
    if (input[name] !== undefined) throw invalidParameter(`${name} is not supported by fnscope.`)
  if (booleanIn(input, 'applyOnTransformedLogs') === true)
    throw invalidParameter('applyOnTransformedLogs is not supported by fnscope.')
  const text = textIn(input, 'filterPattern')
  if (text === undefined) throw invalidParameter('filterPattern is required; an empty one fits every event.')
  const pattern = filterPatternIn(input)
  if (pattern.regexes > MAX_REGEXES)
    throw invalidParameter(`Invalid filter pattern: at most ${MAX_REGEXES} regular expressions may stand in one.`)
  const given = objectsIn(input, 'metricTransformations') ?? []
  if (given.length !== 1)
    throw invalidParameter(
      "1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have length equal to 1",
    )
  const transformation = transformationIn(given[0]!)
  try {
    metricReader(pattern, transformation)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw invalidParameter(`Invalid metric transformation: ${error.message}.`)
  }
  return { filter: { name: nameIn(input), pattern: text, transformation }, regexes: pattern.regexes }
}

function transformationIn(input: JsonObject): MetricTransformation {
  const [metricName, metricNamespace] = ['metricName', 'metricNamespace'].map((member) => {
    const name = textIn(input, member)
    if (name === undefined || !METRIC_NAME.test(name))
      throw invalidParameter(
        `1 validation error detected: Value at 'metricTransformations.1.member.${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*$]*`,
      )
    return name
  }) as [string, string]
  const metricValue = textIn(input, 'metricValue') ?? ''
  if (metricValue === '' || metricValue.length > 100)
    throw invalidParameter(
      "1 validation error detected: Value at 'metricTransformations.1.member.metricValue' failed to satisfy constraint: Member must have length less than or equal to 100",
    )
  const defaultValue = numberIn(input, 'defaultValue')
  if (defaultValue !== undefined && !Number.isFinite(defaultValue))
    throw invalidParameter('Invalid metric transformation: defaultValue is no number.')
  const dimensions = textsIn(input, 'dimensions') ?? {}
  const count = Object.keys(dimensions).length
  if (count > MAX_DIMENSIONS)
    throw invalidParameter(`Invalid metric transformation: at most ${MAX_DIMENSIONS} dimensions.`)
  if (count > 0 && defaultValue !== undefined)
    throw invalidParameter(
      'Invalid metric transformation: dimensions and default value are mutually exclusive properties.',
    )
  const unit = textIn(input, 'unit')
  if (unit !== undefined && !CLOUDWATCH_UNITS.has(unit))
    throw invalidParameter(
      `1 validation error detected: Value '${unit}' at 'metricTransformations.1.member.unit' failed to satisfy constraint: Member must satisfy enum value set: [${[...CLOUDWATCH_UNITS].join(', ')}]`,
    )
  return {
    metricName,
    metricNamespace,
    metricValue,
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(count === 0 ? {} : { dimensions }),
    ...(unit === undefined ? {} : { unit }),
  }
}
