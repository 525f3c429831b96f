// Speaks the Runtime API over one socket of its own. Not by node:http: tracing libraries patch that, and every wait for
// work would become a span of the function's; and it takes half the time.
import { connect } from 'node:net'
import { errorBody, xrayCause } from './error-body.mjs'

const PREFIX = '/2018-06-01/runtime'
const MOST_CAUSE_BYTES = 1024 * 1024

export class RuntimeApi {
  #host
  #port
  #socket
  /** Of the invocation at work; undefined before the first. */
  requestId

  /** @param {string} address host:port */
  constructor(address) {
    const colon = address.lastIndexOf(':')
    this.#host = address.slice(0, colon)
    this.#port = Number(address.slice(colon + 1))
  }

  /** Waits for work. @returns {Promise<{headers: Record<string, string>, body: string}>} header names in lower case */
  async next() {
    const answer = await this.#call(`GET ${PREFIX}/invocation/next`, {}, '')
    if (answer.status !== 200) throw new Error(`the Runtime API answered ${answer.status}: ${answer.body}`)
    this.requestId = answer.headers['lambda-runtime-aws-request-id']
    return answer
  }

  /** @param {string} body JSON text */
  async postResponse(requestId, body) {
    const headers = { 'Content-Type': 'application/json' }
    await this.#call(`POST ${PREFIX}/invocation/${encodeURIComponent(requestId)}/response`, headers, body)
  }

  async postError(requestId, error) {
    const cause = xrayCause(error)
    const headers = {
      ...errorHeaders(error),
      ...(cause === '' || cause.length > MOST_CAUSE_BYTES ? {} : { 'Lambda-Runtime-Function-XRay-Error-Cause': cause }),
    }
    const body = JSON.stringify(errorBody(error))
    await this.#call(`POST ${PREFIX}/invocation/${encodeURIComponent(requestId)}/error`, headers, body)
  }

  async postInitError(error) {
    await this.#call(`POST ${PREFIX}/init/error`, errorHeaders(error), JSON.stringify(errorBody(error)))
  }

  /**
   * Begins a streamed response: `write` and `end` send its chunks, `done` resolves when it was taken.
   * @param {string} contentType
   */
  beginResponse(requestId, contentType) {
    const socket = this.#open()
    const head = requestHead(`POST ${PREFIX}/invocation/${encodeURIComponent(requestId)}/response`, {
      'Content-Type': contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    })
    const done = this.#answer(socket)
    // It keeps the event loop alive from its end on: one that nobody ends is noticed by an empty loop.
    socket.unref()
    socket.write(head)
    return {
      done,
      write(chunk, written) {
        if (chunk.length === 0) return void process.nextTick(written)
        socket.cork()
        socket.write(`${chunk.length.toString(16)}\r\n`)
        socket.write(chunk)
        socket.write('\r\n', written)
        socket.uncork()
      },
      /** @param {unknown} [error] what failed after the response had begun: it goes into the trailers */
      end(error) {
        socket.ref()
        const trailers = error === undefined ? '' : errorTrailers(error)
        socket.write(`0\r\n${trailers}\r\n`)
      },
    }
  }

  async #call(line, headers, body) {
    const bytes = Buffer.from(body)
    const socket = this.#open()
    const answer = this.#answer(socket)
    // While the handler runs the socket does not keep the event loop alive: an empty one ends a callback's wait.
    socket.ref()
    socket.write(
      Buffer.concat([Buffer.from(requestHead(line, { ...headers, 'Content-Length': String(bytes.length) })), bytes]),
    )
    return await answer
  }

  #open() {
    if (this.#socket && !this.#socket.destroyed) return this.#socket
    this.#socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    this.#socket.setMaxListeners(0)
    return this.#socket
  }

  #answer(socket) {
    const { promise, resolve, reject } = withResolvers()
    let bytes = Buffer.alloc(0)
    const leave = () => {
      socket.off('data', read).off('error', fail).off('close', close)
      socket.unref()
    }
    const read = (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      const answer = parseAnswer(bytes)
      if (answer === undefined) return
      leave()
      if (answer.headers.connection === 'close') socket.destroy()
      resolve(answer)
    }
    const fail = (error) => {
      leave()
      reject(error)
    }
    const close = () => fail(new Error('the Runtime API closed the connection'))
    socket.on('data', read).on('error', fail).on('close', close)
    return promise
  }
}

// Promise.withResolvers came with Node 22.
function withResolvers() {
  const all = {}
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }))
  return all
}

function requestHead(line, headers) {
  const fields = Object.entries({ Host: process.env.AWS_LAMBDA_RUNTIME_API, ...headers })
  return `${line} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Undefined: it has not all come. Answers of this API always say their length. */
function parseAnswer(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine, ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const length = Number(headers['content-length'] ?? 0)
  if (bytes.length < end + 4 + length) return undefined
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: bytes.toString('utf8', end + 4, end + 4 + length),
  }
}

function errorHeaders(error) {
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': headerText(errorBody(error).errorType),
  }
}

function errorTrailers(error) {
  const body = errorBody(error)
  return (
    `Lambda-Runtime-Function-Error-Type: ${headerText(body.errorType)}\r\n` +
    `Lambda-Runtime-Function-Error-Body: ${Buffer.from(JSON.stringify(body)).toString('base64')}\r\n`
  )
}

// A class may be named anything; a header line may not hold anything.
const headerText = (text) => String(text).replaceAll(/[^\x20-\x7e]/g, '?')
