// Whose traces a batch of messages comes from: the function's own trace links to each of them, as the cloud's does.
import type { SqsMessage } from '../../functions/triggers/source-events.ts'
import type { SpanLink } from '../../span/span.ts'
import { parseTraceHeader } from '../../span/trace-header.ts'
import type { SentTraces } from '../sent-traces.ts'

const MAX_LINKS = 100

/**
 * X-Amzn-Trace-Id of a message: its own, as an SDK set it, or what its sender's call carried; behind a topic or a bus
 * that of who published.
 */
export function sentTraceOf({ MessageId, Attributes, Body }: SqsMessage, sent: SentTraces): string | undefined {
  return Attributes?.['AWSTraceHeader'] ?? sent.of(`sqs ${MessageId}`) ?? publishedTraceOf(Body, sent)
}

/** Each sender once. @param headers undefined: a message without a trace */
export function linksOf(headers: readonly (string | undefined)[]): SpanLink[] {
  const links = new Map<string, SpanLink>()
  for (const header of headers) {
    const { traceId, parentId } = parseTraceHeader(header)
    if (traceId === undefined) continue
    links.set(`${traceId} ${parentId}`, {
      traceId,
      ...(parentId === undefined ? {} : { spanId: parentId }),
      attributes: {},
    })
  }
  return [...links.values()].slice(0, MAX_LINKS)
}

/** A topic's envelope and a bus' event have ids of their own. */
function publishedTraceOf(body: string, sent: SentTraces): string | undefined {
  if (!body.startsWith('{')) return undefined
  let envelope: unknown
  try {
    envelope = JSON.parse(body)
  } catch {
    return undefined
  }
  const { Type, MessageId, id } = envelope as Readonly<Record<string, unknown>>
  if (Type === 'Notification' && typeof MessageId === 'string') return sent.of(`sns ${MessageId}`)
  return typeof id === 'string' ? sent.of(`events ${id}`) : undefined
}
