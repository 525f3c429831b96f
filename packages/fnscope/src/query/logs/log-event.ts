// Where an event stands among all of them, as text: CloudWatch's eventId, and what tokens of a page are made of.
import type { LogEvent, LogPosition } from '../../store/store.ts'

export type { LogEvent, LogPosition }

const TIME_DIGITS = 19
const SEQUENCE_DIGITS = 10
/** As long as the cloud's. */
const ID_DIGITS = 56
const SEQUENCES = 10n ** BigInt(SEQUENCE_DIGITS)
const TIMES = 10n ** BigInt(TIME_DIGITS)

/** 56 digits that order as events do; the same for an event whenever it is read. */
export function eventIdOf({ timeNanos, receivedNanos, sequence }: LogPosition): string {
  const number = (timeNanos * TIMES + receivedNanos) * SEQUENCES + BigInt(sequence)
  return number.toString().padStart(ID_DIGITS, '0')
}

/** Undefined when the text is no such id. */
export function positionOf(eventId: string): LogPosition | undefined {
  if (!/^0{8}\d{48}$/.test(eventId)) return undefined
  const number = BigInt(eventId)
  const sequence = Number(number % SEQUENCES)
  const [timeNanos, receivedNanos] = [number / SEQUENCES / TIMES, (number / SEQUENCES) % TIMES]
  const isPossible = sequence < 2 ** 32 && timeNanos < 2n ** 63n && receivedNanos < 2n ** 63n
  return isPossible ? { timeNanos, receivedNanos, sequence } : undefined
}

/** The first place behind it. */
export function behind({ timeNanos, receivedNanos, sequence }: LogPosition): LogPosition {
  if (sequence < 2 ** 32 - 1) return { timeNanos, receivedNanos, sequence: sequence + 1 }
  return { timeNanos, receivedNanos: receivedNanos + 1n, sequence: 0 }
}
