// The parts of log records and metric points that are kept as JSON text, and back; as span-json.ts has it for spans.
import { attributeJson, parseAttributes, type Attributes } from './attribute-value.ts'
import type { LogDetails } from './log-record.ts'
import type { BucketRun, Exemplar, ExponentialBuckets, MetricDetails } from './metric-point.ts'
import { attributesOf, count, filled, isEmpty, parseList, some, text, textOf, whole } from './span-json.ts'

export function formatLogDetails(details: LogDetails | undefined): string {
  if (details === undefined) return ''
  const { traceFlags, droppedAttributes, droppedResourceAttributes, schemaUrl } = details
  return textOf(
    filled({
      flags: whole(traceFlags),
      droppedAttributes: whole(droppedAttributes),
      droppedResourceAttributes: whole(droppedResourceAttributes),
      schemaUrl,
    }),
  )
}

export function parseLogDetails(json: string): LogDetails | undefined {
  if (json === '') return undefined
  const members = parseAttributes(json)
  return {
    ...some('traceFlags', count(members['flags'])),
    ...some('droppedAttributes', count(members['droppedAttributes'])),
    ...some('droppedResourceAttributes', count(members['droppedResourceAttributes'])),
    ...some('schemaUrl', text(members['schemaUrl'])),
  }
}

export function formatMetricDetails(details: MetricDetails | undefined): string {
  if (details === undefined) return ''
  const { metadata, droppedResourceAttributes, schemaUrl } = details
  return textOf(filled({ metadata, droppedResourceAttributes: whole(droppedResourceAttributes), schemaUrl }))
}

export function parseMetricDetails(json: string): MetricDetails | undefined {
  if (json === '') return undefined
  const members = parseAttributes(json)
  const metadata = attributesOf(members['metadata'])
  return {
    ...(isEmpty(metadata) ? {} : { metadata }),
    ...some('droppedResourceAttributes', count(members['droppedResourceAttributes'])),
    ...some('schemaUrl', text(members['schemaUrl'])),
  }
}

export function formatExemplars(exemplars: readonly Exemplar[] | undefined): string {
  if (exemplars === undefined || exemplars.length === 0) return ''
  return attributeJson(
    exemplars.map(({ timeNanos, value, traceId, spanId, attributes }) => ({
      nanos: timeNanos,
      value,
      ...filled({ traceId, spanId, attributes }),
    })),
  )
}

export function parseExemplars(json: string): readonly Exemplar[] {
  return parseList(json).map(({ nanos, value, traceId, spanId, attributes }) => ({
    timeNanos: typeof nanos === 'bigint' ? nanos : 0n,
    value: typeof value === 'bigint' || typeof value === 'number' ? value : Number.NaN,
    ...some('traceId', text(traceId)),
    ...some('spanId', text(spanId)),
    attributes: attributesOf(attributes),
  }))
}

export function formatExponential(buckets: ExponentialBuckets | undefined): string {
  if (buckets === undefined) return ''
  const { scale, zeroCount, zeroThreshold, positive, negative } = buckets
  return attributeJson({
    scale: whole(scale),
    zeroCount,
    zeroThreshold,
    positive: { offset: whole(positive.offset), counts: positive.counts },
    negative: { offset: whole(negative.offset), counts: negative.counts },
  })
}

export function parseExponential(json: string): ExponentialBuckets | undefined {
  if (json === '') return undefined
  const { scale, zeroCount, zeroThreshold, positive, negative } = parseAttributes(json)
  return {
    scale: count(scale),
    zeroCount: Number(zeroCount),
    zeroThreshold: Number(zeroThreshold),
    positive: runOf(attributesOf(positive)),
    negative: runOf(attributesOf(negative)),
  }
}

function runOf({ offset, counts }: Attributes): BucketRun {
  return { offset: count(offset), counts: Array.isArray(counts) ? counts.map(Number) : [] }
}
