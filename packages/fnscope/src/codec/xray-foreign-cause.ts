// X-Ray's cause of a span of another make: its exception events, each with what led to it, as the OpenTelemetry
// collector writes them.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { CauseException, Span, SpanEvent } from '../span/span.ts'
import { parseStackTrace } from './stack-trace.ts'
import { derivedId } from './xray-derived-id.ts'
import { CLIENT, PRODUCER } from '../span/span-kind.ts'

const ERROR = 2

/** What instrumented AWS SDKs say of each attempt that failed. */
const FAILED_ATTEMPT = 'HTTP request failure'

/** Whether the cause tells all that the event says. */
export function isCauseEvent({ name }: SpanEvent): boolean {
  return name === 'exception' || name === FAILED_ATTEMPT
}

export function causeOf(span: Span): { readonly exceptions: readonly CauseException[] } | undefined {
  const exceptions: CauseException[] = []
  const remote = span.kind === CLIENT || span.kind === PRODUCER
  const nextId = (): string => derivedId(span.spanId, exceptions.length + 1)
  for (const event of span.events) {
    if (event.name === 'exception') addException(exceptions, event, { remote, nextId })
    else if (event.name === FAILED_ATTEMPT)
      exceptions.push({ id: nextId(), message: attemptMessage(event), type: FAILED_ATTEMPT, remote: true })
  }
  if (exceptions.length > 0) return { exceptions }
  if (span.statusCode !== ERROR || span.statusMessage === undefined) return undefined
  return { exceptions: [{ id: nextId(), message: span.statusMessage, type: '' }] }
}

interface ExceptionContext {
  readonly remote: boolean
  readonly nextId: () => string
}

/** The exception, and behind it each that caused the one before. */
function addException(to: CauseException[], { attributes }: SpanEvent, { remote, nextId }: ExceptionContext): void {
  const { frames, causes } = parseStackTrace(text(attributes['exception.stacktrace']))
  const chain = [
    { type: text(attributes['exception.type']), message: text(attributes['exception.message']), frames },
    ...causes,
  ]
  for (const [index, one] of chain.entries()) {
    const id = nextId()
    to.push({ id, message: one.message, type: one.type, remote, ...(one.frames.length > 0 && { stack: one.frames }) })
    if (index < chain.length - 1) to[to.length - 1] = { ...to.at(-1)!, cause: nextId() }
  }
}

function attemptMessage({ attributes }: SpanEvent): string {
  const status = attributes['http.response.status_code']
  const message = text(attributes['aws.http.error_message']) || text(attributes['exception.message'])
  return [status === undefined ? '' : String(status as string | bigint), message].filter(Boolean).join(' ')
}

function text(value: AttributeValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
