// What the operations on CloudWatch's metrics have in common: their options, the parameters that several take, the reading of
// one metric's periods.
import { CLOUDWATCH_UNITS } from '../codec/cloudwatch-units.ts'
import { setOwn, type JsonObject } from '../codec/json.ts'
import type { MetricStatistics, Reader } from '../query/reader.ts'
import { numberIn, objectsIn, textIn } from './aws-input.ts'
import { ServiceError } from './service-error.ts'

export interface MetricReadOptions {
  readonly reader: Pick<Reader, 'metricSeries' | 'metricStatistics'>
  readonly region: string
  readonly accountId: string
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const LATEST_SECONDS = 9_223_372_036

export const invalidValue = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', message, { queryCode: 'InvalidParameterValue' })
export const invalidCombination = (message: string): ServiceError =>
  new ServiceError('InvalidParameterCombinationException', message, { queryCode: 'InvalidParameterCombination' })
export const missing = (name: string): ServiceError =>
  new ServiceError('MissingRequiredParameterException', `The parameter ${name} is required.`, {
    queryCode: 'MissingParameter',
  })
export const invalid = (message: string): ServiceError => new ServiceError('ValidationError', message)

export type Dimensions = Readonly<Record<string, string>>

/** Of all metrics together that one ListMetrics or SEARCH looks through. */
export const MAX_SERIES = 100_000

/**
 * Those under which the cloud has a stored series. Each figure of a function: by itself, by the function as a resource, and
 * of all functions together.
 */
export function shownDimensions({
  namespace,
  dimensions,
}: {
  readonly namespace: string
  readonly dimensions: Dimensions
}): readonly Dimensions[] {
  if (namespace !== 'AWS/Lambda') return [dimensions]
  const name = dimensions['FunctionName']
  return name === undefined ? [dimensions] : [dimensions, { FunctionName: name, Resource: name }, {}]
}

export interface Wanted {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Dimensions
  readonly periodSeconds: number
  readonly unit: string | undefined
}

export interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** The periods that have data. */
export async function statistics(
  reader: MetricReadOptions['reader'],
  { namespace, name, dimensions, periodSeconds, unit }: Wanted,
  { startSeconds, endSeconds }: Span,
  withValues: boolean,
): Promise<readonly MetricStatistics[]> {
  let exact: Dimensions | undefined = dimensions
  if (namespace === 'AWS/Lambda') {
    const { FunctionName, Resource, ...more } = dimensions
    if (Object.keys(dimensions).length === 0) exact = undefined
    else if (Object.keys(more).length === 0 && FunctionName !== undefined && FunctionName === Resource)
      exact = { FunctionName }
  }
  return await reader.metricStatistics({
    namespace,
    name,
    ...(exact === undefined ? {} : { dimensions: exact }),
    ...(unit === undefined ? {} : { unit }),
    range: { startNanos: toNanos(startSeconds), endNanos: toNanos(endSeconds) },
    periodSeconds,
    withValues,
  })
}

export function metricIn(input: JsonObject): Pick<Wanted, 'namespace' | 'name' | 'dimensions'> {
  const [namespace, name] = [textIn(input, 'Namespace'), textIn(input, 'MetricName')]
  if (namespace === undefined || namespace === '') throw missing('Namespace')
  if (name === undefined || name === '') throw missing('MetricName')
  const dimensions: Record<string, string> = {}
  for (const one of dimensionsIn(input)) {
    const [key, value] = [textIn(one, 'Name'), textIn(one, 'Value')]
    if (key === undefined || value === undefined) throw missing('Dimensions.member.Value')
    setOwn(dimensions, key, value)
  }
  return { namespace, name, dimensions }
}

/** An empty list is an empty text in a form. */
export function dimensionsIn(input: JsonObject): readonly JsonObject[] {
  return input['Dimensions'] === '' ? [] : (objectsIn(input, 'Dimensions') ?? [])
}

export function unitIn(input: JsonObject): string | undefined {
  const unit = textIn(input, 'Unit')
  if (unit !== undefined && !CLOUDWATCH_UNITS.has(unit))
    throw invalidValue(`The value ${unit} for parameter Unit is invalid.`)
  return unit
}

export function periodIn(input: JsonObject, name: string): number {
  const period = numberIn(input, name)
  if (period === undefined) throw missing(name)
  const isFine = [1, 5, 10, 20, 30].includes(period) || (period > 0 && period <= 86_400 * 30 && period % 60 === 0)
  if (!isFine) throw invalidValue(`The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not ${period}.`)
  return period
}

/** Rounded down to the minute, or the second where a period is shorter: the first period begins there. */
export function spanIn(input: JsonObject, smallestPeriod: number): Span {
  const [start, end] = [numberIn(input, 'StartTime'), numberIn(input, 'EndTime')]
  if (start === undefined) throw missing('StartTime')
  if (end === undefined) throw missing('EndTime')
  if (!(start >= 0 && end <= LATEST_SECONDS)) throw invalidValue('The parameters StartTime and EndTime are no times.')
  if (start >= end) throw invalid('The parameter StartTime must be less than the parameter EndTime.')
  const step = smallestPeriod < 60 ? 1 : 60
  return { startSeconds: Math.floor(start / step) * step, endSeconds: Math.ceil(end) }
}

export function toNanos(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1000)) * 1_000_000n
}
