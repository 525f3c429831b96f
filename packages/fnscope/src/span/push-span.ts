// One Span object into a SpanBatch: the way in for spans that are made here a few at a time (the platform, X-Ray
// documents, tests). Codecs of the hot path fill the columns from the wire themselves.
import { formatLiteral, jsonOf, type Attributes } from './attribute-value.ts'
import type { FixedColumn, MapColumn } from './columns.ts'
import type { Span } from './span.ts'
import type { SpanBatch } from './span-batch.ts'

function pushId(column: FixedColumn, hex: string): void {
  if (!column.pushHex(hex)) throw new TypeError(`not an id of ${column.width} bytes: ${hex}`)
}

function pushAttributes(strings: MapColumn, typed: MapColumn, attributes: Attributes): void {
  for (const key in attributes) {
    const value = attributes[key]!
    const target = typeof value === 'string' ? strings : typed
    target.keys.push(key)
    target.values.push(typeof value === 'string' ? value : formatLiteral(value))
  }
  strings.endRow()
  typed.endRow()
}

/** Appends `span` as one row. `span.endNanos` absent means duration 0: such a row belongs in a batch of open spans. */
export function pushSpan(batch: SpanBatch, span: Span): void {
  pushId(batch.traceId, span.traceId)
  pushId(batch.spanId, span.spanId)
  if (span.parentId === undefined) batch.parentId.pushZero()
  else pushId(batch.parentId, span.parentId)
  batch.startNanos.pushI64(span.startNanos)
  batch.durationNanos.pushI64(span.endNanos === undefined ? 0n : span.endNanos - span.startNanos)
  batch.kind.pushU8(span.kind)
  batch.segment.pushBool(span.segment)
  batch.rootRank.pushU8(span.rootRank)
  batch.source.push(span.source)
  batch.service.push(span.service)
  batch.name.push(span.name)
  batch.origin.push(span.origin ?? '')
  batch.namespace.push(span.namespace ?? '')
  batch.accountId.push(span.accountId ?? '')
  batch.resourceArn.push(span.resourceArn ?? '')
  batch.error.pushBool(span.error)
  batch.fault.pushBool(span.fault)
  batch.throttle.pushBool(span.throttle)
  batch.coldStart.pushBool(span.coldStart)
  batch.statusCode.pushU8(span.statusCode)
  batch.statusMessage.push(span.statusMessage ?? '')
  batch.httpMethod.push(span.http?.method ?? '')
  batch.httpUrl.push(span.http?.url ?? '')
  batch.httpStatus.pushU16(span.http?.status ?? 0)
  batch.httpUserAgent.push(span.http?.userAgent ?? '')
  batch.httpClientIp.push(span.http?.clientIp ?? '')
  batch.user.push(span.user ?? '')
  batch.requestId.push(span.requestId ?? '')
  batch.peerName.push(span.peer?.name ?? '')
  batch.peerType.push(span.peer?.type ?? '')
  batch.traced.pushBool(span.http?.traced ?? false)
  pushAttributes(batch.resource, batch.resourceTyped, span.resource)
  pushAttributes(batch.attributes, batch.attributesTyped, span.attributes)
  batch.scopeName.push(span.scope?.name ?? '')
  batch.scopeVersion.push(span.scope?.version ?? '')
  for (const [key, value] of Object.entries(span.scope?.attributes ?? {})) {
    batch.scopeAttributes.keys.push(key)
    batch.scopeAttributes.values.push(typeof value === 'string' ? value : formatLiteral(value))
  }
  batch.scopeAttributes.endRow()
  batch.traceFlags.pushU32(span.traceFlags)
  batch.traceState.push(span.traceState ?? '')
  batch.droppedAttributes.pushU32(span.dropped.attributes)
  batch.droppedEvents.pushU32(span.dropped.events)
  batch.droppedLinks.pushU32(span.dropped.links)
  pushAnnotations(batch, span.annotations)
  batch.metadata.push(span.metadata === undefined ? '' : JSON.stringify(span.metadata))
  batch.cause.push(span.cause === undefined ? '' : JSON.stringify(span.cause))
  pushEvents(batch, span)
  pushLinks(batch, span)
  batch.receivedNanos.pushI64(span.receivedNanos)
}

function pushAnnotations(batch: SpanBatch, annotations: Span['annotations']): void {
  for (const key in annotations) {
    const value = annotations[key]!
    if (typeof value === 'string') {
      batch.annotationStrings.keys.push(key)
      batch.annotationStrings.values.push(value)
    } else if (typeof value === 'number') {
      batch.annotationNumbers.keys.push(key)
      batch.annotationNumbers.values.pushF64(value)
    } else {
      batch.annotationBooleans.keys.push(key)
      batch.annotationBooleans.values.pushBool(value)
    }
  }
  batch.annotationStrings.endRow()
  batch.annotationNumbers.endRow()
  batch.annotationBooleans.endRow()
}

function pushEvents(batch: SpanBatch, span: Span): void {
  for (const event of span.events) {
    batch.eventNanos.items.pushI64(event.timeNanos)
    batch.eventNames.items.push(event.name)
    batch.eventAttributes.items.push(jsonOf(event.attributes))
  }
  batch.eventNanos.endRow()
  batch.eventNames.endRow()
  batch.eventAttributes.endRow()
}

function pushLinks(batch: SpanBatch, span: Span): void {
  for (const link of span.links) {
    pushId(batch.linkTraceIds.items, link.traceId)
    if (link.spanId === undefined) batch.linkSpanIds.items.pushZero()
    else pushId(batch.linkSpanIds.items, link.spanId)
    batch.linkStates.items.push(link.traceState ?? '')
    batch.linkAttributes.items.push(jsonOf(link.attributes))
  }
  batch.linkTraceIds.endRow()
  batch.linkSpanIds.endRow()
  batch.linkStates.endRow()
  batch.linkAttributes.endRow()
}
