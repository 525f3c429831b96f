// The signals that end a serving command, waited for from its first moment on.

/** A terminal, npm and the wrapper may each pass on one and the same Ctrl-C. */
const SAME_SIGNAL_MS = 1000

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a later second one ends the process at once. */
export function firstSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let first: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first !== undefined && performance.now() - first > SAME_SIGNAL_MS) process.exit(130)
    first ??= performance.now()
    resolve(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  return promise
}
