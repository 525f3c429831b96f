// CloudWatch's embedded metric format: one log line to metric points. One way only; the line itself stays a log line.
// Rules as CloudWatch states them: what breaks one makes no metric, and the reason is told.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { millisToNanos, NANOS_PER_DAY, NANOS_PER_SECOND } from '../span/time.ts'
import { CLOUDWATCH_UNITS } from './cloudwatch-units.ts'
import { pointOfSamples, readSamples } from './emf-samples.ts'
import { isDeeperThan, isJsonObject, setOwn, textOf, type JsonObject } from './json.ts'

const MAX_LINE_BYTES = 1_048_576
const MAX_DEPTH = 1000
const MAX_METRICS = 100
const MAX_DIMENSIONS = 30
const MAX_NAME = 1024
const MAX_AGE_NANOS = 14n * NANOS_PER_DAY
const MAX_AHEAD_NANOS = 7200n * NANOS_PER_SECOND

export interface EmfContext {
  /** The function's name. */
  readonly service: string
  readonly receivedNanos: bigint
  readonly requestId?: string
  /** 32 hex digits. */
  readonly traceId?: string
}

export interface EmfResult {
  /** One for each metric and dimension set. */
  readonly points: MetricPoint[]
  /** Why something in the line made no metric; empty when all did. */
  readonly refused: string[]
}

/** True when the line may hold metrics: cheap enough to ask of every line. In a text inside JSON the quotes are escaped. */
export function isEmf(line: string): boolean {
  return line.includes('"_aws') && jsonStart(line) >= 0
}

/**
 * The metric points of a line. Each is `statistics`: count, sum (`value`), min and max of its samples. Root members that
 * no directive names become attributes of every point. A directive (namespace, dimension sets, metrics) that breaks a
 * rule makes none of its metrics, a metric whose value or unit is unusable is left out alone. Never throws.
 */
export function decodeEmf(text: string, context: EmfContext): EmfResult {
  const refused: string[] = []
  const root = parseRoot(text, refused)
  const timeNanos = root === undefined ? undefined : timeOf(root, context.receivedNanos, refused)
  if (root === undefined || timeNanos === undefined) return { points: [], refused }
  const given = (root['_aws'] as JsonObject)['CloudWatchMetrics']
  if (!Array.isArray(given)) return { points: [], refused: ['_aws.CloudWatchMetrics is not an array'] }
  const directives = given.flatMap((one) => directiveOf(one, root, refused))
  const named = new Set(['_aws', ...directives.flatMap((one) => [...one.dimensions.flat(), ...one.metrics.keys()])])
  const attributes: { [key: string]: AttributeValue } = {}
  for (const [key, value] of Object.entries(root)) if (!named.has(key)) setOwn(attributes, key, attributeOf(value))

  const points: MetricPoint[] = []
  for (const directive of directives)
    for (const [name, metric] of directive.metrics) {
      const samples = readSamples(root[name])
      if (typeof samples === 'string') {
        refused.push(`metric ${name}: ${samples}`)
        continue
      }
      for (const set of directive.dimensions) {
        const dimensions: { [name: string]: string } = {}
        for (const key of set) setOwn(dimensions, key, root[key] as string)
        points.push({
          name,
          namespace: directive.namespace,
          service: context.service,
          dimensions,
          unit: metric.unit,
          timeNanos,
          receivedNanos: context.receivedNanos,
          ...pointOfSamples(samples),
          resolutionSeconds: metric.resolutionSeconds,
          attributes,
          resource: {},
          ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
          ...(context.traceId === undefined ? {} : { traceId: context.traceId }),
        })
      }
    }
  return { points, refused }
}

// The Node runtime puts `time\trequest id\tlevel\t` before what console.log was given; CloudWatch looks behind it.
function jsonStart(line: string): number {
  const at = line.indexOf('{')
  return at >= 0 && (line.slice(0, at).trim() === '' || line[at - 1] === '\t') ? at : -1
}

function parseRoot(text: string, refused: string[]): JsonObject | undefined {
  const start = jsonStart(text)
  const json = start < 0 ? '' : text.slice(start)
  try {
    if (Buffer.byteLength(json) > MAX_LINE_BYTES) refused.push(`the line is longer than ${MAX_LINE_BYTES} bytes`)
    else if (isDeeperThan(json, MAX_DEPTH)) refused.push(`nested deeper than ${MAX_DEPTH} arrays and objects`)
    else {
      const root = unwrap(JSON.parse(json))
      if (root !== undefined) return root
      refused.push('no _aws object at the root')
    }
  } catch {
    refused.push('the line is no JSON')
  }
  return undefined
}

