// Schedules fire while fnscope runs: follows the registry of triggers, one timer for each schedule.
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { ScheduleSpec } from '../trigger-spec.ts'
import { nextTime, parseSchedule, type Schedule } from './schedule-expression.ts'
import type { TriggerRegistry } from './trigger-registry.ts'

export interface SchedulesOptions {
  readonly region: string
  readonly accountId: string
  /** Queues the event. @throws ThrottledError, FnscopeError */
  readonly invoke: (functionName: string, payload: string) => Promise<unknown>
  readonly notify: (line: string) => void
  readonly now?: () => number
}

/** The longest that a timer of Node waits. */
const MAX_WAIT_MS = 2 ** 31 - 1

export class Schedules {
  readonly #triggers: TriggerRegistry
  readonly #options: SchedulesOptions
  /** By all that is said of it: a changed one begins again. */
  readonly #running = new Map<string, { timer: NodeJS.Timeout | undefined }>()

  constructor(triggers: TriggerRegistry, options: SchedulesOptions) {
    this.#triggers = triggers
    this.#options = options
    triggers.onSettled(() => this.#follow())
  }

  stop(): void {
    for (const { timer } of this.#running.values()) clearTimeout(timer)
    this.#running.clear()
  }

  #follow(): void {
    const wanted = new Map(
      this.#triggers
        .all('schedules')
        .filter(({ enabled }) => enabled)
        .map((spec) => [JSON.stringify(spec), spec]),
    )
    for (const [key, { timer }] of this.#running) {
      if (wanted.has(key)) continue
      clearTimeout(timer)
      this.#running.delete(key)
    }
    for (const [key, spec] of wanted) if (!this.#running.has(key)) this.#start(key, spec)
  }

  #start(key: string, spec: ScheduleSpec): void {
    const { notify, now = Date.now } = this.#options
    const running: { timer: NodeJS.Timeout | undefined } = { timer: undefined }
    this.#running.set(key, running)
    let schedule: Schedule
    try {
      schedule = parseSchedule(spec.expression, spec.timezone)
    } catch (error) {
      notify(`${spec.logicalId}: the schedule does not fire: ${messageOf(error)}.`)
      return
    }
    const startMs = now()
    let lastMs = startMs
    const wait = (): void => {
      const next = nextTime(schedule, lastMs, startMs)
      if (next === undefined) return
      const left = next - now()
      // A machine that slept misses what was meanwhile: it fires once.
      running.timer = setTimeout(
        () => {
          if (now() < next) return wait()
          lastMs = Math.max(next, now())
          this.#fire(spec, next)
          wait()
        },
        Math.min(Math.max(left, 0), MAX_WAIT_MS),
      ).unref()
    }
    wait()
  }

  #fire(spec: ScheduleSpec, timeMs: number): void {
    const { invoke, notify } = this.#options
    invoke(spec.functionName, spec.input ?? JSON.stringify(scheduledEvent(spec, timeMs, this.#options))).catch(
      (error: unknown) => notify(`${spec.logicalId}: ${spec.functionName} was not called: ${messageOf(error)}`),
    )
  }
}

/** What a function gets from a schedule without an Input. */
export function scheduledEvent(
  { kind, arn }: ScheduleSpec,
  timeMs: number,
  { accountId, region }: Pick<SchedulesOptions, 'accountId' | 'region'>,
): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: kind === 'rule' ? 'aws.events' : 'aws.scheduler',
    account: accountId,
    time: new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [arn],
    detail: kind === 'rule' ? {} : '{}',
  }
}
