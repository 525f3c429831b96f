// The pollers of all sources there are: follows the registry of triggers, starting what is new and ending what is gone.
import type { TriggerRegistry } from '../../functions/triggers/trigger-registry.ts'
import { pollRule, pollTopic } from './pushed-events.ts'
import type { Poller, SourceContext } from './source-context.ts'
import { pollQueue } from './sqs-poller.ts'
import { pollStream } from './stream-poller.ts'

export class EventSources {
  readonly #triggers: TriggerRegistry
  readonly #context: SourceContext
  readonly #running = new Map<string, Poller>()
  readonly #ending = new Set<Promise<void>>()
  #stopped = false

  constructor(triggers: TriggerRegistry, context: SourceContext) {
    this.#triggers = triggers
    this.#context = context
    triggers.onSettled(() => this.#follow())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const key of this.#running.keys()) this.#end(key)
    await Promise.all(this.#ending)
  }

  #follow(): void {
    if (this.#stopped) return
    const wanted = this.#wanted()
    for (const key of this.#running.keys()) if (!wanted.has(key)) this.#end(key)
    for (const [key, start] of wanted) if (!this.#running.has(key)) this.#running.set(key, start())
  }

  #end(key: string): void {
    const ended: Promise<void> = this.#running
      .get(key)!
      .stop()
      .finally(() => this.#ending.delete(ended))
    this.#running.delete(key)
    this.#ending.add(ended)
  }

  /** By all that is said of them: a changed one is another one. */
  #wanted(): Map<string, () => Poller> {
    const context = this.#context
    const wanted = new Map<string, () => Poller>()
    for (const spec of this.#triggers.all('eventSources'))
      if (spec.enabled)
        wanted.set(JSON.stringify(spec), () =>
          spec.source === 'sqs' ? pollQueue(spec, context) : pollStream(spec, context),
        )
    for (const spec of this.#triggers.all('topicSubscriptions'))
      wanted.set(JSON.stringify(spec), () => pollTopic(spec, context))
    for (const spec of this.#triggers.all('eventRules'))
      if (spec.enabled) wanted.set(JSON.stringify(spec), () => pollRule(spec, context))
    return wanted
  }
}
