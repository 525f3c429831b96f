// How the processes of an environment are ended: at a failure or timeout, with an idle environment, and what extensions are
// told of it and when.
import type { EnvironmentParts } from './environment-parts.ts'
import type { ShutdownReason } from './extensions-api.ts'

/** What an idle runtime has for its last words. */
const TERMINATE_MS = 1500
/** What everybody has at a shutdown that extensions are told of, and the runtime's part of it. */
const SHUTDOWN_MS = 2000
const RUNTIME_SHUTDOWN_MS = 600
/** What the last telemetry has to arrive, before SHUTDOWN is told. */
const FLUSH_MS = 300

/** Ends all processes while an invocation runs: the next one begins with an init. */
export async function endProcesses(parts: EnvironmentParts, reason: ShutdownReason): Promise<void> {
  parts.now.ending = true
  await parts.processes.killRuntime()
  if (parts.extensions.kind === 'external') await shutDown(parts, reason)
  await parts.processes.killed()
  await parts.sandbox.killStrays()
  await readToTheEnd(parts)
}

/**
 * Ends an idle environment: SIGTERM, with time to send what libraries held back until then, as Datadog's writer does (it
 * flushes once a second, and at SIGTERM), then SHUTDOWN to extensions. Resolves when all processes have ended.
 */
export async function endIdle(parts: EnvironmentParts): Promise<void> {
  const { extensions, processes, server } = parts
  if (extensions.kind === 'none') {
    const ended = processes.terminateRuntime(TERMINATE_MS)
    // Python runs signal handlers between two steps of its own: not before the runtime's client has left its wait.
    server.close()
    await ended
  } else await shutDown(parts, 'spindown')
  server.close()
  await readToTheEnd(parts)
  await parts.sandbox.remove()
}

/** Everything that the processes wrote until now becomes lines. */
export async function readToTheEnd({ output, processes }: EnvironmentParts): Promise<void> {
  await output.quiet()
  processes.flush()
}

async function shutDown({ processes, journal, extensions }: EnvironmentParts, reason: ShutdownReason): Promise<void> {
  const deadlineMs = Date.now() + SHUTDOWN_MS
  processes.thaw()
  await processes.terminateRuntime(RUNTIME_SHUTDOWN_MS)
  // Whoever hears of the end may exit at once: what it subscribed to is there before.
  await journal.api.flush(FLUSH_MS)
  const told = extensions.shutdown(reason, deadlineMs)
  await processes.extensionsEnded(told, deadlineMs - Date.now())
  await processes.killed()
}

/** SIGKILL to all processes; what waits for one of them hears of it. The APIs are closed. */
export function stopNow({ processes, server, push, options }: EnvironmentParts): void {
  processes.kill()
  push({ kind: 'exit', atNanos: options.clock(), status: { code: null, signal: 'SIGKILL' } })
  server.close()
}