/** With JSON logging the line that the code wrote is the `message` of another, or the `record` of a telemetry event. */
function unwrap(value: unknown, steps = 2): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined
  if (isJsonObject(value['_aws'])) return value
  for (const key of WRAPPERS) {
    const inner = value[key]
    if (steps === 0 || inner === undefined) continue
    const text = typeof inner === 'string' && isEmf(inner) ? inner.slice(jsonStart(inner)) : undefined
    if (text !== undefined && isDeeperThan(text, MAX_DEPTH)) continue
    const found = unwrap(text === undefined ? inner : JSON.parse(text), steps - 1)
    if (found !== undefined) return found
  }
  return undefined
}

const WRAPPERS = ['message', 'record', 'msg']

function timeOf(root: JsonObject, receivedNanos: bigint, refused: string[]): bigint | undefined {
  const timestamp = (root['_aws'] as JsonObject)['Timestamp']
  if (typeof timestamp !== 'number' || !(timestamp >= 0 && timestamp < Number.MAX_SAFE_INTEGER)) {
    refused.push('_aws.Timestamp is no time in milliseconds')
    return undefined
  }
  const nanos = millisToNanos(timestamp)
  if (nanos >= receivedNanos - MAX_AGE_NANOS && nanos <= receivedNanos + MAX_AHEAD_NANOS) return nanos
  refused.push(`_aws.Timestamp ${timestamp} is more than 14 days old or more than 2 hours ahead`)
  return undefined
}

interface Directive {
  readonly namespace: string
  readonly dimensions: readonly (readonly string[])[]
  readonly metrics: ReadonlyMap<string, { readonly unit: string; readonly resolutionSeconds: number }>
}

/** The directive in a list, or an empty one when it breaks a rule. */
function directiveOf(value: unknown, root: JsonObject, refused: string[]): Directive[] {
  const problem = (text: string): [] => {
    refused.push(text)
    return []
  }
  if (!isJsonObject(value)) return problem('a metric directive is not an object')
  const namespace = nameOf(value['Namespace'])
  if (namespace === undefined) return problem(`Namespace is not a text of 1 to ${MAX_NAME} characters`)
  const sets = value['Dimensions']
  if (!Array.isArray(sets)) return problem(`${namespace}: Dimensions is not an array`)
  for (const set of sets as readonly unknown[]) {
    if (!Array.isArray(set)) return problem(`${namespace}: a dimension set is not an array`)
    if (set.length > MAX_DIMENSIONS) return problem(`${namespace}: ${set.length} dimensions, at most ${MAX_DIMENSIONS}`)
    for (const key of set as readonly unknown[])
      if (typeof key !== 'string' || nameOf(member(root, key)) === undefined)
        return problem(`${namespace}: dimension ${String(key)} has no text of 1 to ${MAX_NAME} characters at the root`)
  }
  const list = value['Metrics']
  if (!Array.isArray(list)) return problem(`${namespace}: Metrics is not an array`)
  if (list.length > MAX_METRICS) return problem(`${namespace}: ${list.length} metrics, at most ${MAX_METRICS}`)
  const metrics = new Map<string, { unit: string; resolutionSeconds: number }>()
  for (const one of list as readonly unknown[]) {
    const name = isJsonObject(one) ? nameOf(one['Name']) : undefined
    if (!isJsonObject(one) || name === undefined) refused.push(`${namespace}: a metric has no name`)
    else {
      const unit = one['Unit'] ?? 'None'
      const resolution = one['StorageResolution'] ?? 60
      if (typeof unit !== 'string' || !CLOUDWATCH_UNITS.has(unit)) refused.push(`metric ${name}: its unit is unknown`)
      else if (resolution !== 1 && resolution !== 60) refused.push(`metric ${name}: StorageResolution is not 1 or 60`)
      else if (!Object.hasOwn(root, name)) refused.push(`metric ${name}: no such member at the root`)
      else metrics.set(name, { unit, resolutionSeconds: resolution })
    }
  }
  // No set at all is the metric without dimensions.
  return [{ namespace, dimensions: sets.length === 0 ? [[]] : (sets as string[][]), metrics }]
}

function member(root: JsonObject, key: string): unknown {
  return Object.hasOwn(root, key) ? root[key] : undefined
}

function nameOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && text.length <= MAX_NAME ? text : undefined
}

function attributeOf(value: unknown): AttributeValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : (value as AttributeValue)
}
