// The Extensions API of one execution environment, version 2020-01-01: who registered, for which events, and who waits
// for the next one. It starts and ends no process (environment-processes.ts) and decides no phase (init-phase.ts, invoke-phase.ts).
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { header, readBody, refuse, reply } from './api-exchange.ts'
import type { EnvironmentService } from './environment-server.ts'
import type { ExtensionEvent, ExtensionFailure } from './extension.ts'

const PREFIX = '/2020-01-01/extension/'
/** A cloud's limit on extensions of one function. */
export const MAX_EXTENSIONS = 10
const MAX_BODY_BYTES = 1024 * 1024
const EVENTS: readonly string[] = ['INVOKE', 'SHUTDOWN'] satisfies ExtensionEvent[]
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export type ShutdownReason = 'spindown' | 'timeout' | 'failure'

/** What `register` answers of the function. */
export interface ExtendedFunction {
  readonly functionName: string
  readonly functionVersion: string
  readonly handler: string
  readonly accountId: string
}

export interface InvokeNotice {
  readonly requestId: string
  readonly deadlineMs: number
  readonly invokedFunctionArn: string
  readonly traceHeader: string
}

export interface ExtensionsApiEvents {
  /** `extension` has asked for its first event: it is ready. */
  ready(extension: Pick<Extension, 'name' | 'events'>): void
  /** `name` has done its work on the invocation. */
  done(name: string): void
  /** Somebody registered or asked for an event: what is waited for may be there now. */
  changed(): void
  failed(failure: ExtensionFailure): void
}

type State = 'Started' | 'Registered' | 'Ready' | 'Running' | 'ShuttingDown' | 'InitError' | 'ExitError'

export interface Extension {
  readonly name: string
  readonly external: boolean
  readonly id: string
  events: readonly ExtensionEvent[]
  state: State
  waiting: ServerResponse | undefined
  /** Told while it was not asking: it gets this when it does. */
  pending: object | undefined
}

export class ExtensionsApi implements EnvironmentService {
  readonly #function: ExtendedFunction
  readonly #events: ExtensionsApiEvents
  #extensions: Extension[] = []
  #open = true

  constructor(extended: ExtendedFunction, events: ExtensionsApiEvents) {
    this.#function = extended
    this.#events = events
  }

