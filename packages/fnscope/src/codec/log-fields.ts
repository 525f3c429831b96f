// The fields of a JSON log line: which of them are level, trace, span, request and service in the loggers that people use
// (Lambda's own JSON, Powertools, pino, bunyan, winston, structlog, logrus, zap, Serilog, ECS, Datadog, OpenTelemetry,
// Google's), and which are the line's own.
import type { AttributeValue, Attributes } from '../span/attribute-value.ts'
import { NO_SEVERITY, severityOfName, severityOfTens, type Severity } from '../span/severity.ts'
import { parseTraceHeader } from '../span/trace-header.ts'
import { isJsonObject, setOwn, type JsonObject } from './json.ts'
import { parseLambdaRequestId, parseLogSpanId, parseLogTraceId } from './log-ids.ts'

export interface LogFields extends Severity {
  readonly traceId?: string
  readonly spanId?: string
  readonly requestId?: string
  readonly service?: string
  readonly attributes: Attributes
}

const LEVEL_KEYS = [
  'level',
  'severity',
  'log.level',
  'levelname',
  'loglevel',
  'logLevel',
  'lvl',
  'severityText',
  'severity_text',
  'Level',
  '@l',
  'status',
]
const TRACE_KEYS = [
  'trace_id',
  'traceId',
  'traceID',
  'trace.id',
  'TraceId',
  'otelTraceID',
  '@tr',
  'xray_trace_id',
  'xrayTraceId',
  'logging.googleapis.com/trace',
]
const SPAN_KEYS = [
  'span_id',
  'spanId',
  'spanID',
  'span.id',
  'SpanId',
  'otelSpanID',
  '@sp',
  'logging.googleapis.com/spanId',
]
const REQUEST_KEYS = [
  'function_request_id',
  'AWSRequestId',
  'awsRequestId',
  'aws_request_id',
  'lambda_request_id',
  'lambdaRequestId',
  'requestId',
  'request_id',
  'RequestId',
  'faas.invocation_id',
  'faas.execution',
]
const SERVICE_KEYS = [
  'service',
  'service.name',
  'service_name',
  'dd.service',
  'otelServiceName',
  'resource.service.name',
]
const HEADER_KEYS = ['_X_AMZN_TRACE_ID', 'X-Amzn-Trace-Id', 'x-amzn-trace-id', 'traceHeader']
/** Said by the record itself, or by the line's text. `status` is a level in some loggers and HTTP's in most. */
const NOT_KEPT = new Set([
  ...LEVEL_KEYS.filter((key) => key !== 'status'),
  ...TRACE_KEYS,
  ...SPAN_KEYS,
  ...REQUEST_KEYS,
  ...HEADER_KEYS,
  'dd.trace_id',
  'dd.span_id',
  'traceparent',
  'message',
  'msg',
  '@m',
  'timestamp',
  '@timestamp',
  '@t',
  'time',
  'ts',
])
const MAX_ATTRIBUTES = 64
const MAX_TEXT = 1024

export function readFields(line: JsonObject): LogFields {
  // Telemetry events and Node's JSON put what the logger said one step down.
  const inner = innerOf(line)
  const spans = spanOf(line) ?? (inner && spanOf(inner)) ?? {}
  const requestId = requestOf(line) ?? (inner && requestOf(inner))
  const service = firstText(line, SERVICE_KEYS) ?? (inner && firstText(inner, SERVICE_KEYS))
  return {
    ...severityOfFields(inner, line),
    ...spans,
    ...(requestId === undefined ? {} : { requestId }),
    ...(service === undefined ? {} : { service }),
    attributes: isEmfRoot(line) || (inner !== undefined && isEmfRoot(inner)) ? {} : attributesOf(line, inner),
  }
}

function isEmfRoot(value: JsonObject): boolean {
  return isJsonObject(value['_aws'])
}

function innerOf(line: JsonObject): JsonObject | undefined {
  for (const key of ['message', 'record', 'msg']) {
    const value = line[key]
    if (isJsonObject(value)) return value
  }
  return undefined
}

