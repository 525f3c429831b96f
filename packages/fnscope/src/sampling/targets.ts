// The rules that clients poll, and the quotas that share each rule's reservoir among the clients that report. In memory;
// the clock is the caller's.
import { compareRules, defaultRule, type SamplingRule } from './rule.ts'

/** How often clients report, and the span that statistics are kept by. */
export const INTERVAL_SECONDS = 10
const QUOTA_TTL_SECONDS = 300
/** A client that has not reported for two intervals has gone, and its share is the others'. */
const CLIENT_TTL_SECONDS = 2 * INTERVAL_SECONDS
/** Reports about a time longer ago than this are refused. */
const MAX_REPORT_AGE_SECONDS = 600
/** An hour of statistics a rule. */
const MAX_WINDOWS = 360
/** Clients of one rule that are remembered at once; more share by the same number. */
const MAX_CLIENTS = 10_000

export interface SamplingRuleRecord {
  readonly rule: SamplingRule
  readonly createdSeconds: number
  readonly modifiedSeconds: number
}

/** What one client did under one rule since its last report. */
export interface SamplingReport {
  readonly ruleName: string
  readonly clientId: string
  readonly timestampSeconds: number
  readonly requestCount: number
  readonly sampledCount: number
  readonly borrowCount: number
}

export interface SamplingTarget {
  readonly ruleName: string
  readonly fixedRate: number
  /** Requests a second that this client may always take. */
  readonly reservoirQuota: number
  /** Epoch seconds until which the quota holds. */
  readonly reservoirQuotaTtlSeconds: number
  readonly intervalSeconds: number
}

export interface SamplingStatistics {
  readonly ruleName: string
  /** Start of the 10 s window, epoch seconds. */
  readonly timestampSeconds: number
  readonly requestCount: number
  readonly sampledCount: number
  readonly borrowCount: number
}

export interface SamplingTargetsAnswer {
  readonly targets: readonly SamplingTarget[]
  readonly lastModifiedSeconds: number
  readonly unprocessed: readonly { readonly ruleName: string; readonly reason: string }[]
}

interface RuleState {
  readonly record: SamplingRuleRecord
  /** Client id → epoch seconds of its last report. */
  readonly clients: Map<string, number>
  /** Window start → what was reported in it, oldest first. */
  readonly windows: Map<number, SamplingStatistics>
}

export interface SamplingRulesOptions {
  /** When the rules came to be. */
  readonly nowSeconds: number
  /** What stands when nobody has made or changed any. Default: the default rule alone. */
  readonly rules?: readonly SamplingRule[]
  /** Made or changed in earlier runs; they take the place of those of the same name. */
  readonly records?: readonly SamplingRuleRecord[]
  /** Called before a change stands with all that were ever made or changed; when it throws, nothing changes. */
  readonly onChange?: (records: readonly SamplingRuleRecord[]) => void
}

export class SamplingRules {
  readonly #states = new Map<string, RuleState>()
  readonly #initial: ReadonlySet<SamplingRule>
  readonly #onChange: SamplingRulesOptions['onChange']
  #lastModifiedSeconds: number

  constructor(options: SamplingRulesOptions) {
    const seconds = Math.floor(options.nowSeconds)
    const initial = options.rules ?? [defaultRule()]
    this.#initial = new Set(initial)
    this.#onChange = options.onChange
    this.#lastModifiedSeconds = seconds
    for (const rule of initial) this.#set({ rule, createdSeconds: seconds, modifiedSeconds: seconds })
    for (const record of options.records ?? []) this.#set(record)
  }

