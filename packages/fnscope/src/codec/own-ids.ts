// Zipkin's two sides of a call share one id. Where it is shown by others, who know a span by its id alone, the server's
// side gets one of its own, below the client's; what the shared id is the parent of stands below the server's, as
// query/trace-index.ts has it.
import type { Span } from '../span/span.ts'
import { derivedId } from './xray-derived-id.ts'
import { CLIENT, SERVER } from '../span/span-kind.ts'

/** Unlike any count of inferred segments or exceptions, whose ids derive from the same span's. */
const SERVER_HALF = 0x7a697070

/** The spans of one trace, each with an id that no other has; the same list where they have. */
export function withOwnIds(spans: readonly Span[]): readonly Span[] {
  const clients = new Set<string>()
  for (const { source, kind, spanId } of spans) if (source === 'zipkin' && kind === CLIENT) clients.add(spanId)
  const halves = new Map<string, string>()
  if (clients.size > 0)
    for (const span of spans)
      if (isServerHalf(span, clients)) halves.set(span.spanId, derivedId(span.spanId, SERVER_HALF))
  if (halves.size === 0) return spans
  return spans.map((span) => {
    if (isServerHalf(span, clients)) return { ...span, spanId: halves.get(span.spanId)!, parentId: span.spanId }
    const parentId = span.parentId === undefined ? undefined : halves.get(span.parentId)
    return parentId === undefined ? span : { ...span, parentId }
  })
}

function isServerHalf({ source, kind, spanId }: Span, clients: ReadonlySet<string>): boolean {
  return source === 'zipkin' && kind === SERVER && clients.has(spanId)
}
