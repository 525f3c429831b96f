// The Lambda request id of a span whose make keeps it among the attributes: it is not stored twice. SQL has the same rule
// as the alias `lambda_request_id` (store/schema/001-spans.sql).
import { SPAN_FLAG } from './span-batch.ts'
import type { Attributes } from './attribute-value.ts'

function textAt(attributes: Attributes, keys: readonly string[]): string {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}

/**
 * @param stored the span's own column
 * @returns '' when there is none. On a span that is no function's segment, aws.request_id is that of the call it makes.
 */
export function requestIdOf(stored: string, flags: number, origin: string, attributes: Attributes): string {
  if (stored !== '') return stored
  const invocation = textAt(attributes, ['faas.invocation_id', 'faas.execution'])
  if (invocation !== '') return invocation
  if ((flags & SPAN_FLAG.segment) === 0 || !origin.startsWith('AWS::Lambda')) return ''
  return textAt(attributes, ['aws.request_id', 'aws.requestId'])
}
