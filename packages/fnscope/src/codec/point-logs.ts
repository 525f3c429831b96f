// Points of the category `logging`, whose measurement is the source, and of every category that fnscope keeps without
// looking into it (object, rum, network …): log records. Nothing of a point is lost: all that has no place of its own is
// among the attributes.
import type { AttributeValue } from '../span/attribute-value.ts'
import { attributeJson, attributeText } from '../span/attribute-value.ts'
import { parseSpanId, parseTraceId } from '../span/id.ts'
import type { LogRecord } from '../span/log-record.ts'
import { setOwn } from './json.ts'
import type { Point } from './point.ts'
import { serviceOfPoint } from './point-service.ts'

// DataKit's `status`, and what others send there.
const SEVERITIES: ReadonlyMap<string, number> = new Map([
  ['trace', 1],
  ['debug', 5],
  ['ok', 9],
  ['info', 9],
  ['notice', 10],
  ['warn', 13],
  ['warning', 13],
  ['error', 17],
  ['critical', 21],
  ['alert', 22],
  ['fatal', 21],
  ['emerg', 24],
])

export interface LogPlace {
  readonly timeNanos: bigint
  readonly receivedNanos: bigint
  /** Of the request: logging, object, rum … */
  readonly category: string
}

export function logOfPoint(point: Point, { timeNanos, receivedNanos, category }: LogPlace): LogRecord {
  const attributes: { [key: string]: AttributeValue } = { source: point.name }
  for (const { key, value } of point.tags) setOwn(attributes, key, value)
  const isLog = category === 'logging'
  let message: AttributeValue | undefined
  for (const { key, value } of point.fields)
    if (isLog && key === 'message') message = value
    else setOwn(attributes, key, value)
  const text = (key: string): string => {
    const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined
    return typeof value === 'string' ? value : ''
  }
  const severity = text('status')
  const traceId = parseTraceId(text('trace_id'))
  const spanId = parseSpanId(text('span_id'))
  const requestId = text('request_id') || text('requestId')
  return {
    timeNanos,
    receivedNanos,
    kind: 'dataway',
    logGroup: `datakit/${category}/${point.name}`,
    logStream: text('host'),
    service: serviceOfPoint(point, point.name),
    ...(requestId === '' ? {} : { requestId }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(traceId === undefined || spanId === undefined ? {} : { spanId }),
    severity,
    severityNumber: SEVERITIES.get(severity.toLowerCase()) ?? 0,
    body: (message === undefined ? bodyOf(point) : attributeText(message)).replace(/\r?\n$/, ''),
    attributes,
    resource: {},
  }
}

/** What is no line of text reads as the JSON of its fields. */
function bodyOf({ fields }: Point): string {
  const members: { [key: string]: AttributeValue } = {}
  for (const { key, value } of fields) setOwn(members, key, value)
  return attributeJson(members)
}
