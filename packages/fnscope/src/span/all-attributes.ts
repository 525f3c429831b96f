// A span's attributes as its sender sent them: of makes other than X-Ray the user's own scalars stand among the
// annotations alone (SpanBatch), and the two maps are one list again here. In each the order is the sender's.
import type { AttributeValue } from './attribute-value.ts'
import type { Span } from './span.ts'

/** Key and value of every attribute, annotations last. X-Ray's annotations are among them too. */
export function allAttributes(span: Pick<Span, 'attributes' | 'annotations'>): readonly [string, AttributeValue][] {
  return [...Object.entries(span.attributes), ...Object.entries(span.annotations)]
}
