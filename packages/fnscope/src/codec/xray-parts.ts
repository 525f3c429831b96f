// The parts of a document that depend on who made the span. Of X-Ray's own, and of the platform's segments, here: their
// attributes are spelled as xray-span.ts spells them. Of every other make: xray-foreign.ts.
import type { Cause, Span } from '../span/span.ts'
import { membersOf, plainMembers, put, putFilled, type Members } from './xray-members.ts'

/** Empty texts and members are left out of the document. */
export interface DocumentParts {
  readonly name: string
  readonly namespace: string | undefined
  readonly origin: string | undefined
  /** error, throttle and fault. */
  readonly flags: Members
  readonly cause: Cause | Members | undefined
  readonly http: Members
  readonly aws: Members
  readonly sql: Members
  readonly service: Members
  readonly annotations: Members
  readonly metadata: { readonly [namespace: string]: unknown } | undefined
}

/** Spans whose attributes are spelled as xray-span.ts spells them. */
export function isNative({ source }: Pick<Span, 'source'>): boolean {
  return source === 'xray' || source === 'lambda'
}

export function nativeParts(span: Span): DocumentParts {
  return {
    name: span.segment && span.service !== '' ? span.service : span.name,
    namespace: span.namespace,
    origin: span.origin,
    flags: {
      ...(span.error && { error: true }),
      ...(span.throttle && { throttle: true }),
      ...(span.fault && { fault: true }),
    },
    cause: span.cause,
    http: httpOf(span),
    aws: awsOf(span),
    sql: membersOf(span.attributes, 'sql.'),
    service: membersOf(span.resource, 'service.'),
    annotations: plainMembers(span.annotations),
    metadata: span.metadata,
  }
}

function httpOf({ http, attributes }: Span): Members {
  const request = membersOf(attributes, 'http.request.')
  const response = membersOf(attributes, 'http.response.')
  put(request, 'method', http?.method)
  put(request, 'url', http?.url)
  put(request, 'user_agent', http?.userAgent)
  put(request, 'client_ip', http?.clientIp)
  if (http?.traced === true) request['traced'] = true
  put(response, 'status', http?.status)
  const both: Members = {}
  putFilled(both, 'request', request)
  putFilled(both, 'response', response)
  return both
}

function awsOf(span: Span): Members {
  const aws = membersOf(span.attributes, 'aws.')
  put(aws, 'account_id', span.accountId)
  // The platform knows the request id on all spans of an invocation, AWS writes it on the service's segment.
  const carries = span.source === 'xray' ? span.origin?.startsWith('AWS::Lambda') : span.origin === 'AWS::Lambda'
  if (carries === true) put(aws, 'request_id', span.requestId)
  return aws
}
