// Parts of a cold start as spans below the initialization's, or below the run's.
import { newSpanId } from '../../span/id.ts'
import { completeSpan, type Span, type SpanInput } from '../../span/span.ts'
import { importParts, initParts, type AnatomyPart } from './cold-start-anatomy.ts'
import type { InitRecord, InvocationRecord } from '../invocation-record.ts'
import { INTERNAL } from '../../span/span-kind.ts'

/** What all spans of the invocation have. */
export type SpanBase = Omit<SpanInput, 'name' | 'spanId' | 'parentId' | 'startNanos' | 'endNanos'>

/** @param parentId the initialization's span */
export function initAnatomySpans(init: InitRecord, base: SpanBase, parentId: string): Span[] {
  const { anatomy } = init
  return anatomy === undefined ? [] : spansOf(initParts({ ...init, anatomy }), base, parentId)
}

/** Of imports within a run: a handler may import late, and Function Compute's are imported by their first request. */
export function runImportSpans(
  { imports }: Pick<InvocationRecord, 'imports'>,
  base: SpanBase,
  run: { readonly parentId: string; readonly startNanos: bigint; readonly endNanos: bigint },
): Span[] {
  return imports === undefined ? [] : spansOf(importParts(imports, run), base, run.parentId)
}

function spansOf(parts: readonly AnatomyPart[], base: SpanBase, parentId: string): Span[] {
  return parts.flatMap(({ name, startNanos, endNanos, attributes, children }) => {
    const spanId = newSpanId()
    const span = completeSpan({
      ...base,
      name,
      spanId,
      parentId,
      startNanos,
      endNanos,
      kind: INTERNAL,
      attributes: { ...base.attributes, ...attributes },
    })
    return [span, ...spansOf(children, base, spanId)]
  })
}
