// From when to when an expression looks at the samples of its selectors.
import { PromqlError, type Expression, type Moved, type Selector } from './promql-syntax.ts'

/** How far back an instant vector looks for a value. */
export const LOOKBACK_MS = 5 * 60_000

export interface Times {
  readonly startMs: number
  readonly endMs: number
}

export interface Reach extends Times {
  readonly selector: Selector
}

/** The time at which what is moved is looked at, when `ms` is asked about. */
export function movedTo({ offsetMs, at }: Moved, ms: number, asked: Times): number {
  const own = at === 'start' ? asked.startMs : at === 'end' ? asked.endMs : at
  return (own ?? ms) - (offsetMs ?? 0)
}

/** Each selector with the time of its samples, for the times at which the whole is asked. */
export function reachesOf(expression: Expression, asked: Times, times: Times = asked): readonly Reach[] {
  switch (expression.kind) {
    case 'number':
    case 'text':
      return []
    case 'selector': {
      const backMs = expression.rangeMs ?? LOOKBACK_MS
      const reach = {
        selector: expression,
        startMs: movedTo(expression, times.startMs, asked) - backMs,
        endMs: movedTo(expression, times.endMs, asked),
      }
      if (!Number.isFinite(reach.startMs) || Math.abs(reach.startMs) > 9e12 || Math.abs(reach.endMs) > 9e12)
        throw new PromqlError('the time that the query looks at is out of bounds')
      return [reach]
    }
    case 'subquery':
      return reachesOf(expression.of, asked, {
        startMs: movedTo(expression, times.startMs, asked) - expression.rangeMs,
        endMs: movedTo(expression, times.endMs, asked),
      })
    case 'negative':
      return reachesOf(expression.of, asked, times)
    case 'aggregate':
      return [expression.of, ...(expression.parameter === undefined ? [] : [expression.parameter])].flatMap((one) =>
        reachesOf(one, asked, times),
      )
    case 'call':
      return expression.arguments.flatMap((one) => reachesOf(one, asked, times))
    case 'binary':
      return [expression.left, expression.right].flatMap((one) => reachesOf(one, asked, times))
  }
}
