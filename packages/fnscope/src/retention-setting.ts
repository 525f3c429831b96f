// How long each signal is kept: what --retention says; without it what was set while fnscope ran, kept in the data
// directory, or the default. The store carries it out.
import { join } from 'node:path'
import { MAX_RETENTION_DAYS, type Config } from './config.ts'
import { isJsonObject } from './codec/json.ts'
import { StateFile } from './control/state-file.ts'
import { FnscopeError, messageOf } from './errors.ts'
import type { Logger } from './log.ts'

type Retention = Config['retention']

export interface RetentionSettingOptions {
  readonly config: Pick<Config, 'retention' | 'retentionExplicit'>
  readonly dataDir: string
  readonly log: Logger
}

const SIGNALS = ['spansDays', 'logsDays', 'metricsDays'] as const

export class RetentionSetting {
  /** Named by flag or environment: it is that of every start, and is not changed while it runs. */
  readonly isFixed: boolean
  readonly #path: string
  readonly #default: Retention
  readonly #file: StateFile<Partial<Retention>>
  /** Asked for with every request that a door takes. */
  #current: Retention
  #changing: Promise<unknown> = Promise.resolve()

  constructor({ config, dataDir, log }: RetentionSettingOptions) {
    this.isFixed = config.retentionExplicit
    this.#default = config.retention
    this.#path = join(dataDir, 'retention.json')
    this.#file = new StateFile<Partial<Retention>>({ path: this.#path, empty: {}, log })
    this.#current = this.#read()
  }

  get current(): Retention {
    return this.#current
  }

  #read(): Retention {
    if (this.isFixed) return this.#default
    const kept = SIGNALS.map((name) => [name, this.#file.current[name]]).filter(([, days]) => isDays(days))
    return { ...this.#default, ...(Object.fromEntries(kept) as Partial<Retention>) }
  }

  /** With those days instead; signals that are not named stay as they are. @throws FnscopeError FNS_USAGE */
  with(named: unknown): Retention {
    if (!isJsonObject(named)) throw usage('How long data is kept is a JSON object like {"spansDays": 7}.')
    for (const [name, days] of Object.entries(named)) {
      if (!(SIGNALS as readonly string[]).includes(name))
        throw usage(`Days are kept of ${SIGNALS.join(', ')}, not of "${name.slice(0, 100)}".`)
      if (!isDays(days)) throw usage(`${name} wants a number of days above 0, at most ${MAX_RETENTION_DAYS}.`)
    }
    return { ...this.current, ...(named as Partial<Retention>) }
  }

  /**
   * Keeps it for this run and the next ones, and has it carried out. It is written first: what is deleted must not have
   * been meant to be kept after a restart. @throws FnscopeError FNS_REFUSED, FNS_DATA_UNWRITABLE; then nothing was
   * deleted. Whatever `apply` throws; then it is as it was before, but for what `apply` has deleted
   */
  async change(next: Retention, apply: (retention: Retention) => Promise<void>): Promise<void> {
    if (this.isFixed)
      throw new FnscopeError(
        'FNS_REFUSED',
        'How long data is kept was named at the start (--retention or FNSCOPE_RETENTION): start fnscope without it to set it here.',
      )
    const change = this.#changeAfter(this.#changing, next, apply)
    this.#changing = change.catch(() => {})
    await change
  }

  async #changeAfter(
    earlier: Promise<unknown>,
    next: Retention,
    apply: (retention: Retention) => Promise<void>,
  ): Promise<void> {
    await earlier
    const before = this.#file.current
    this.#write(next)
    try {
      await apply(next)
    } catch (error) {
      this.#write(before)
      throw error
    }
  }

  #write(retention: Partial<Retention>): void {
    try {
      this.#file.replace(retention)
      this.#current = this.#read()
    } catch (error) {
      const message = `How long data is kept could not be written to ${this.#path}: ${messageOf(error)}.`
      throw new FnscopeError('FNS_DATA_UNWRITABLE', message, { cause: error })
    }
  }
}

function usage(message: string): FnscopeError {
  return new FnscopeError('FNS_USAGE', message)
}

/** Parts of days too. */
function isDays(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MAX_RETENTION_DAYS
}
