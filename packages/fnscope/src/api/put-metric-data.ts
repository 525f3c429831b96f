// PutMetricData: checked as CloudWatch checks it, in its words; each datum becomes one point, a set of samples.
import { CLOUDWATCH_UNITS } from '../codec/cloudwatch-units.ts'
import { pointOfSamples, weigh, type Samples } from '../codec/emf-samples.ts'
import { setOwn, type JsonObject } from '../codec/json.ts'
import type { Counters } from '../counters.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { newBatch } from '../span/batch.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { NANOS_PER_DAY, NANOS_PER_SECOND, secondsToNanos } from '../span/time.ts'
import { listIn, numberIn, objectIn, objectsIn, textIn, textsIn } from './aws-input.ts'
import type { AwsOperation } from './aws-service.ts'
import { ServiceError } from './service-error.ts'

export interface PutMetricDataOptions {
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  /** Epoch nanoseconds. */
  readonly now: () => bigint
}

const MAX_DATA = 1000
const MAX_VALUES = 150
const MAX_DIMENSIONS = 30
const MAX_NAME = 255
const MAX_DIMENSION_VALUE = 1024
const MAX_AGE_NANOS = 14n * NANOS_PER_DAY
const MAX_AHEAD_NANOS = 7200n * NANOS_PER_SECOND
const LARGEST = 2 ** 360
const LATEST_SECONDS = 4_102_444_800
/** Dimensions that name the function or service, first one first. */
const SERVICE_DIMENSIONS = ['FunctionName', 'function_name', 'service', 'Service']

const invalidValue = (message: string): ServiceError =>
  new ServiceError('InvalidParameterValueException', message, { queryCode: 'InvalidParameterValue' })
const missing = (message: string): ServiceError =>
  new ServiceError('MissingRequiredParameterException', message, { queryCode: 'MissingParameter' })
const badCombination = (message: string): ServiceError =>
  new ServiceError('InvalidParameterCombinationException', message, { queryCode: 'InvalidParameterCombination' })

/** All of the request or, when anything in it is wrong, nothing. */
export function putMetricData(options: PutMetricDataOptions): AwsOperation {
  return async ({ input }) => {
    const batch = newBatch()
    batch.metrics.push(...pointsOf(input, options.now()))
    await options.ingest.accept(batch)
    options.counters.received.inc({ door: 'cloudwatch', signal: 'metric' }, batch.metrics.length)
    return undefined
  }
}

function pointsOf(input: JsonObject, nowNanos: bigint): MetricPoint[] {
  const namespace = namespaceIn(input)
  const plain = objectsIn(input, 'MetricData') ?? []
  const groups = objectsIn(input, 'EntityMetricData') ?? []
  const total = plain.length + groups.reduce((sum, group) => sum + (listIn(group, 'MetricData')?.length ?? 0), 0)
  if (total === 0) throw missing('The parameter MetricData is required.')
  if (total > MAX_DATA) throw invalidValue(`The collection MetricData must not have a size greater than ${MAX_DATA}.`)
  const points = plain.map((datum, index) =>
    pointOf(datum, { namespace, nowNanos, resource: {}, service: '', place: `MetricData.member.${index + 1}` }),
  )
  for (const [group, entry] of groups.entries()) {
    const { resource, service } = entityOf(entry)
    for (const [index, datum] of (objectsIn(entry, 'MetricData') ?? []).entries()) {
      const place = `EntityMetricData.member.${group + 1}.MetricData.member.${index + 1}`
      points.push(pointOf(datum, { namespace, nowNanos, resource, service, place }))
    }
  }
  return points
}

