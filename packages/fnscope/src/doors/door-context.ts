// What every door needs of the running fnscope, and what it is once it is open.
import type { Config } from '../config.ts'
import type { Counters } from '../counters.ts'
import type { BodyBudget } from '../http/body-budget.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import type { Reader, Store } from '../store/store.ts'
import type { TimeBounds } from '../span/time.ts'

export interface DoorContext {
  /** Of doors that answer: with `--ack stored` it resolves late. */
  readonly ingest: Pick<Ingest, 'accept'>
  /** Of doors that answer nobody. */
  readonly quickIngest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
  readonly token: string | undefined
  /** What functions that run here may show instead of the token. */
  readonly functionKey: string | undefined
  /** Where doors answer questions too; absent where another process does. */
  readonly store?: Reader & Pick<Store, 'watchGaps'>
  /** Nanoseconds since 1970. */
  readonly now: () => bigint
  readonly bounds: () => TimeBounds
  /** Of the bodies on their way through all doors: what is being read, inflated, decoded or waits for the log. */
  readonly budget: BodyBudget
  /** What clients that ask are told to sample. */
  readonly sampling: Config['sampling']
  /** For the person at the terminal. */
  readonly notify: (line: string) => void
}

export interface OpenDoor {
  /** The address, `off`, or `closed: why`. */
  readonly description: string
  /** 0 when it is not open. */
  readonly port: number
  /** Lets requests in progress end. Twice is fine. */
  stop(): Promise<void>
}

export const DOOR_OFF: OpenDoor = { description: 'off', port: 0, stop: async () => {} }
