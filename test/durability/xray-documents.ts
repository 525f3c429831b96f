// Traces as X-Ray documents for the durability tests: of a shape whose every count is known. Pure.
import { randomBytes } from 'node:crypto'

/** One sending: documents of one PutTraceSegments call. */
export type Sending = readonly string[]

export interface MadeTrace {
  /** As AWS spells it. */
  readonly id: string
  /** The streamed subsegments first, their segments in a call of their own: all must be there at the end. */
  readonly sendings: readonly Sending[]
}

/** Subsegments below `front`: one that calls `back`, nested in a streamed one. */
export const FRONT_SUBSEGMENTS = ['handler', 'back'] as const

export function newXrayTraceId(epochSeconds: number): string {
  return `1-${Math.floor(epochSeconds).toString(16).padStart(8, '0')}-${randomBytes(12).toString('hex')}`
}

export function newId(): string {
  return randomBytes(8).toString('hex')
}

export interface TraceTimes {
  readonly startSeconds: number
  readonly durationSeconds: number
}

/** front → (streamed) handler → (streamed) call → back. The ids stay when the times change: copies of one trace. */
export class TraceMaker {
  readonly id: string
  readonly #front = newId()
  readonly #handler = newId()
  readonly #call = newId()
  readonly #back = newId()
  readonly #services: readonly [string, string]

  constructor(startSeconds: number, services: readonly [string, string] = ['front', 'back']) {
    this.id = newXrayTraceId(startSeconds)
    this.#services = services
  }

  make({ startSeconds, durationSeconds }: TraceTimes): MadeTrace {
    const at = (share: number): number => Math.round((startSeconds + durationSeconds * share) * 1e6) / 1e6
    const [front, back] = this.#services
    const call = {
      trace_id: this.id,
      id: this.#call,
      parent_id: this.#handler,
      type: 'subsegment',
      name: back,
      namespace: 'remote',
      start_time: at(0.2),
      end_time: at(0.8),
      http: { request: { method: 'GET', url: `http://${back}/` }, response: { status: 200 } },
    }
    const handler = {
      trace_id: this.id,
      id: this.#handler,
      parent_id: this.#front,
      type: 'subsegment',
      name: 'handler',
      start_time: at(0.1),
      end_time: at(0.9),
    }
    const frontSegment = {
      trace_id: this.id,
      id: this.#front,
      name: front,
      start_time: at(0),
      end_time: at(1),
      annotations: { made: 'here' },
    }
    const backSegment = {
      trace_id: this.id,
      id: this.#back,
      parent_id: this.#call,
      name: back,
      start_time: at(0.3),
      end_time: at(0.7),
    }
    return {
      id: this.id,
      sendings: [
        [JSON.stringify(call), JSON.stringify(handler)],
        [JSON.stringify(frontSegment), JSON.stringify(backSegment)],
      ],
    }
  }
}

/** A trace of one document, as a datagram carries it. */
export function lonelySegment(service: string, startSeconds: number): { readonly id: string; readonly text: string } {
  const id = newXrayTraceId(startSeconds)
  const text = JSON.stringify({
    trace_id: id,
    id: newId(),
    name: service,
    start_time: startSeconds,
    end_time: startSeconds + 0.01,
  })
  return { id, text }
}