function namespaceIn(input: JsonObject): string {
  const namespace = textIn(input, 'Namespace')
  if (namespace === undefined || namespace === '') throw missing('The parameter Namespace is required.')
  if (namespace.length > MAX_NAME)
    throw invalidValue(`The parameter Namespace must be shorter than ${MAX_NAME + 1} characters.`)
  if (namespace.startsWith(':') || namespace.startsWith('AWS/'))
    throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`)
  return namespace
}

/** What CloudWatch calls an entity is here the source of the points. */
function entityOf(entry: JsonObject): {
  readonly resource: Readonly<Record<string, string>>
  readonly service: string
} {
  const entity = objectIn(entry, 'Entity') ?? {}
  const keys = textsIn(entity, 'KeyAttributes') ?? {}
  const resource: Record<string, string> = {}
  for (const [key, value] of Object.entries({ ...textsIn(entity, 'Attributes'), ...keys }))
    setOwn(resource, `aws.entity.${key}`, value)
  return { resource, service: keys['Type'] === 'Service' ? (keys['Name'] ?? '') : '' }
}

interface PointContext {
  readonly namespace: string
  readonly nowNanos: bigint
  readonly resource: Readonly<Record<string, string>>
  readonly service: string
  /** How messages call the datum. */
  readonly place: string
}

function pointOf(datum: JsonObject, context: PointContext): MetricPoint {
  const { place, nowNanos } = context
  const name = nameIn(datum, 'MetricName', place)
  const dimensions = dimensionsIn(datum, place)
  const samples = samplesIn(datum, place)
  const unit = textIn(datum, 'Unit') ?? 'None'
  if (!CLOUDWATCH_UNITS.has(unit))
    throw invalidValue(
      `The parameter ${place}.Unit must be a value in the set [ ${[...CLOUDWATCH_UNITS].join(', ')} ].`,
    )
  const resolution = numberIn(datum, 'StorageResolution') ?? 60
  if (resolution !== 1 && resolution !== 60)
    throw invalidValue(`The parameter ${place}.StorageResolution must be 1 or 60, not ${resolution}.`)
  const service = SERVICE_DIMENSIONS.find((key) => Object.hasOwn(dimensions, key))
  return {
    name,
    namespace: context.namespace,
    service: context.service || (service === undefined ? '' : dimensions[service]!),
    dimensions,
    unit,
    timeNanos: timeIn(datum, place, nowNanos),
    receivedNanos: nowNanos,
    ...pointOfSamples(samples),
    resolutionSeconds: resolution,
    attributes: {},
    resource: context.resource,
  }
}

function nameIn(input: JsonObject, member: string, place: string): string {
  const name = textIn(input, member)
  if (name === undefined || name === '') throw missing(`The parameter ${place}.${member} is required.`)
  if (name.length > MAX_NAME)
    throw invalidValue(`The parameter ${place}.${member} must be shorter than ${MAX_NAME + 1} characters.`)
  return name
}

function dimensionsIn(datum: JsonObject, place: string): Readonly<Record<string, string>> {
  const given = objectsIn(datum, 'Dimensions') ?? []
  if (given.length > MAX_DIMENSIONS)
    throw invalidValue(`The collection ${place}.Dimensions must not have a size greater than ${MAX_DIMENSIONS}.`)
  const dimensions: Record<string, string> = {}
  for (const [index, one] of given.entries()) {
    const at = `${place}.Dimensions.member.${index + 1}`
    const name = nameIn(one, 'Name', at)
    const value = textIn(one, 'Value')
    if (value === undefined || value === '') throw missing(`The parameter ${at}.Value is required.`)
    if (name.startsWith(':') || name.trim() === '')
      throw invalidValue(`The value ${name} for parameter ${at}.Name is invalid.`)
    if (value.length > MAX_DIMENSION_VALUE || value.trim() === '')
      throw invalidValue(`The parameter ${at}.Value must be 1 to ${MAX_DIMENSION_VALUE} characters, not all blank.`)
    if (Object.hasOwn(dimensions, name)) throw invalidValue(`The dimension ${name} of ${place} is given twice.`)
    setOwn(dimensions, name, value)
  }
  return dimensions
}

function samplesIn(datum: JsonObject, place: string): Samples {
  const value = numberIn(datum, 'Value')
  const values = listIn(datum, 'Values')
  const counts = listIn(datum, 'Counts')
  const statistics = objectIn(datum, 'StatisticValues')
  const given = [
    value === undefined ? '' : 'Value',
    values === undefined ? '' : 'Values',
    statistics === undefined ? '' : 'StatisticValues',
  ].filter((name) => name !== '')
  if (given.length > 1)
    throw badCombination(
      `The parameters ${given.map((name) => `${place}.${name}`).join(' and ')} are mutually exclusive and you have specified both.`,
    )
  if (statistics !== undefined) return statisticsOf(statistics, place)
  if (value !== undefined) return samplesOf([checked(value, `${place}.Value`)], undefined, place)
  if (values === undefined)
    throw missing(`One of the parameters ${place}.Value, ${place}.Values, ${place}.StatisticValues is required.`)
  if (values.length > MAX_VALUES)
    throw invalidValue(`The collection ${place}.Values must not have a size greater than ${MAX_VALUES}.`)
  if (counts !== undefined && counts.length !== values.length)
    throw invalidValue(`The parameters ${place}.Values and ${place}.Counts must be of the same size.`)
  const numbers = values.map((one, index) => checked(one, `${place}.Values.member.${index + 1}`))
  const weights = counts?.map((one, index) => checked(one, `${place}.Counts.member.${index + 1}`))
  return samplesOf(numbers, weights, place)
}

function samplesOf(numbers: readonly number[], weights: readonly number[] | undefined, place: string): Samples {
  const samples = weigh(numbers, weights, MAX_VALUES)
  if (typeof samples === 'string') throw invalidValue(`The parameters of ${place} are not valid: ${samples}.`)
  return samples
}

function statisticsOf(statistics: JsonObject, place: string): Samples {
  const member = (name: string): number => {
    const value = numberIn(statistics, name)
    if (value === undefined) throw missing(`The parameter ${place}.StatisticValues.${name} is required.`)
    return checked(value, `${place}.StatisticValues.${name}`)
  }
  const samples = { count: member('SampleCount'), sum: member('Sum'), min: member('Minimum'), max: member('Maximum') }
  if (samples.count <= 0)
    throw invalidValue(`The parameter ${place}.StatisticValues.SampleCount must be greater than 0.`)
  if (samples.min > samples.max)
    throw invalidValue(
      `The parameter ${place}.StatisticValues.Maximum must be greater than or equal to ${place}.StatisticValues.Minimum.`,
    )
  return samples
}

function checked(given: unknown, place: string): number {
  const value = numberIn({ given }, 'given')
  if (typeof value !== 'number') throw invalidValue(`The parameter ${place} must be a number.`)
  if (Number.isNaN(value)) throw invalidValue(`The value NaN for parameter ${place} is invalid.`)
  if (Math.abs(value) > LARGEST) throw invalidValue(`The value ${value} for parameter ${place} is out of range.`)
  return value
}

function timeIn(datum: JsonObject, place: string, nowNanos: bigint): bigint {
  const seconds = numberIn(datum, 'Timestamp')
  if (seconds === undefined) return nowNanos
  const nanos = seconds >= 0 && seconds <= LATEST_SECONDS ? secondsToNanos(seconds) : undefined
  if (nanos === undefined || nanos < nowNanos - MAX_AGE_NANOS)
    throw invalidValue(`The parameter ${place}.Timestamp must specify a time within the past two weeks.`)
  if (nanos > nowNanos + MAX_AHEAD_NANOS)
    throw invalidValue(`The parameter ${place}.Timestamp must specify a time no more than two hours in the future.`)
  return nanos
}