  /** A new init begins: `externals` are started, nobody has registered. */
  reset(externals: readonly string[]): void {
    for (const { waiting } of this.#extensions) waiting?.destroy()
    this.#open = true
    this.#extensions = externals.map((name) => newExtension(name, true))
  }

  /** The runtime has asked for work. */
  closeRegistration(): void {
    this.#open = false
  }

  /** Whether there are extensions, that is, whether ends have to be told and waited for: none, internal ones, external. */
  get kind(): 'none' | 'internal' | 'external' {
    if (this.#extensions.length === 0) return 'none'
    return this.#extensions.some(({ external }) => external) ? 'external' : 'internal'
  }

  /** All external ones have registered. */
  get registered(): boolean {
    return this.#extensions.every(({ state }) => state !== 'Started')
  }

  /** All have asked for their first event. */
  get ready(): boolean {
    return this.#extensions.every(({ state }) => state === 'Ready')
  }

  /** Nobody works on an invocation. */
  get idle(): boolean {
    return this.#extensions.every(({ state }) => state !== 'Running')
  }

  find(id: string): Extension | undefined {
    return this.#extensions.find((extension) => extension.id === id)
  }

  named(name: string): Extension | undefined {
    return this.#extensions.find((extension) => extension.name === name)
  }

  /** Tells those who asked for it of an invocation. */
  invoke({ requestId, deadlineMs, invokedFunctionArn, traceHeader }: InvokeNotice): void {
    const tracing = { type: 'X-Amzn-Trace-Id', value: traceHeader }
    this.#tell('INVOKE', 'Running', { eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn, tracing })
  }

  /** Tells those who asked for it of the end. @returns their names */
  shutdown(shutdownReason: ShutdownReason, deadlineMs: number): string[] {
    return this.#tell('SHUTDOWN', 'ShuttingDown', { eventType: 'SHUTDOWN', shutdownReason, deadlineMs })
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? ''
    if (!path.startsWith(PREFIX)) return false
    const call = `${request.method} ${path.slice(PREFIX.length)}`
    if (call === 'GET event/next') {
      request.resume()
      this.#next(request, response)
    } else if (call === 'POST register') {
      readBody(request, MAX_BODY_BYTES, { done: (body) => this.#register(request, response, body) })
    } else if (call === 'POST init/error' || call === 'POST exit/error') {
      const to = call === 'POST init/error' ? 'InitError' : 'ExitError'
      readBody(request, MAX_BODY_BYTES, { done: (body) => this.#failed(request, response, { to, body }) })
    } else return false
    return true
  }

  #tell(event: ExtensionEvent, state: State, body: object): string[] {
    const told = this.#extensions.filter((extension) => extension.events.includes(event) && !isFailed(extension.state))
    for (const extension of told) {
      extension.state = state
      extension.pending = body
      deliver(extension)
    }
    return told.map(({ name }) => name)
  }

  #register(request: IncomingMessage, response: ServerResponse, body: Buffer | 'too large'): void {
    const name = header(request, 'lambda-extension-name')
    if (name === undefined) {
      refuse(response, 403, 'Extension.InvalidExtensionName', 'Empty extension name')
      return
    }
    const events = body === 'too large' ? undefined : eventsOf(body)
    if (events === undefined) {
      refuse(response, 403, 'InvalidRequestFormat', 'The body of register is JSON: {"events":["INVOKE","SHUTDOWN"]}')
      return
    }
    const wrong = events.find((event) => !EVENTS.includes(event))
    const known = this.named(name)
    if (wrong !== undefined || (!known?.external && events.includes('SHUTDOWN'))) {
      refuse(response, 403, 'Extension.InvalidEventType', `Invalid event type: ${wrong ?? 'SHUTDOWN'}`)
      return
    }
    if (known && known.state !== 'Started') {
      this.#refuseTransition(response, known, 'Registered')
      return
    }
    if (!known && !this.#open) {
      refuse(response, 403, 'Extension.RegistrationClosed', 'Extension registration closed already')
      return
    }
    if (!known && this.#extensions.length >= MAX_EXTENSIONS) {
      refuse(response, 403, 'Extension.TooManyExtensions', `Extension limit (${MAX_EXTENSIONS}) reached`)
      return
    }
    const extension = known ?? newExtension(name, false)
    if (!known) this.#extensions.push(extension)
    extension.events = [...new Set(events as ExtensionEvent[])]
    extension.state = 'Registered'
    const { accountId, ...described } = this.#function
    const features = (header(request, 'lambda-extension-accept-feature') ?? '').split(',').map((word) => word.trim())
    const answer = features.includes('accountId') ? { ...described, accountId } : described
    reply(response, 200, answer, { 'Lambda-Extension-Identifier': extension.id })
    this.#events.changed()
  }

  #next(request: IncomingMessage, response: ServerResponse): void {
    const extension = identified(request, response, this)
    if (!extension) return
    const { state } = extension
    if (extension.waiting || state === 'Started' || isFailed(state)) {
      this.#refuseTransition(response, extension, 'Ready')
      return
    }
    extension.waiting = response
    response.once('close', () => {
      if (extension.waiting === response) extension.waiting = undefined
    })
    if (extension.pending) {
      deliver(extension)
      return
    }
    const first = state === 'Registered'
    extension.state = 'Ready'
    if (first) this.#events.ready(extension)
    else if (state === 'Running') this.#events.done(extension.name)
    this.#events.changed()
  }

  #failed(
    request: IncomingMessage,
    response: ServerResponse,
    { to, body }: { readonly to: 'InitError' | 'ExitError'; readonly body: Buffer | 'too large' },
  ): void {
    const extension = identified(request, response, this)
    if (!extension) return
    const allowed = to === 'InitError' ? extension.state === 'Registered' : extension.state !== 'Started'
    if (!allowed || isFailed(extension.state)) {
      this.#refuseTransition(response, extension, to)
      return
    }
    extension.state = to
    const { name, events } = extension
    const reported = header(request, 'lambda-extension-function-error-type')
    const message = messageIn(body) ?? `${name} reported an error`
    reply(response, 202, { status: 'OK' })
    this.#events.failed({ name, events, state: to, errorType: `Extension.${to}`, reported, message })
  }

  #refuseTransition(response: ServerResponse, { name, state }: Extension, to: string): void {
    const why = `State transition from ${state} to ${to} failed for extension ${name}. Error: State transition is not allowed`
    refuse(response, 403, 'Extension.InvalidExtensionState', why)
  }
}

export function isFailed(state: State): boolean {
  return state === 'InitError' || state === 'ExitError'
}

function newExtension(name: string, external: boolean): Extension {
  return {
    name,
    external,
    id: randomUUID(),
    events: [],
    state: external ? 'Started' : 'Registered',
    waiting: undefined,
    pending: undefined,
  }
}

function deliver(extension: Extension): void {
  const { waiting, pending } = extension
  if (!waiting || !pending) return
  extension.waiting = undefined
  extension.pending = undefined
  reply(waiting, 200, pending, { 'Lambda-Extension-Event-Identifier': randomUUID() })
}

/** The extension that the request's identifier names; undefined: the refusal has been sent. */
export function identified(
  request: IncomingMessage,
  response: ServerResponse,
  extensions: Pick<ExtensionsApi, 'find'>,
): Extension | undefined {
  const id = header(request, 'lambda-extension-identifier')
  const extension = id === undefined ? undefined : extensions.find(id.toLowerCase())
  if (extension) return extension
  if (id === undefined)
    refuse(response, 403, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header')
  else if (!UUID.test(id))
    refuse(response, 403, 'Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier')
  else refuse(response, 403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${id}`)
  return undefined
}

/** Undefined: not the JSON that `register` takes. An empty body subscribes to nothing. */
function eventsOf(body: Buffer): string[] | undefined {
  if (body.length === 0) return []
  try {
    const value = JSON.parse(body.toString('utf8')) as { readonly events?: unknown } | null
    const events = value?.events ?? []
    return Array.isArray(events) && events.every((event) => typeof event === 'string') ? events : undefined
  } catch {
    return undefined
  }
}

function messageIn(body: Buffer | 'too large'): string | undefined {
  try {
    const { errorMessage } = JSON.parse(body.toString('utf8')) as { readonly errorMessage?: unknown }
    return typeof errorMessage === 'string' ? errorMessage : undefined
  } catch {
    return undefined
  }
}