function severityOfFields(inner: JsonObject | undefined, line: JsonObject): Severity {
  for (const fields of inner === undefined ? [line] : [inner, line]) {
    for (const key of LEVEL_KEYS) {
      const said = severityOfValue(fields[key])
      if (said.severityNumber !== 0) return said
    }
    // ECS as an object; Python's LogRecord by number.
    const nested = severityOfValue(isJsonObject(fields['log']) ? fields['log']['level'] : undefined)
    if (nested.severityNumber !== 0) return nested
    const { levelno, errorType } = fields
    if (typeof levelno === 'number') return severityOfTens(levelno + 10)
    // What a Lambda runtime says of an error that nobody caught.
    if (typeof errorType === 'string' && typeof fields['errorMessage'] === 'string') return severityOfName('ERROR')
  }
  return NO_SEVERITY
}

function severityOfValue(value: unknown): Severity {
  if (typeof value === 'string') return severityOfName(value.trim())
  return typeof value === 'number' ? severityOfTens(value) : NO_SEVERITY
}

interface SpanIds {
  readonly traceId?: string
  readonly spanId?: string
}

/** Datadog's own first: with OpenTelemetry's beside it they are one id in two spellings. */
function spanOf(fields: JsonObject): SpanIds | undefined {
  const dd = isJsonObject(fields['dd']) ? fields['dd'] : undefined
  const datadog = spanIds(
    parseTrace(dd?.['trace_id'] ?? fields['dd.trace_id'], true),
    parseSpan(dd?.['span_id'] ?? fields['dd.span_id'], true),
  )
  if (datadog !== undefined) return datadog
  const spanId = first(SPAN_KEYS, (key) => parseSpan(fields[key])) ?? parseSpan(idOf(fields['span']))
  const traceId = first(TRACE_KEYS, (key) => parseTrace(fields[key])) ?? parseTrace(idOf(fields['trace']))
  if (traceId !== undefined) return spanIds(traceId, spanId)
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(textAt(fields, 'traceparent') ?? '')
  if (parent) return spanIds(parseLogTraceId(parent[1]!), parseLogSpanId(parent[2]!))
  for (const key of HEADER_KEYS) {
    const header = parseTraceHeader(textAt(fields, key))
    if (header.traceId !== undefined) return spanIds(header.traceId, undefined)
  }
  return undefined
}

function spanIds(traceId: string | undefined, spanId: string | undefined): SpanIds | undefined {
  if (traceId === undefined) return undefined
  return { traceId, ...(spanId === undefined ? {} : { spanId }) }
}

function first<Found>(keys: readonly string[], find: (key: string) => Found | undefined): Found | undefined {
  for (const key of keys) {
    const found = find(key)
    if (found !== undefined) return found
  }
  return undefined
}

/** `{"trace":{"id":…}}` of ECS. */
function idOf(value: unknown): unknown {
  return isJsonObject(value) ? value['id'] : undefined
}

function parseTrace(value: unknown, decimal = false): string | undefined {
  const text = idText(value)
  if (text === undefined) return undefined
  // Google's: projects/P/traces/ID
  return parseLogTraceId(text.slice(text.lastIndexOf('/') + 1), { decimal })
}

function parseSpan(value: unknown, decimal = false): string | undefined {
  const text = idText(value)
  return text === undefined ? undefined : parseLogSpanId(text, { decimal })
}

// A number beyond 2^53 has lost digits by now: its id would be another's.
function idText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value.length <= 200 ? value : undefined
}

function requestOf(fields: JsonObject): string | undefined {
  const lambda = isJsonObject(fields['lambda']) ? fields['lambda'] : undefined
  return first(REQUEST_KEYS, (key) => parseLambdaRequestId(textAt(fields, key) ?? (lambda && textAt(lambda, key))))
}

function firstText(fields: JsonObject, keys: readonly string[]): string | undefined {
  return first(keys, (key) => textAt(fields, key) || undefined)
}

function textAt(fields: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined
  return typeof value === 'string' ? value : undefined
}

function attributesOf(line: JsonObject, inner: JsonObject | undefined): Attributes {
  const attributes: { [key: string]: AttributeValue } = {}
  let left = MAX_ATTRIBUTES
  for (const fields of inner === undefined ? [line] : [line, inner])
    for (const [key, value] of Object.entries(fields)) {
      if (left === 0) return attributes
      if (NOT_KEPT.has(key) || key === '' || key.length > MAX_TEXT) continue
      const kept = scalarOf(value)
      if (kept === undefined) continue
      setOwn(attributes, key, kept)
      left -= 1
    }
  return attributes
}

function scalarOf(value: unknown): AttributeValue | undefined {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : undefined
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  return typeof value === 'boolean' ? value : undefined
}
