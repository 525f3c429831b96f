// The cold starts of a function: of each its phases, one after the other, and what was imported in them. As the spans say
// it, fnscope's own (Initialization or Init, with what lies below) or Datadog's (aws.lambda.load with its imports).
import { nanosToMillis } from '../span/time.ts'
import type { Span } from '../span/span.ts'
import type { Reader, TimeRange } from '../store/store.ts'
import { groupByTrace } from './trace-index.ts'

export interface ColdStartPhase {
  readonly name: string
  readonly ms: number
}

/** A span of the initialization and what lies in it. */
export interface ColdStartPart {
  readonly name: string
  /** From the start of the initialization. */
  readonly offsetMs: number
  readonly ms: number
  /** Without what lies below it. */
  readonly selfMs: number
  readonly children: readonly ColdStartPart[]
}

export interface ColdStart {
  readonly traceId: string
  /** Of the function's segment. */
  readonly spanId: string
  readonly requestId?: string
  readonly version: string
  readonly startNanos: bigint
  readonly initMs: number
  /** Of the first call, without an initialization within it. */
  readonly callMs: number
  readonly failed: boolean
  /** In order; together `initMs`, but for what rounding takes. */
  readonly phases: readonly ColdStartPhase[]
  readonly parts: readonly ColdStartPart[]
}

const INIT_NAMES = new Set(['Init', 'Initialization', 'Restore', 'ColdStart', 'Initializer', 'aws.lambda.load'])
/** What fnscope counts of an initialization beyond what its spans say. */
const REST = 'Runtime and code'
/** Less is what is lost by rounding. */
const LEAST_MS = 0.05
/** A deeper tree is cut: spans that name each other as parents would never end. */
const MAX_DEPTH = 100

/** Newest first. `more`: there are further ones in the range. */
export async function readColdStarts(
  reader: Pick<Reader, 'listTraces' | 'readListed'>,
  query: { readonly name: string; readonly range: TimeRange; readonly limit: number },
): Promise<{ readonly coldStarts: ColdStart[]; readonly more: boolean }> {
  const { name, range, limit } = query
  const rows = await reader.listTraces({
    ...range,
    by: 'active',
    limit: limit + 1,
    where: {
      is: 'span',
      where: {
        is: 'and',
        of: [
          { is: 'flag', flag: 'coldStart' },
          { is: 'text', field: 'service', op: '=', value: name },
        ],
      },
    },
  })
  const traces = groupByTrace(await reader.readListed(rows.slice(0, limit)))
  const coldStarts = [...traces.values()].flatMap((spans) => coldStartsOf(spans, name))
  coldStarts.sort((a, b) => (a.startNanos > b.startNanos ? -1 : 1))
  return { coldStarts: coldStarts.slice(0, limit), more: rows.length > limit || coldStarts.length > limit }
}

/** @param spans of one trace */
export function coldStartsOf(spans: readonly Span[], name: string): ColdStart[] {
  const children = Map.groupBy(spans, ({ parentId }) => parentId ?? '')
  return spans
    .filter((span) => span.coldStart && span.service === name)
    .flatMap((segment) => {
      const below = children.get(segment.spanId) ?? []
      const inits = below.filter((span) => INIT_NAMES.has(span.name) && span.endNanos !== undefined)
      // A second segment of the same invocation, as another SDK tells it, has none.
      if (inits.length === 0) return []
      const startNanos = inits.reduce(
        (first, span) => (span.startNanos < first ? span.startNanos : first),
        segment.startNanos,
      )
      const parts = inits.flatMap((init) => partsBelow(init, children, startNanos, 0))
      const initMs = inits.reduce((sum, init) => sum + millisOf(init), 0)
      const within = inits.filter((init) => init.startNanos >= segment.startNanos)
      const callMs = Math.max(0, millisOf(segment) - within.reduce((sum, init) => sum + millisOf(init), 0))
      return [
        {
          traceId: segment.traceId,
          spanId: segment.spanId,
          ...(segment.requestId === undefined ? {} : { requestId: segment.requestId }),
          version: versionOf(segment),
          startNanos,
          initMs,
          callMs,
          failed: inits.some((init) => init.fault || init.error),
          phases: phasesOf(parts, initMs),
          parts,
        },
      ]
    })
}

function partsBelow(
  span: Span,
  children: ReadonlyMap<string, readonly Span[]>,
  startNanos: bigint,
  depth: number,
): ColdStartPart[] {
  if (depth === MAX_DEPTH) return []
  return (children.get(span.spanId) ?? [])
    .filter(({ endNanos }) => endNanos !== undefined)
    .toSorted((a, b) => (a.startNanos < b.startNanos ? -1 : 1))
    .map((child) => {
      const below = partsBelow(child, children, startNanos, depth + 1)
      const ms = millisOf(child)
      const inner = below.reduce((sum, part) => sum + part.ms, 0)
      return {
        name: child.name,
        offsetMs: nanosToMillis(child.startNanos - startNanos),
        ms,
        selfMs: Math.max(0, round(ms - inner)),
        children: below,
      }
    })
}

/** Phases of one name are one; what no part accounts for comes last. */
function phasesOf(parts: readonly ColdStartPart[], initMs: number): ColdStartPhase[] {
  const phases = new Map<string, number>()
  for (const { name, ms } of parts) phases.set(name, (phases.get(name) ?? 0) + ms)
  const rest = round(initMs - [...phases.values()].reduce((sum, ms) => sum + ms, 0))
  const all = [...phases].map(([name, ms]) => ({ name, ms: round(ms) }))
  return rest > LEAST_MS ? [...all, { name: REST, ms: rest }] : all
}

/** As the span says it, else the qualifier of the function's ARN. */
function versionOf({ attributes, resource, resourceArn = '' }: Span): string {
  const said = attributes['faas.version'] ?? resource['faas.version']
  if (typeof said === 'string' && said !== '') return said
  return /:function:[^:]+:([^:]+)$/.exec(resourceArn)?.[1] ?? '$LATEST'
}

function millisOf({ startNanos, endNanos }: Span): number {
  return nanosToMillis((endNanos ?? startNanos) - startNanos)
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
