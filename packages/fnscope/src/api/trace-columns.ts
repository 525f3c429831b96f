// A trace as columns for the waterfall. Of a large one a part: the first spans breadth first, all that failed (to a
// bound), the critical path, what was asked for, and whatever is above these. Pure.
import { criticalPath } from '../query/critical-path.ts'
import { isPartial } from '../query/trace.ts'
import type { TraceIndex } from '../query/trace-index.ts'
import { formatXrayTraceId } from '../span/id.ts'
import type { Span } from '../span/span.ts'
import { nanosToMillis } from '../span/time.ts'
import type { ConsoleSpanFlags, ConsoleTraceColumns } from './console-trace-types.ts'

export const FLAGS: ConsoleSpanFlags = {
  error: 1,
  fault: 2,
  throttle: 4,
  inProgress: 8,
  segment: 16,
  coldStart: 32,
  orphan: 64,
  exception: 128,
  links: 256,
  joined: 512,
}

export interface ColumnsOptions {
  /** Rows breadth first. */
  readonly limit: number
  /** Ids of spans below which more is wanted: `limit` more each time that it is named. */
  readonly open?: readonly string[]
  /** Ids of spans that are wanted wherever they are. */
  readonly include?: readonly string[]
  /** Rows that the store answers at most: with as many there may be more. */
  readonly storeLimit: number
}

const MAX_FAILED = 2000
const MAX_EVENTS = 10_000

export function traceColumns(index: TraceIndex, options: ColumnsOptions): ConsoleTraceColumns {
  const { spans } = index
  const startNanos = spans[0]?.startNanos ?? 0n
  let endNanos = startNanos
  for (const span of spans) {
    const end = span.endNanos ?? span.startNanos
    if (end > endNanos) endNanos = end
  }
  const path = criticalPath(index, endNanos)
  const failed = spans.filter((span) => span.error || span.fault || span.throttle)
  const shown = chosen(index, options, [...failed.slice(0, MAX_FAILED), ...path.map(({ span }) => span)])
  const rows = inOrder(index, shown)
  const rowOf = new Map(rows.map((span, row) => [span, row]))
  const words = new Words()
  const us = (nanos: bigint): number => Number(nanos - startNanos) / 1000
  const events = rows
    .flatMap((span, row) =>
      span.events.map((event) => ({ row, atUs: us(event.timeNanos), name: words.place(event.name) })),
    )
    .slice(0, MAX_EVENTS)
  const stretches = path.filter(({ span }) => rowOf.has(span))
  const serviceOf = services(index)
  return {
    id: formatXrayTraceId(index.traceId),
    startMs: nanosToMillis(startNanos),
    durationMs: nanosToMillis(endNanos - startNanos),
    spanCount: spans.length,
    truncated: spans.length >= options.storeLimit,
    partial: isPartial(index),
    spans: {
      id: rows.map(({ spanId }) => spanId),
      parent: rows.map((span) => rowOf.get(index.parents.get(span)!) ?? -1),
      name: rows.map(({ name }) => words.place(name)),
      service: rows.map((span) => words.place(serviceOf(span))),
      type: rows.map(({ origin, namespace }) => words.place(origin ?? namespace ?? '')),
      source: rows.map(({ source }) => words.place(source)),
      startUs: rows.map((span) => us(span.startNanos)),
      durationUs: rows.map((span) =>
        span.endNanos === undefined ? -1 : Number(span.endNanos - span.startNanos) / 1000,
      ),
      flags: rows.map((span) => flagsOf(span, index)),
      children: rows.map((span) => index.children.get(span)?.length ?? 0),
    },
    events: {
      row: events.map(({ row }) => row),
      atUs: events.map(({ atUs }) => atUs),
      name: events.map(({ name }) => name),
    },
    path: {
      row: stretches.map(({ span }) => rowOf.get(span)!),
      fromUs: stretches.map((stretch) => us(stretch.startNanos)),
      toUs: stretches.map((stretch) => us(stretch.endNanos)),
    },
    failed: failed.length,
    words: words.list,
  }
}

/** Each text once. */
class Words {
  readonly list: string[] = []
  readonly #places = new Map<string, number>()

  place(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    this.#places.set(text, this.list.length)
    return this.list.push(text) - 1
  }
}

function flagsOf(span: Span, index: TraceIndex): number {
  const { error, fault, throttle, inProgress, segment, coldStart } = span
  const orphan = span.parentId !== undefined && !index.parents.has(span)
  const exception = typeof span.cause === 'object' && (span.cause.exceptions?.length ?? 0) > 0
  const found = { error, fault, throttle, inProgress, segment, coldStart, orphan, exception }
  const more = { links: span.links.length > 0, joined: span.ownTraceId !== undefined }
  let flags = 0
  for (const [name, is] of Object.entries({ ...found, ...more })) if (is) flags |= FLAGS[name as keyof ConsoleSpanFlags]
  return flags
}

/** A streamed subsegment does not know its service: it has that of the span above it. */
export function services(index: TraceIndex): (span: Span) => string {
  const known = new Map<Span, string>()
  return (span) => {
    const path: Span[] = []
    let at: Span | undefined = span
    while (at && at.service === '' && !known.has(at)) {
      path.push(at)
      at = index.parents.get(at)
    }
    const service = at === undefined ? '' : at.service || known.get(at)!
    for (const one of path) known.set(one, service)
    return service
  }
}

function chosen(index: TraceIndex, { limit, open = [], include = [] }: ColumnsOptions, wanted: Span[]): Set<Span> {
  const tops = index.spans.filter((span) => !index.parents.has(span))
  const shown = new Set<Span>()
  addBreadthFirst(index, shown, tops, limit)
  const ids = new Map<string, Span>()
  if (open.length + include.length > 0) for (const span of index.spans) ids.set(span.spanId, span)
  for (const id of [...open, ...include]) if (ids.has(id)) wanted.push(ids.get(id)!)
  for (const span of wanted)
    for (let at: Span | undefined = span; at && !shown.has(at); at = index.parents.get(at)) shown.add(at)
  for (const id of open) {
    const parent = ids.get(id)
    if (parent) addBreadthFirst(index, shown, index.children.get(parent) ?? [], limit)
  }
  return shown
}

/** Adds up to `limit` that are not there yet. */
function addBreadthFirst(index: TraceIndex, shown: Set<Span>, from: readonly Span[], limit: number): void {
  const queue = [...from]
  let left = limit
  for (let at = 0; at < queue.length && left > 0; at++) {
    const span = queue[at]!
    if (!shown.has(span)) {
      shown.add(span)
      left -= 1
    }
    for (const child of index.children.get(span) ?? []) queue.push(child)
  }
}

/** Depth first, children by start. Whatever is shown has its parents shown. */
function inOrder(index: TraceIndex, shown: ReadonlySet<Span>): Span[] {
  const rows: Span[] = []
  const stack = index.spans.filter((span) => !index.parents.has(span)).reverse()
  for (let span = stack.pop(); span; span = stack.pop()) {
    if (!shown.has(span)) continue
    rows.push(span)
    const children = index.children.get(span) ?? []
    for (let at = children.length - 1; at >= 0; at--) stack.push(children[at]!)
  }
  return rows
}
