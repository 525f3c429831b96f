// Time stamps of points: in the unit that the sender names, or in the one that their size gives away.

const FACTORS: Readonly<Record<string, bigint>> = {
  n: 1n,
  ns: 1n,
  u: 1000n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** Nanoseconds in a unit. 0n: nobody said which, it is guessed. */
export type Precision = bigint

export const GUESSED: Precision = 0n

/** `n`, `u`, `ms`, `s`, `m`, `h`; '' is guessed; undefined: no unit. */
export function parsePrecision(text: string): Precision | undefined {
  if (text === '') return GUESSED
  return Object.hasOwn(FACTORS, text) ? FACTORS[text] : undefined
}

// Seconds of the next thousand years are below the milliseconds of any day after April 1973, and so on upwards.
const GUESSES: readonly (readonly [below: bigint, factor: bigint])[] = [
  [100_000_000_000n, FACTORS['s']!],
  [100_000_000_000_000n, FACTORS['ms']!],
  [100_000_000_000_000_000n, FACTORS['u']!],
]

export function nanosOf(time: bigint, precision: Precision): bigint {
  if (precision !== GUESSED) return time * precision
  const size = time < 0n ? -time : time
  for (const [below, factor] of GUESSES) if (size < below) return time * factor
  return time
}
