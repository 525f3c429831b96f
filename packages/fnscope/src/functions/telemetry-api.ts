// The Telemetry API (2022-07-01) and the Logs API (2020-08-15) of one execution environment: who subscribed, and what
// each of them gets. Events come from environment.ts as they happen; how they travel is telemetry-delivery.ts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { readBody, refuse, reply } from './api-exchange.ts'
import type { EnvironmentService } from './environment-server.ts'
import type { ExtensionNote } from './extension.ts'
import { identified, type ExtensionsApi } from './extensions-api.ts'
import { eventFor, type Happening } from './telemetry-event.ts'
import { TelemetryDelivery } from './telemetry-delivery.ts'
import {
  parseSubscription,
  SubscriptionError,
  type Subscription,
  type TelemetryApiName,
} from './telemetry-subscription.ts'

const PATHS: Readonly<Record<string, TelemetryApiName>> = {
  '/2022-07-01/telemetry': 'telemetry',
  '/2020-08-15/logs': 'logs',
}
const MAX_BODY_BYTES = 1024 * 1024
/** Of an init's events that are kept for those who subscribe later in it. */
const MAX_HISTORY = 10_000

interface Subscriber {
  readonly subscription: Subscription
  readonly delivery: TelemetryDelivery
}

export class TelemetryApi implements EnvironmentService {
  readonly #extensions: ExtensionsApi
  readonly #onNote: (note: ExtensionNote) => void
  readonly #subscribers = new Map<string, Subscriber>()
  #history: Happening[] = []
  #open = true

  /** @param onNote told of subscriptions and of what was dropped, as lines of the log */
  constructor(extensions: ExtensionsApi, onNote: (note: ExtensionNote) => void) {
    this.#extensions = extensions
    this.#onNote = onNote
  }

  /** An init begins, and with it the time to subscribe. */
  reset(): void {
    for (const { delivery } of this.#subscribers.values()) delivery.close()
    this.#subscribers.clear()
    this.#history = []
    this.#open = true
  }

  /** The init is over. */
  closeSubscriptions(): void {
    this.#open = false
    this.#history = []
  }

  /** Whether anybody may hear of what happens now: else nothing need be made of it. */
  get listens(): boolean {
    return this.#open || this.#subscribers.size > 0
  }

  emit(happening: Happening): void {
    if (this.#open && this.#history.length < MAX_HISTORY) this.#history.push(happening)
    for (const subscriber of this.#subscribers.values()) hand(subscriber, happening)
  }

  /** Sends what waits. Resolves when it has arrived, or is given up, at the latest after `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    if (this.#subscribers.size === 0) return
    const limit = new AbortController()
    const sent = Promise.all([...this.#subscribers.values()].map(({ delivery }) => delivery.flush()))
    await Promise.race([sent, setTimeout(limitMs, undefined, { signal: limit.signal }).catch(() => {})])
    limit.abort()
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const api = PATHS[request.url ?? '']
    if (api === undefined || request.method !== 'PUT') return false
    readBody(request, MAX_BODY_BYTES, {
      done: (body) => {
        const extension = identified(request, response, this.#extensions)
        if (extension) this.#subscribe(response, { api, name: extension.name, body })
      },
    })
    return true
  }

  #subscribe(
    response: ServerResponse,
    { api, name, body }: { readonly api: TelemetryApiName; readonly name: string; readonly body: Buffer | 'too large' },
  ): void {
    if (!this.#open) {
      const [type, word] =
        api === 'logs' ? ['Logs.SubscriptionClosed', 'Logs'] : ['Telemetry.SubscriptionClosed', 'Telemetry']
      refuse(response, 403, type, `${word} API subscription is closed already`)
      return
    }
    try {
      if (body === 'too large') throw new SubscriptionError('The body is too large')
      const before = this.#subscribers.get(name)
      if (before && before.subscription.api !== api)
        throw new SubscriptionError('An extension subscribes to the Telemetry API or to the Logs API, not to both')
      const subscription = parseSubscription(api, body)
      before?.delivery.close()
      const delivery = new TelemetryDelivery(subscription, (dropped) => this.#onNote({ about: 'dropped', ...dropped }))
      const subscriber = { subscription, delivery }
      for (const happening of this.#history) hand(subscriber, happening)
      this.#subscribers.set(name, subscriber)
      reply(response, 200, 'OK')
      this.#onNote({ about: 'subscription', name, types: subscription.types, api })
    } catch (error) {
      if (!(error instanceof SubscriptionError)) throw error
      refuse(response, 400, 'ValidationError', error.message)
    }
  }
}

function hand({ subscription, delivery }: Subscriber, happening: Happening): void {
  for (const event of eventFor(subscription, happening)) delivery.add(JSON.stringify(event))
}
