// The requests of an instance that serves several at once, on the instance's own port: its client asks for them one after
// the other and answers in any order. Who may add one, and how many run, is fc-shared-instance.ts's to say.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { header, readBody, refuse, reply } from './api-exchange.ts'
import type { EnvironmentService } from './environment-server.ts'
import { MAX_RESPONSE_BYTES } from './runtime-api.ts'

const PREFIX = '/fnscope/fc/'

export interface FcReply {
  readonly body: Buffer
  /** Absent: it went well. */
  readonly errorType?: string
}

interface Request {
  readonly id: string
  readonly payload: Uint8Array
  readonly answer: (reply: FcReply) => void
}

export class FcRequests implements EnvironmentService {
  #waiting: ServerResponse | undefined
  #queue: Request[] = []
  readonly #running = new Map<string, Request>()
  #open = false

  /** From now on the client that asks is kept waiting. */
  open(): void {
    this.#queue = []
    this.#running.clear()
    this.#open = true
  }

  /** The client is told that there are no more. */
  close(): void {
    this.#open = false
    this.#waiting?.writeHead(204).end()
    this.#waiting = undefined
  }

  add(id: string, payload: Uint8Array): Promise<FcReply> {
    return new Promise((answer) => {
      this.#queue.push({ id, payload, answer })
      this.#deliver()
    })
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url ?? ''
    if (!path.startsWith(PREFIX)) return false
    if (request.method === 'GET' && path === `${PREFIX}next`) {
      this.#waiting = response
      response.once('close', () => {
        if (this.#waiting === response) this.#waiting = undefined
      })
      if (this.#open) this.#deliver()
      else this.close()
      return true
    }
    const [, id, outcome] = /^([^/]+)\/(response|error)$/.exec(path.slice(PREFIX.length)) ?? []
    if (request.method !== 'POST' || id === undefined) return false
    readBody(request, MAX_RESPONSE_BYTES, { done: (body) => this.#answered(request, response, { id, outcome, body }) })
    return true
  }

  #answered(
    request: IncomingMessage,
    response: ServerResponse,
    said: { readonly id: string; readonly outcome: string | undefined; readonly body: Buffer | 'too large' },
  ): void {
    const asked = this.#running.get(said.id)
    if (asked === undefined) {
      refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
      return
    }
    this.#running.delete(said.id)
    if (said.body === 'too large') {
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`
      refuse(response, 413, 'RequestEntityTooLarge', errorMessage)
      asked.answer({ body: Buffer.from(JSON.stringify({ errorMessage })), errorType: 'Function.ResponseSizeTooLarge' })
      return
    }
    const failed = said.outcome === 'error'
    const errorType = header(request, 'lambda-runtime-function-error-type') ?? 'Function.UnhandledInvocationError'
    asked.answer({ body: said.body, ...(failed ? { errorType } : {}) })
    reply(response, 202, { status: 'OK' })
  }

  #deliver(): void {
    const response = this.#waiting
    const next = response && this.#queue.shift()
    if (response === undefined || next === undefined) return
    this.#waiting = undefined
    this.#running.set(next.id, next)
    const { id, payload } = next
    response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': id, 'Content-Length': payload.byteLength })
    response.end(payload)
  }
}
