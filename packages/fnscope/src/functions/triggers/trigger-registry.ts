// Every trigger there is, of stacks and of API calls (CreateEventSourceMapping, CreateFunctionUrlConfig …). It runs none:
// fronts, pollers and timers hear of each change and compare.
import { NO_TRIGGERS, type AppTriggers, type EventSourceSpec, type FunctionUrlSpec } from '../trigger-spec.ts'

/** Those that no stack owns. */
const OWN = ''

export class TriggerRegistry {
  readonly #stacks = new Map<string, AppTriggers>()
  readonly #listeners: (() => void)[] = []
  readonly #callers: (() => void)[] = []
  readonly #urls = new Map<string, string>()

  /** The stack's from now on; undefined: none any more. */
  replace(stack: string, triggers: AppTriggers | undefined): void {
    if (triggers === undefined) this.#stacks.delete(stack)
    else this.#stacks.set(stack, triggers)
    for (const listener of this.#listeners) listener()
  }

  all<Kind extends keyof AppTriggers>(kind: Kind): AppTriggers[Kind][number][] {
    return [...this.#stacks.values()].flatMap((triggers): readonly AppTriggers[Kind][number][] => triggers[kind])
  }

  /** Replaces the one with the same uuid, a stack's too. */
  putEventSource(spec: EventSourceSpec): void {
    this.removeEventSource(spec.uuid, { quiet: true })
    const own = this.#own()
    this.replace(OWN, { ...own, eventSources: [...own.eventSources, spec] })
    this.settle()
  }

  removeEventSource(uuid: string, options: { readonly quiet?: boolean } = {}): boolean {
    return this.#remove('eventSources', (spec) => spec.uuid === uuid, options.quiet === true)
  }

  /** A function, or one of its qualifiers, has one URL at most: an earlier one is replaced. */
  putFunctionUrl(spec: FunctionUrlSpec): void {
    this.removeFunctionUrl(spec.functionName, { quiet: true })
    const own = this.#own()
    this.replace(OWN, { ...own, functionUrls: [...own.functionUrls, spec] })
  }

  removeFunctionUrl(functionName: string, options: { readonly quiet?: boolean } = {}): boolean {
    return this.#remove('functionUrls', (spec) => spec.functionName === functionName, options.quiet === true)
  }

  removeMetricFilter(logGroup: string, filterName: string): boolean {
    return this.#remove('metricFilters', (spec) => spec.logGroup === logGroup && spec.filterName === filterName, false)
  }

  /** What a change names is there: functions may be called. Those who replace a stack say so at the end. */
  settle(): void {
    for (const caller of this.#callers) caller()
  }

  /** For what calls functions by itself: told when a change has settled. */
  onSettled(caller: () => void): void {
    this.#callers.push(caller)
  }

  /** Told of every change, after it. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Where an API or function URL listens here: `http://127.0.0.1:<port>`; undefined before it does. @param id apiId or urlId */
  urlOf(id: string): string | undefined {
    return this.#urls.get(id)
  }

  noteUrl(id: string, url: string | undefined): void {
    if (url === undefined) this.#urls.delete(id)
    else this.#urls.set(id, url)
  }

  #own(): AppTriggers {
    return this.#stacks.get(OWN) ?? NO_TRIGGERS
  }

  #remove<Kind extends 'eventSources' | 'functionUrls' | 'metricFilters'>(
    kind: Kind,
    is: (spec: AppTriggers[Kind][number]) => boolean,
    quiet: boolean,
  ): boolean {
    for (const [stack, triggers] of this.#stacks) {
      const list: readonly AppTriggers[Kind][number][] = triggers[kind]
      if (!list.some(is)) continue
      this.#stacks.set(stack, { ...triggers, [kind]: list.filter((spec) => !is(spec)) })
      if (quiet) return true
      for (const listener of this.#listeners) listener()
      this.settle()
      return true
    }
    return false
  }
}
