// How much of a row's bar each phase takes, in percent of the bar.
import type { ConsoleFunctionPhases } from '../../../fnscope/src/api/console-types.ts'

export interface PhaseShares {
  readonly init: number
  readonly overhead: number
}

/**
 * The initialization may lie before the root's own time: then the bar stands for both. What is left of it is the handler
 * and the way to it.
 */
export function shareOfPhases(
  { initMs, handlerMs, overheadMs }: ConsoleFunctionPhases,
  durationMs: number,
): PhaseShares {
  const whole = Math.max(durationMs, initMs + handlerMs + overheadMs)
  const percent = (ms: number): number => (whole > 0 ? Math.round((ms / whole) * 1000) / 10 : 0)
  return { init: percent(initMs), overhead: percent(overheadMs) }
}
