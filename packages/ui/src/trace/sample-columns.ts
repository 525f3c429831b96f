// A trace's columns from little, for tests.
import type { ConsoleTraceColumns } from '../../../fnscope/src/api/console-trace-types.ts'

export interface SampleSpan {
  /** Row; absent: a top. */
  readonly parent?: number
  readonly startUs: number
  readonly durationUs: number
  readonly name?: string
  readonly service?: string
  readonly type?: string
  readonly flags?: number
  /** In all; absent: those that are here. */
  readonly children?: number
}

/** Ids are s0, s1 …; parents stand before their children. */
export function sampleColumns(spans: readonly SampleSpan[]): ConsoleTraceColumns {
  const words: string[] = []
  const place = (word: string): number => {
    const at = words.indexOf(word)
    return at >= 0 ? at : words.push(word) - 1
  }
  const children = spans.map(() => 0)
  for (const { parent = -1 } of spans) if (parent >= 0) children[parent]! += 1
  return {
    id: '1-5759e988-bd862e3fe1be46a994272793',
    startMs: 1_700_000_000_000,
    durationMs:
      Math.max(...spans.slice(0, 1000).map(({ startUs, durationUs }) => startUs + Math.max(durationUs, 0))) / 1000,
    spanCount: spans.length,
    truncated: false,
    partial: false,
    words,
    spans: {
      id: spans.map((_, row) => `s${row}`),
      parent: spans.map(({ parent = -1 }) => parent),
      name: spans.map(({ name = 'work' }) => place(name)),
      service: spans.map(({ service = 'orders' }) => place(service)),
      type: spans.map(({ type = '' }) => place(type)),
      source: spans.map(() => place('otlp')),
      startUs: spans.map(({ startUs }) => startUs),
      durationUs: spans.map(({ durationUs }) => durationUs),
      flags: spans.map(({ flags = 0 }) => flags),
      children: spans.map((span, row) => span.children ?? children[row]!),
    },
    events: { row: [], atUs: [], name: [] },
    path: { row: [], fromUs: [], toUs: [] },
    failed: 0,
  }
}
