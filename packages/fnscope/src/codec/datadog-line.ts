// Telemetry that Datadog's libraries print where they have no agent: `{"traces":[[…]]}` and
// `{"m":<name>,"v":<value>,"e":<unix seconds>,"t":["<tag>:<value>",…]}`. A line that merely resembles one is no such line.
import type { Batch } from '../span/batch.ts'
import type { MetricPoint } from '../span/metric-point.ts'
import { packTraces, parseTraces } from './datadog-json.ts'
import { UNKNOWN_TRACER } from './datadog-source.ts'
import { decodeDatadogV04 } from './datadog-v04.ts'
import type { DatadogContext } from './datadog-rows.ts'
import { dimensionsOf } from './dogstatsd.ts'
import { isJsonObject } from './json.ts'
import { MalformedError, type Taken } from './taken.ts'

export interface LineContext extends DatadogContext {
  readonly functionName: string
  readonly requestId: string | undefined
}

const TRACES = /^\{"traces":\s?\[\[\{/
const METRIC = /^\{"(?:m|v|e|t)":/
/** In front of what a function of Node prints with console.log. */
const NODE_PREFIX = /^\d{4}-[\d:T.-]+Z\t[^\t]*\tINFO\t(?=\{")/
const ID = /^[0-9a-f]{16}$/i
const NANOS_PER_SECOND = 1_000_000_000n

/** Appends what the line holds, when it is such a line. Never throws. */
export function decodeDatadogLine(line: string, batch: Batch, context: LineContext): Taken | undefined {
  const text = line.charCodeAt(0) === 123 ? line : line.replace(NODE_PREFIX, '')
  if (TRACES.test(text)) return tracesOf(text, batch, context)
  if (!METRIC.test(text)) return undefined
  const point = pointOf(text, context)
  if (point === undefined) return undefined
  batch.metrics.push(point)
  return { rows: 1, rejected: 0, reasons: new Map(), message: '' }
}

function tracesOf(text: string, batch: Batch, context: LineContext): Taken | undefined {
  try {
    const document = parseTraces(text)
    if (!isJsonObject(document) || Object.keys(document).length !== 1 || !isTraces(document['traces'])) return undefined
    return decodeDatadogV04(packTraces(document['traces'], 16), batch.spans, { tracer: UNKNOWN_TRACER, ...context })
  } catch (error) {
    if (error instanceof MalformedError) return undefined
    throw error
  }
}

function isTraces(value: unknown): boolean {
  return Array.isArray(value) && value.every((chunk) => Array.isArray(chunk) && chunk.every(isSpan))
}

function isSpan(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const { trace_id: traceId, span_id: spanId, name, start, duration } = value
  return (
    isId(traceId) &&
    isId(spanId) &&
    typeof name === 'string' &&
    (typeof start === 'number' || typeof start === 'bigint') &&
    (typeof duration === 'number' || typeof duration === 'bigint')
  )
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && ID.test(value)
}

function pointOf(text: string, context: LineContext): MetricPoint | undefined {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(line) || Object.keys(line).length !== 4) return undefined
  const { m: name, v: value, e: seconds, t: tags } = line
  // JSON's 1e999 is infinite.
  if (typeof name !== 'string' || name === '' || !isFiniteNumber(value) || !isFiniteNumber(seconds)) return undefined
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) return undefined
  const timeNanos = BigInt(Math.trunc(seconds)) * NANOS_PER_SECOND
  if (timeNanos < context.bounds.minNanos || timeNanos > context.bounds.maxNanos) return undefined
  const dimensions = dimensionsOf(tags)
  return {
    name,
    namespace: '',
    service: context.functionName,
    dimensions,
    unit: '',
    kind: 'statistics',
    timeNanos,
    receivedNanos: context.receivedNanos,
    value,
    count: 1,
    min: value,
    max: value,
    bounds: [],
    counts: [],
    monotonic: false,
    temporality: 0,
    resolutionSeconds: 1,
    attributes: { 'statsd.type': 'd' },
    resource: {},
    ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
  }
}
