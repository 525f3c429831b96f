// One clock for everything the platform times: high-resolution and monotonic, anchored to the epoch.

/** Epoch nanoseconds. */
export type Clock = () => bigint

const MAX_DRIFT_NANOS = 1_000_000_000n

/**
 * A clock that counts with the machine's high-resolution timer from the wall time of its making. It is anchored anew
 * when the two are a second apart: the timer stands still while a laptop sleeps, and somebody may set the wall clock.
 */
export function createClock(): Clock {
  let anchor = wallNanos() - process.hrtime.bigint()
  return () => {
    const now = anchor + process.hrtime.bigint()
    const drift = BigInt(Date.now()) * 1_000_000n - now
    if (drift < MAX_DRIFT_NANOS && drift > -MAX_DRIFT_NANOS) return now
    anchor += drift
    return now + drift
  }
}

function wallNanos(): bigint {
  const micros = (performance.timeOrigin + performance.now()) * 1000
  const byTimer = BigInt(Math.round(micros)) * 1000n
  const wall = BigInt(Date.now()) * 1_000_000n
  const apart = wall - byTimer
  return apart < 2_000_000n && apart > -2_000_000n ? byTimer : wall
}
