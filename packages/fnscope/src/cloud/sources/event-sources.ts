// The pollers of all sources there are: follows the registry of triggers, starting what is new and ending what is gone.
import type { TriggerRegistry } from '../../functions/triggers/trigger-registry.ts'
import { pollRule, pollTopic } from './pushed-events.ts'
import type { Poller, SourceContext } from './source-context.ts'
import { pollQueue } from './sqs-poller.ts'
import { pollStream } from './stream-poller.ts'

interface Running {
  /** What it polls for, however it is set. */
  readonly id: string
  readonly poller: Poller
}

export class EventSources {
  readonly #triggers: TriggerRegistry
  readonly #context: SourceContext
  readonly #running = new Map<string, Running>()
  /** By id: the last that was ended. */
  readonly #ending = new Map<string, Promise<void>>()
  #stopped = false

  constructor(triggers: TriggerRegistry, context: SourceContext) {
    this.#triggers = triggers
    this.#context = context
    triggers.onSettled(() => this.#follow())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const key of this.#running.keys()) this.#end(key)
    await Promise.all(this.#ending.values())
  }

  #follow(): void {
    if (this.#stopped) return
    const wanted = this.#wanted()
    for (const key of this.#running.keys()) if (!wanted.has(key)) this.#end(key)
    for (const [key, { id, start }] of wanted)
      if (!this.#running.has(key)) this.#running.set(key, { id, poller: startAfter(this.#ending.get(id), start) })
  }

  #end(key: string): void {
    const { id, poller } = this.#running.get(key)!
    this.#running.delete(key)
    const ended = poller.stop().then(() => {
      if (this.#ending.get(id) === ended) this.#ending.delete(id)
      if (!this.#stopped && this.#triggers.all('eventSources').every(({ uuid }) => uuid !== id))
        this.#context.positions.forget(id)
    })
    this.#ending.set(id, ended)
  }

  /** By all that is said of them: a changed one is another one. */
  #wanted(): Map<string, { readonly id: string; readonly start: () => Poller }> {
    const context = this.#context
    const wanted = new Map<string, { readonly id: string; readonly start: () => Poller }>()
    const want = (spec: object, id: string, start: () => Poller): void =>
      void wanted.set(JSON.stringify(spec), { id, start })
    for (const spec of this.#triggers.all('eventSources'))
      if (spec.enabled)
        want(spec, spec.uuid, () => (spec.source === 'sqs' ? pollQueue(spec, context) : pollStream(spec, context)))
    for (const spec of this.#triggers.all('topicSubscriptions'))
      want(spec, pushedId(spec), () => pollTopic(spec, context))
    for (const spec of this.#triggers.all('eventRules'))
      if (spec.enabled) want(spec, pushedId(spec), () => pollRule(spec, context))
    return wanted
  }
}

function pushedId(spec: { readonly stack: string; readonly logicalId: string; readonly functionName: string }): string {
  return `${spec.stack} ${spec.logicalId} ${spec.functionName}`
}

/** The one before still has a batch underway: two at once would do it twice. */
function startAfter(ended: Promise<void> | undefined, start: () => Poller): Poller {
  if (ended === undefined) return start()
  let stopped = false
  const started = ended.then(() => (stopped ? undefined : start()))
  return {
    async stop() {
      stopped = true
      await (await started)?.stop()
    },
  }
}
