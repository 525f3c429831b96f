// Cursors of fnscope's own lists: where to go on, in which range, and of which question. They hold all that, so they
// survive a restart; one of another question is refused.
import { createHash } from 'node:crypto'
import type { TimeRange } from '../query/reader.ts'
import { refused, type ConsoleQuery } from './console-query.ts'

export interface TracePlace {
  readonly startNanos: bigint
  /** 32 hex digits. */
  readonly traceId: string
}

export interface TraceCursor {
  readonly after: TracePlace
  /** Of the first page: an age like 1h means another time by now. */
  readonly range: TimeRange
}

const QUESTION_DIGITS = 12

function digestOf(query: ConsoleQuery, names: readonly string[]): string {
  const asked = JSON.stringify(names.map((name) => query[name] ?? ''))
  return createHash('sha256').update(asked).digest('hex').slice(0, QUESTION_DIGITS)
}

/** @param names of the parameters that must be the same on every page */
export function formatCursor({ after, range }: TraceCursor, query: ConsoleQuery, names: readonly string[]): string {
  const numbers = [after.startNanos, range.startNanos, range.endNanos].map((nanos) => nanos.toString(36))
  return [...numbers, after.traceId, digestOf(query, names)].join('-')
}

/** @throws FnscopeError FNS_USAGE */
export function parseCursor(text: string, query: ConsoleQuery, names: readonly string[]): TraceCursor {
  const match = /^([0-9a-z]{1,13})-([0-9a-z]{1,13})-([0-9a-z]{1,13})-([0-9a-f]{32})-([0-9a-f]{12})$/.exec(text)
  if (!match) throw refused('cursor wants what an earlier page answered, unchanged. Leave it out to begin again.')
  const [, at, start, end, traceId, digest] = match as unknown as readonly string[]
  if (digest !== digestOf(query, names))
    throw refused(`cursor is of another question: ${names.join(', ')} must stay the same from page to page.`)
  const [startNanos, from, to] = [at!, start!, end!].map(nanosOf) as [bigint, bigint, bigint]
  return { after: { startNanos, traceId: traceId! }, range: { startNanos: from, endNanos: to } }
}

function nanosOf(text: string): bigint {
  let nanos = 0n
  for (const digit of text) nanos = nanos * 36n + BigInt(Number.parseInt(digit, 36))
  if (nanos >= 2n ** 63n) throw refused('cursor wants what an earlier page answered, unchanged.')
  return nanos
}