  /** In the order in which they are asked. */
  list(): SamplingRuleRecord[] {
    return [...this.#states.values()].map((state) => state.record).sort((a, b) => compareRules(a.rule, b.rule))
  }

  find(ruleName: string): SamplingRuleRecord | undefined {
    return this.#states.get(ruleName)?.record
  }

  /** Makes the rule or takes it in place of the one of its name. Clients that use it keep their shares. */
  put(rule: SamplingRule, nowSeconds: number): SamplingRuleRecord {
    const modifiedSeconds = Math.floor(nowSeconds)
    const createdSeconds = this.find(rule.ruleName)?.createdSeconds ?? modifiedSeconds
    const record = { rule, createdSeconds, modifiedSeconds }
    this.#onChange?.([...this.#made(rule.ruleName), record])
    this.#set(record)
    this.#touch(nowSeconds)
    return record
  }

  remove(ruleName: string, nowSeconds: number): SamplingRuleRecord | undefined {
    const record = this.find(ruleName)
    if (record === undefined) return undefined
    this.#onChange?.(this.#made(ruleName))
    this.#states.delete(ruleName)
    this.#touch(nowSeconds)
    return record
  }

  #set(record: SamplingRuleRecord): void {
    const { clients, windows } = this.#states.get(record.rule.ruleName) ?? { clients: new Map(), windows: new Map() }
    this.#states.set(record.rule.ruleName, { record, clients, windows })
  }

  #made(without: string): SamplingRuleRecord[] {
    return this.list().filter(({ rule }) => rule.ruleName !== without && !this.#initial.has(rule))
  }

  // SDKs compare it with the whole second in which they fetched the rules: one that did so early in this second must see
  // a later one, or it keeps the old rules for five minutes.
  #touch(nowSeconds: number): void {
    this.#lastModifiedSeconds = Math.max(this.#lastModifiedSeconds, Math.floor(nowSeconds) + 1)
  }

  /** Takes the reports in and answers each with its client's share. */
  report(reports: readonly SamplingReport[], nowSeconds: number): SamplingTargetsAnswer {
    const targets: SamplingTarget[] = []
    const unprocessed: { ruleName: string; reason: string }[] = []
    for (const report of reports) {
      const { ruleName } = report
      const state = this.#states.get(ruleName)
      if (!state) unprocessed.push({ ruleName, reason: `there is no sampling rule named ${ruleName}` })
      else if (report.timestampSeconds < nowSeconds - MAX_REPORT_AGE_SECONDS) {
        unprocessed.push({ ruleName, reason: `the Timestamp is more than ${MAX_REPORT_AGE_SECONDS} seconds old` })
      } else {
        remember(state, report, nowSeconds)
        targets.push({
          ruleName,
          fixedRate: state.record.rule.fixedRate,
          reservoirQuota: quotaOf(state, report.clientId),
          reservoirQuotaTtlSeconds: Math.floor(nowSeconds) + QUOTA_TTL_SECONDS,
          intervalSeconds: INTERVAL_SECONDS,
        })
      }
    }
    return { targets, lastModifiedSeconds: this.#lastModifiedSeconds, unprocessed }
  }

  /** What was reported in the last hour, by rule and 10 s window, oldest first. */
  statistics(): SamplingStatistics[] {
    return [...this.#states.values()].flatMap((state) => [...state.windows.values()])
  }
}

function remember(state: RuleState, report: SamplingReport, nowSeconds: number): void {
  for (const [client, seen] of state.clients) {
    if (seen < nowSeconds - CLIENT_TTL_SECONDS) state.clients.delete(client)
  }
  if (state.clients.has(report.clientId) || state.clients.size < MAX_CLIENTS) {
    state.clients.set(report.clientId, nowSeconds)
  }
  const timestampSeconds = Math.floor(nowSeconds / INTERVAL_SECONDS) * INTERVAL_SECONDS
  const known = state.windows.get(timestampSeconds)
  state.windows.set(timestampSeconds, {
    ruleName: report.ruleName,
    timestampSeconds,
    requestCount: (known?.requestCount ?? 0) + report.requestCount,
    sampledCount: (known?.sampledCount ?? 0) + report.sampledCount,
    borrowCount: (known?.borrowCount ?? 0) + report.borrowCount,
  })
  for (const start of state.windows.keys()) {
    if (state.windows.size <= MAX_WINDOWS) break
    state.windows.delete(start)
  }
}

/** The reservoir in whole parts; what is left over goes to the first clients by id, so that the parts make the whole. */
function quotaOf(state: RuleState, clientId: string): number {
  const size = state.record.rule.reservoirSize
  const clients = Math.max(1, state.clients.size)
  let before = 0
  for (const other of state.clients.keys()) if (other < clientId) before += 1
  return Math.floor(size / clients) + (before < size % clients ? 1 : 0)
}
