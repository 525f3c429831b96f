// One invocation in processes that have asked for work: from the handing over of its event until the runtime and all
// extensions have asked for more, or what ended it before.
import { afterAnswer, answerOf } from './answer-outcome.ts'
import { endProcesses } from './environment-end.ts'
import type { EnvironmentRequest } from './environment-options.ts'
import type { EnvironmentParts } from './environment-parts.ts'
import { exitOutcome, extensionOutcome, timeoutOutcome, type Outcome } from './phase-outcome.ts'

/** @param answer told as soon as the caller's answer is known; more than once where something fails after it: the first counts */
export async function runInvocation(
  parts: EnvironmentParts,
  request: EnvironmentRequest,
  {
    startNanos,
    deadline,
    answer,
  }: { readonly startNanos: bigint; readonly deadline: bigint; readonly answer: (outcome: Outcome) => void },
): Promise<Outcome> {
  const { options, extensions, runtimeApi, journal, signals, memory } = parts
  const deadlineMs = Number(deadline / 1_000_000n)
  const { requestId, functionArn, traceHeader } = request
  extensions.invoke({ requestId, deadlineMs, invokedFunctionArn: functionArn, traceHeader })
  runtimeApi.send({ ...request, deadlineMillis: deadlineMs })
  const done = (outcome: Outcome): void =>
    journal.runtimeDone(
      { requestId, startNanos, errorType: undefined, responseNanos: undefined, ...outcome },
      request.tracing,
    )
  let answered: Outcome | undefined
  let ended: Outcome | undefined
  for (;;) {
    const signal = await signals.take(deadline)
    const said = answerOf(signal)
    if (said) {
      // A runtime that reports a failure may end itself next.
      if (said.status === 'error') memory.sample()
      answered = said
      answer(said)
    } else if (signal.kind === 'next' && answered) {
      answered = { ...answered, runtimeDoneNanos: signal.atNanos }
      done(answered)
    } else if (signal.kind === 'exit') ended ??= exitOutcome(signal, { requestId, outOfMemory: parts.now.outOfMemory })
    else if (signal.kind === 'extension-failed') ended ??= extensionOutcome(signal, requestId)
    else if (signal.kind === 'timeout') {
      // Before the kill: of a process that has ended nothing can be read.
      memory.sample()
      const outcome = timeoutOutcome(requestId, options.spec.timeoutSeconds, deadline)
      answer(outcome)
      if (answered?.runtimeDoneNanos === undefined) done(outcome)
      await endProcesses(parts, 'timeout')
      return afterAnswer(outcome, answered)
    }
    // A result that came before the end counts: it was handed over in the same turn, or just before.
    if (ended && !signals.has('response') && !signals.has('error')) {
      const died = ended.errorType?.startsWith('Runtime.')
      const outcome = died && answered ? answered : afterAnswer(ended, answered)
      answer(outcome)
      if (answered?.runtimeDoneNanos === undefined) done({ ...outcome, endNanos: signal.atNanos })
      await endProcesses(parts, 'failure')
      return { ...outcome, endNanos: signal.atNanos }
    }
    if (answered?.runtimeDoneNanos !== undefined && extensions.idle) {
      const { runtimeDoneNanos, ...outcome } = answered
      const late = signal.atNanos > runtimeDoneNanos ? { runtimeDoneNanos } : {}
      return { ...outcome, ...late, endNanos: signal.atNanos }
    }
  }
}
