// The stream that a streaming handler writes to: its bytes go out as they come, as chunks of one request.
import { Writable } from 'node:stream'
import { runtimeError } from './error-body.mjs'
import { runtimeMajor } from './runtime-major.mjs'

const DEFAULT_TYPE = 'application/octet-stream'

export class ResponseStream extends Writable {
  #api
  #requestId
  #contentType = DEFAULT_TYPE
  #response
  #failure
  /** Resolves when the platform has taken the whole of it; never before the end was written. */
  taken
  #settleTaken
  /** Set by HttpResponseStream.from: is given a function that writes before everything else. */
  _onBeforeFirstWrite
  /** Until nodejs22.x what comes with end() alone has no prelude, on the cloud neither. */
  #preluded = runtimeMajor() >= 24

  constructor(api, requestId, options) {
    super(options)
    this.#api = api
    this.#requestId = requestId
    this.taken = new Promise((resolve, reject) => {
      this.#settleTaken = { resolve, reject }
    })
    // Awaited by the invocation; one that failed first must not end the process as unhandled.
    this.taken.catch(() => {})
  }

  setContentType(type) {
    if (this.#response) throw runtimeError('InvalidStreamingOperation', 'Cannot set content-type, too late.')
    this.#contentType = type
  }

  /** What is neither text nor bytes is written as JSON. */
  write(chunk, encoding, callback) {
    this.#preluded = true
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array
    return super.write(plain ? chunk : JSON.stringify(chunk), encoding, callback)
  }

  /** Ends the response as failed; what was written so far stays written. Resolves when the platform knows. */
  async fail(error) {
    this.#failure = { error }
    if (this.writableFinished) return
    // One that was ended still writes what it holds; its end brings the failure along.
    if (this.destroyed) this.#finish()
    else if (!this.writableEnded) this.end()
    await this.taken
  }

  _write(chunk, encoding, done) {
    const first = this.#response === undefined
    const response = this.#begin()
    // Only a write brings it out: a stream that is ended without one has no prelude, on the cloud neither.
    if (first && this.#preluded) this._onBeforeFirstWrite?.((prelude) => response.write(Buffer.from(prelude), () => {}))
    response.write(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding), done)
  }

  async _final(done) {
    this.#finish()
    let failure
    try {
      await this.taken
    } catch (error) {
      failure = error
    }
    done(failure)
  }

  #begin() {
    if (this.#response) return this.#response
    this.#response = this.#api.beginResponse(this.#requestId, this.#contentType)
    this.#response.done.then(this.#settleTaken.resolve, this.#settleTaken.reject)
    return this.#response
  }

  #finish() {
    this.#begin().end(this.#failure?.error)
  }
}
