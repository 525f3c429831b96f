// X-Amzn-Trace-Id: `Root=1-…;Parent=…;Sampled=0|1|?;Lineage=…`. Keys in any order and case; unknown ones are carried on,
// `Self` (from a load balancer) is dropped. Absent or unusable parts are left out, never invented.
import { formatXrayTraceId, parseSpanId, parseTraceId } from './id.ts'

export interface TraceHeader {
  /** 32 hex digits. */
  readonly traceId?: string
  /** 16 hex digits. */
  readonly parentId?: string
  /** true 1, false 0, 'ask' for `?` (the receiver decides and answers); undefined: nothing was said. */
  readonly sampled?: boolean | 'ask'
  /** `Key=value` parts that are passed on as they came, Lineage among them. */
  readonly rest: readonly string[]
}

export function parseTraceHeader(text: string | undefined): TraceHeader {
  let traceId: string | undefined
  let parentId: string | undefined
  let sampled: boolean | 'ask' | undefined
  const rest: string[] = []
  for (const part of (text ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at < 0) continue
    const key = part.slice(0, at).trim().toLowerCase()
    const value = part.slice(at + 1).trim()
    if (key === 'root') traceId = parseTraceId(value)
    else if (key === 'parent') parentId = parseSpanId(value)
    else if (key === 'sampled')
      sampled = value === '1' ? true : value === '0' ? false : value === '?' ? 'ask' : undefined
    else if (key !== 'self' && key !== '') rest.push(part.trim())
  }
  return {
    ...(traceId === undefined ? {} : { traceId }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(sampled === undefined ? {} : { sampled }),
    rest,
  }
}

export function formatTraceHeader(header: TraceHeader): string {
  const parts: string[] = []
  if (header.traceId !== undefined) parts.push(`Root=${formatXrayTraceId(header.traceId)}`)
  if (header.parentId !== undefined) parts.push(`Parent=${header.parentId}`)
  if (header.sampled !== undefined) parts.push(`Sampled=${header.sampled === 'ask' ? '?' : header.sampled ? '1' : '0'}`)
  return [...parts, ...header.rest].join(';')
}
