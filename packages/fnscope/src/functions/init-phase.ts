// The init of an environment: its processes are started, and are ready when the runtime has asked for work and all extensions
// for an event. One that fails has ended them all.
import { anatomyVariables } from './anatomy/anatomy-variables.ts'
import { endProcesses, readToTheEnd, stopNow } from './environment-end.ts'
import type { EnvironmentParts } from './environment-parts.ts'
import { environmentVariables } from './environment-variables.ts'
import { oneTooMany } from './extension-exit.ts'
import { extensionVariables } from './extension-variables.ts'
import { MAX_EXTENSIONS } from './extensions-api.ts'
import type { InitRecord } from './invocation-record.ts'
import { externalExtensions } from './layer-extensions.ts'
import {
  exitOutcome,
  extensionOutcome,
  NOTHING,
  reportedOutcome,
  timeoutOutcome,
  type Outcome,
} from './phase-outcome.ts'
import type { ApiError } from './runtime-api.ts'
import type { Signal } from './signal-queue.ts'

/** On-demand functions have so long for their init; then it is run again inside the invocation. */
const INIT_LIMIT_NANOS = 10_000_000_000n
/** After an init error the runtime ends itself; one that does not is helped. */
const EXIT_GRACE_NANOS = 1_000_000_000n

export interface InitWithin {
  readonly deadline: bigint
  /** Told how a failed init is answered, before the processes are ended. */
  readonly answer: (outcome: Outcome) => void
}

/**
 * Starts the processes and waits until they ask for work. @param inits gets the record of it
 * @returns how that failed; undefined: they are ready
 */
export async function runInit(
  parts: EnvironmentParts,
  phase: 'init' | 'invoke',
  inits: InitRecord[],
  within?: InitWithin,
): Promise<Outcome | undefined> {
  const { options, journal, now } = parts
  const startNanos = options.clock()
  now.phase = phase
  journal.api.reset()
  journal.initStart({ phase, startNanos })
  const outcome = await startProcesses(parts, phase, within?.deadline ?? startNanos + INIT_LIMIT_NANOS)
  options.shells.started()
  parts.memory.sample()
  const { status, endNanos } = outcome
  const errorType = outcome.errorType === undefined ? {} : { errorType: outcome.errorType }
  const init: InitRecord = { phase, startNanos, endNanos, status, ...errorType }
  if (status !== 'success') journal.initRuntimeDone(init)
  journal.initReport(init)
  journal.api.closeSubscriptions()
  if (status !== 'success') {
    within?.answer(outcome)
    await endProcesses(parts, status === 'timeout' ? 'timeout' : 'failure')
  }
  await readToTheEnd(parts)
  now.phase = undefined
  const imports = parts.imports?.take()
  inits.push({ ...init, ...(imports === undefined ? {} : { anatomy: { ...now.spawned, imports } }) })
  return status === 'success' ? undefined : outcome
}

async function startProcesses(parts: EnvironmentParts, phase: 'init' | 'invoke', deadline: bigint): Promise<Outcome> {
  const { options, runtimeApi, extensions, processes, signals, journal, now, imports } = parts
  const { spec, launch, host, clock, initializationType } = options
  const address = await parts.server.listen()
  const externals = externalExtensions(spec.layerDirs)
  runtimeApi.reset()
  extensions.reset(externals.map(({ name }) => name))
  signals.clear()
  if (now.stopped) stopNow(parts)
  if (now.started) await processes.killed()
  now.started = true
  now.outOfMemory = false
  now.ending = false
  const sandbox = parts.sandbox.variables()
  const from = [
    spec,
    launch,
    { host, runtimeApi: address, logStream: parts.logStream, initializationType, sandbox },
  ] as const
  now.spawned = { spawnNanos: clock(), runtimeNanos: undefined, hasExtensions: externals.length > 0 }
  imports?.reset()
  if (externals.length > MAX_EXTENSIONS) parts.extensionFailed(oneTooMany(externals[MAX_EXTENSIONS]!.name))
  else if (externals.length > 0) {
    const variables = extensionVariables(...from)
    for (const extension of externals) processes.startExtension(extension, launch, variables)
  }
  let runtimeStarted = false
  let runtimeReady = false
  let reported: Extract<Signal, { readonly error: ApiError }> | undefined
  const requestId = now.requestId ?? ''
  for (;;) {
    if (!runtimeStarted && extensions.registered && !now.stopped) {
      now.spawned = { ...now.spawned, runtimeNanos: clock() }
      const variables = environmentVariables(...from)
      const telling = imports === undefined ? {} : anatomyVariables(spec, launch.paths.runtime, variables)
      processes.startRuntime(launch, { ...variables, ...telling })
      runtimeStarted = true
    }
    const signal = await signals.take(reported ? reported.atNanos + EXIT_GRACE_NANOS : deadline)
    if (signal.kind === 'next') {
      runtimeReady = true
      journal.initRuntimeDone({ phase, status: 'success', endNanos: signal.atNanos })
    }
    if (runtimeReady && extensions.ready) return { status: 'success', endNanos: signal.atNanos, payload: NOTHING }
    if (signal.kind === 'init-error') reported = signal
    else if (signal.kind === 'extension-failed') return extensionOutcome(signal, requestId)
    else if (reported && (signal.kind === 'exit' || signal.kind === 'timeout'))
      return reportedOutcome(reported.error, reported.atNanos)
    else if (signal.kind === 'exit') return exitOutcome(signal, { requestId, outOfMemory: now.outOfMemory })
    else if (signal.kind === 'timeout') return timeoutOutcome(requestId, spec.timeoutSeconds, deadline)
  }
}
