// What an invocation's outcome is once its runtime has answered: from the answer itself, and from what went wrong after it.
// Pure: invoke-phase.ts knows when.
import { errorBody, reportedOutcome, type Outcome } from './phase-outcome.ts'
import type { Signal } from './signal-queue.ts'

/** How an invocation ended whose caller may have its answer already. */
export function afterAnswer(outcome: Outcome, answered: Outcome | undefined): Outcome {
  if (answered?.responseNanos === undefined) return outcome
  return { ...outcome, payload: answered.payload, responseNanos: answered.responseNanos }
}

/** What the runtime answered to an invocation; undefined: the signal is no answer. */
export function answerOf(signal: Signal): Outcome | undefined {
  const { atNanos } = signal
  const responseBeganNanos = 'beganNanos' in signal ? signal.beganNanos : atNanos
  const times = { endNanos: atNanos, responseBeganNanos, responseNanos: atNanos }
  if (signal.kind === 'response') {
    const { body: payload, streamedBytes } = signal
    return { status: 'success', ...times, payload, ...(streamedBytes === undefined ? {} : { streamedBytes }) }
  }
  if (signal.kind === 'error') return { ...reportedOutcome(signal.error, atNanos), ...times }
  if (signal.kind !== 'rejected') return undefined
  const { errorType, message } = signal
  return { status: 'error', ...times, errorType, payload: errorBody(errorType, message) }
}
