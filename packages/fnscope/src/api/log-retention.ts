// Lines past their group's own retention are deleted, a while after they are no longer answered.
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { NANOS_PER_DAY } from '../span/time.ts'
import type { LogGroups } from './log-groups.ts'

export interface LogRetentionOptions {
  readonly groups: LogGroups
  readonly deleteLogs: (lines: { readonly logGroup: string; readonly endNanos: bigint }) => Promise<void>
  /** Epoch nanoseconds. */
  readonly now: () => bigint
  readonly log: Logger
}

const EVERY_MS = 15 * 60_000

export class LogRetention {
  readonly #options: LogRetentionOptions
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> = Promise.resolve()

  constructor(options: LogRetentionOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.run(), EVERY_MS).unref()
  }

  /** Deletes what is due now. Never rejects: what fails is tried again the next time. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#run())
    return this.#running
  }

  async #run(): Promise<void> {
    const { groups, deleteLogs, now, log } = this.#options
    for (const [logGroup, { retentionDays }] of groups.list())
      if (retentionDays !== undefined)
        try {
          await deleteLogs({ logGroup, endNanos: now() - BigInt(retentionDays) * NANOS_PER_DAY })
        } catch (error) {
          log.warn({ logGroup, reason: messageOf(error) }, 'lines past their retention not deleted')
        }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}
