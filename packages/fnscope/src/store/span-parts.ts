// What of spans a question may leave unread: a column costs the engine its planning, its stream and its block, whoever
// looks at it or not, and attributes are half of what a span weighs. What is left is enough for a trace's shape.
import { columnName, SPAN_TYPES, type SpanField } from './tables.ts'

const COLUMNS_OF_PARTS = {
  http: ['httpMethod', 'httpUrl', 'httpStatus', 'httpUserAgent', 'httpClientIp'],
  user: ['user'],
  resourceArn: ['resourceArn'],
  annotations: ['annotations', 'annotationTypes'],
  exceptions: ['cause', 'events'],
  attributes: ['attributes', 'attributeTypes', 'resource'],
  /** Of no use to conditions or summaries. */
  rest: ['statusCode', 'statusMessage', 'requestId', 'scope', 'details', 'metadata', 'links'],
} as const satisfies Readonly<Record<string, readonly SpanField[]>>

/** A span read without it lacks these fields: they are undefined or empty. */
export type SpanPart = keyof typeof COLUMNS_OF_PARTS

const PARTS = Object.keys(COLUMNS_OF_PARTS) as SpanPart[]

/** Of a SELECT of spans, in the order of the table. */
export function spanColumns(parts: readonly SpanPart[] = PARTS): string {
  const left = new Set<string>(PARTS.flatMap((part) => (parts.includes(part) ? [] : COLUMNS_OF_PARTS[part])))
  return Object.keys(SPAN_TYPES)
    .filter((field) => !left.has(field))
    .map(columnName)
    .join(', ')
}
