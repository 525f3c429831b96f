// What of a Lambda invocation a span is: its platform's own subsegments have names that say so.
import type { SpanTree } from './rows.ts'

export type Phase = 'init' | 'restore' | 'invocation' | 'overhead' | 'extension'

const NAMES: Readonly<Record<string, Phase>> = {
  Initialization: 'init',
  Init: 'init',
  Restore: 'restore',
  Invocation: 'invocation',
  Overhead: 'overhead',
  Extension: 'extension',
}
const LAMBDA = /^AWS::Lambda/

/** Undefined where the name is the user's own: only below a segment of Lambda's it means this. */
export function phaseOf({ columns: { spans, words } }: SpanTree, row: number): Phase | undefined {
  const name = words[spans.name[row]!]!
  const phase = NAMES[name] ?? (name.startsWith('Extension') ? 'extension' : undefined)
  const parent = spans.parent[row]!
  return phase !== undefined && parent >= 0 && LAMBDA.test(words[spans.type[parent]!]!) ? phase : undefined
}
