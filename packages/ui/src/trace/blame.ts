// Whose an error is: of the function that ran, of a service (Lambda's own, or one that was called), or a throttle.
import { FAILED, FLAG, type SpanTree } from './rows.ts'

export type Blame = 'function' | 'service' | 'throttle' | 'client'

export interface Blamed {
  readonly whose: Blame
  /** `function error`, `Lambda service error`, `throttled by DynamoDB`. */
  readonly words: string
}

const FUNCTION = 'AWS::Lambda::Function'
const SERVICE = 'AWS::Lambda'

/** Undefined for a span that did not fail. */
export function blameOf(tree: SpanTree, row: number): Blamed | undefined {
  const { spans, words } = tree.columns
  const flags = spans.flags[row]!
  if ((flags & FAILED) === 0) return undefined
  const type = words[spans.type[row]!]!
  const name = words[spans.name[row]!]!
  const isCall = type === 'aws' || type === 'remote'
  if ((flags & FLAG.throttle) !== 0) return { whose: 'throttle', words: isCall ? `throttled by ${name}` : 'throttled' }
  if ((flags & FLAG.fault) === 0) return { whose: 'client', words: isCall ? 'request refused' : 'client error' }
  if (isCall) return { whose: 'service', words: type === 'aws' ? 'AWS service error' : 'error of the called service' }
  if (type === FUNCTION || functionAround(tree, row)) return { whose: 'function', words: 'function error' }
  if (type === SERVICE)
    return functionFailedBelow(tree, row)
      ? { whose: 'function', words: 'function error' }
      : { whose: 'service', words: 'Lambda service error' }
  return { whose: 'service', words: 'service error' }
}

/** The function whose segment the span is in, without a call between. */
function functionAround({ columns: { spans, words } }: SpanTree, row: number): boolean {
  for (let at = row; at >= 0; at = spans.parent[at]!) {
    if (words[spans.type[at]!] === FUNCTION) return true
    if ((spans.flags[at]! & FLAG.segment) !== 0) return false
  }
  return false
}

function functionFailedBelow({ columns: { spans, words }, end }: SpanTree, row: number): boolean {
  for (let at = row + 1; at < end[row]!; at++)
    if (words[spans.type[at]!] === FUNCTION && (spans.flags[at]! & FLAG.fault) !== 0) return true
  return false
}
