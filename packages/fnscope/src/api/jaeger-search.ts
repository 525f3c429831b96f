// GET /api/traces of Jaeger's query API as a question to the store: one span must meet all that is asked.
import type { Reader, SpanQuery, TraceListOptions } from '../query/reader.ts'
import {
  clampNanos,
  durationOf,
  refused,
  requiredText,
  tagsOf,
  textOf,
  wholeOf,
  type JaegerQuery,
} from './jaeger-request.ts'
import { compileTag } from './jaeger-tag-query.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1500
const DEFAULT_LOOKBACK = 48n * 3_600_000_000_000n

/** @throws FnscopeError FNS_USAGE */
export async function readSearch(
  query: JaegerQuery,
  { reader, now }: { readonly reader: Pick<Reader, 'resourceKeys'>; readonly now: () => bigint },
): Promise<TraceListOptions> {
  const service = requiredText(query, 'service')
  const range = rangeOf(query, now())
  const limit = wholeOf(query, 'limit') ?? BigInt(DEFAULT_LIMIT)
  if (limit < 1n || limit > MAX_LIMIT) throw refused(`'limit' wants a number from 1 to ${MAX_LIMIT}, not ${limit}`)
  const operation = textOf(query, 'operation')
  const tags = tagsOf(query)
  const durations = durationsOf(query)
  const resourceKeys = tags.length === 0 ? new Set<string>() : await reader.resourceKeys(range)
  const conditions: SpanQuery[] = [
    { is: 'text', field: 'service', op: '=', value: service },
    ...(operation === undefined ? [] : [{ is: 'text', field: 'name', op: '=', value: operation } as const]),
    ...tags.map(([key, value]) => compileTag(key, value, resourceKeys)),
    ...durations,
  ]
  // An `and` among them is laid open, so that its annotation is found.
  const of = conditions.flatMap((one) => (one.is === 'and' ? one.of : [one]))
  return { ...range, by: 'start', limit: Number(limit), where: { is: 'span', where: { is: 'and', of } } }
}

/** Both ends are included, as microseconds. `lookback` counts where no start is given. */
function rangeOf(query: JaegerQuery, now: bigint): { readonly startNanos: bigint; readonly endNanos: bigint } {
  const start = wholeOf(query, 'start')
  const end = wholeOf(query, 'end')
  const custom = textOf(query, 'lookback') === 'custom'
  const lookback = start !== undefined || custom ? undefined : durationOf(query, 'lookback')
  const endNanos = end === undefined ? now : clampNanos((end + 1n) * 1000n)
  const startNanos = start === undefined ? endNanos - (lookback ?? DEFAULT_LOOKBACK) : start * 1000n
  return { startNanos: clampNanos(startNanos), endNanos }
}

function durationsOf(query: JaegerQuery): SpanQuery[] {
  const least = durationOf(query, 'minDuration')
  const most = durationOf(query, 'maxDuration')
  if (least !== undefined && most !== undefined && least > most)
    throw refused(`'maxDuration' should be greater than 'minDuration'`)
  return [
    ...(least === undefined ? [] : [{ is: 'number', field: 'duration', op: '>=', value: least } as const]),
    ...(most === undefined ? [] : [{ is: 'number', field: 'duration', op: '<=', value: most } as const]),
  ]
}
