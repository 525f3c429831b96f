// Events that were kept to call functions with, by function and name: in one file of the data directory, written whole at
// each change.
import type { FastifyInstance } from 'fastify'
import { StateFile } from '../control/state-file.ts'
import { FnscopeError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { refused } from './console-query.ts'
import type { ConsoleSavedEvent } from './console-types.ts'

const MAX_NAME = 100
/** Of a synchronous call. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
const MAX_EVENTS = 200

type EventsByFunction = Readonly<Record<string, readonly ConsoleSavedEvent[]>>

export class SavedEvents {
  readonly #path: string
  readonly #file: StateFile<EventsByFunction>

  constructor({ path, log }: { readonly path: string; readonly log: Logger }) {
    this.#path = path
    this.#file = new StateFile<EventsByFunction>({ path, empty: {}, log })
  }

  /** By name. */
  of(functionName: string): readonly ConsoleSavedEvent[] {
    const events = this.#file.current
    return Object.hasOwn(events, functionName) ? events[functionName]! : []
  }

  /** Replaces one of the same name. @throws FnscopeError when it cannot be written: then nothing has changed */
  put(functionName: string, event: ConsoleSavedEvent): void {
    const others = this.of(functionName).filter(({ name }) => name !== event.name)
    if (others.length >= MAX_EVENTS)
      throw refused(`${functionName} has ${MAX_EVENTS} saved events already: delete one first.`)
    this.#replace(
      functionName,
      [...others, event].toSorted((a, b) => a.name.localeCompare(b.name, 'en')),
    )
  }

  /** False: there was none. @throws FnscopeError as put */
  remove(functionName: string, name: string): boolean {
    const events = this.of(functionName)
    const others = events.filter((event) => event.name !== name)
    if (others.length === events.length) return false
    this.#replace(functionName, others)
    return true
  }

  #replace(functionName: string, events: readonly ConsoleSavedEvent[]): void {
    try {
      this.#file.replace({ ...this.#file.current, [functionName]: events })
    } catch (error) {
      const message = `The event could not be written to ${this.#path}: ${messageOf(error)}.`
      throw new FnscopeError('FNS_DATA_UNWRITABLE', message, { cause: error })
    }
  }
}

interface EventParams {
  readonly name: string
  readonly event: string
}

/** GET /api/functions/{name}/events; PUT and DELETE …/events/{event}. The body is the event's JSON, kept as it is written. */
export function mountSavedEvents(server: FastifyInstance, events: SavedEvents): void {
  server.get('/api/functions/:name/events', (request) => ({
    events: events.of((request.params as EventParams).name),
  }))
  server.put('/api/functions/:name/events/:event', (request) => {
    const { name, event } = request.params as EventParams
    const saved = { name: checkedName(event), payload: payloadOf(request.body), savedMs: Date.now() }
    events.put(name, saved)
    return { event: saved }
  })
  server.delete('/api/functions/:name/events/:event', (request, reply) => {
    const { name, event } = request.params as EventParams
    if (events.remove(name, event)) return reply.status(204).send()
    throw new FnscopeError('FNS_EVENT_NOT_FOUND', `${name} has no saved event "${event}".`)
  })
}

function checkedName(name: string): string {
  if (name.trim() === '' || name.length > MAX_NAME)
    throw refused(`The name of an event has 1 to ${MAX_NAME} characters, this one has ${name.trim().length}.`)
  return name
}

function payloadOf(body: unknown): string {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : ''
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) throw refused('An event has at most 6 MB.')
  try {
    JSON.parse(text)
  } catch (error) {
    throw refused(`The event is no JSON: ${messageOf(error)}.`)
  }
  return text
}
