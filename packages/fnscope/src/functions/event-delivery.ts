// Carries an ended event to its destination and its dead-letter queue. One that cannot be reached is told once per target.
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import {
  deadLetter,
  destinationEvent,
  destinationRecord,
  type EndedEvent,
  type OutgoingMessage,
} from './event-destination.ts'
import { fcFunctionOf } from './fc-arn.ts'
import { fcDestinationRecord } from './fc-destination.ts'
import type { FunctionSpec } from './function-spec.ts'

export interface EventDeliveryOptions {
  /** Calls a function asynchronously. */
  readonly invoke: (functionName: string, message: OutgoingMessage) => Promise<void>
  /** Queues, topics and buses; undefined: there is nobody to carry anything there. */
  readonly deliver: ((arn: string, message: OutgoingMessage) => Promise<void>) | undefined
  readonly log: Logger
}

export class EventDelivery {
  readonly #options: EventDeliveryOptions
  readonly #warned = new Set<string>()

  constructor(options: EventDeliveryOptions) {
    this.#options = options
  }

  /** Resolves when everything is carried or told; never rejects. */
  async deliver(
    { asynchronous: spec, fc }: Pick<FunctionSpec, 'asynchronous' | 'fc'>,
    event: EndedEvent,
    traceHeader: string,
  ): Promise<void> {
    if (!spec) return
    const succeeded = event.end === 'Success'
    const destination = succeeded ? spec.onSuccessArn : spec.onFailureArn
    if (destination !== undefined)
      await this.#send(destination, {
        body: fc === undefined ? destinationRecord(event) : fcDestinationRecord(event),
        attributes: {},
        traceHeader,
        event: destinationEvent(event),
      })
    if (!succeeded && spec.deadLetterArn !== undefined)
      await this.#send(spec.deadLetterArn, { ...deadLetter(event), traceHeader })
  }

  async #send(arn: string, message: OutgoingMessage): Promise<void> {
    const { invoke, deliver, log } = this.#options
    try {
      const called = arn.split(':')[2] === 'lambda' ? arn : fcFunctionOf(arn)
      if (called !== undefined) await invoke(called, message)
      else if (deliver) await deliver(arn, message)
      else throw new Error('there is no cloud to carry it there')
    } catch (error) {
      if (this.#warned.has(arn)) return
      this.#warned.add(arn)
      log.warn({ target: arn, reason: messageOf(error) }, 'an event was not delivered to its destination')
    }
  }
}
