// Watches one engine child: returns when it is of no use any more. A listener that was closed looks alive to the system,
// so the question is always the one a client would ask.
import { setTimeout as sleep } from 'node:timers/promises'

import { type EngineChild, ping } from './engine-child.ts'

const PING_EVERY_MS = 1000
const PING_TIMEOUT_MS = 3000
const PINGS_MISSED = 3

/** Waits until the child has gone, killed by us if it no longer answers with its identity. Returns why, as text. */
export async function watchEngine(child: EngineChild, port: number, identity: string): Promise<string> {
  let missed = 0
  while (child.ending() === undefined && missed < PINGS_MISSED) {
    await pause(PING_EVERY_MS, child.gone)
    if (child.gone.aborted) break
    const asked = performance.now()
    if ((await ping(port, AbortSignal.timeout(PING_TIMEOUT_MS))) === identity) missed = 0
    // A late answer means that this process was busy or asleep itself: that says nothing about the engine.
    else if (performance.now() - asked < PING_TIMEOUT_MS + 1000) missed++
  }
  const ending = child.ending()
  if (ending !== undefined) return ending
  child.kill('SIGKILL')
  await child.exited
  return `no answer on port ${port} to ${PINGS_MISSED} pings, killed`
}

/** Waits until the child answers with this identity: true; false when it ended, was given up, or time is over. */
export async function awaitEngine(
  child: EngineChild,
  port: number,
  identity: string,
  timeoutMs: number,
  givenUp: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + timeoutMs
  while (child.ending() === undefined && !givenUp.aborted && performance.now() < until) {
    const signal = AbortSignal.any([child.gone, AbortSignal.timeout(PING_TIMEOUT_MS)])
    if ((await ping(port, signal)) === identity) return true
    await pause(10, child.gone)
  }
  return false
}

/** Waits for the time or the signal, whichever is first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
