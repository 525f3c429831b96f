// One extension's telemetry on its way: gathered up to the bounds of its subscription, sent in order, tried again a few
// times, and dropped with a word of it when nobody takes it.
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Destination, Subscription } from './telemetry-subscription.ts'

const RETRY_DELAYS_MS = [50, 200, 500]
const SEND_TIMEOUT_MS = 5000
/** What waits while a batch is on its way. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

export interface Dropped {
  readonly records: number
  readonly bytes: number
  readonly reason: string
}

export class TelemetryDelivery {
  readonly #subscription: Subscription
  readonly #onDropped: (dropped: Dropped) => void
  /** Events as JSON. */
  #waiting: string[] = []
  #bytes = 0
  #missed = { records: 0, bytes: 0 }
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> = Promise.resolve()
  #closed = false

  constructor(subscription: Subscription, onDropped: (dropped: Dropped) => void) {
    this.#subscription = subscription
    this.#onDropped = onDropped
  }

  add(event: string): void {
    if (this.#closed) return
    if (this.#bytes + event.length > MAX_WAITING_BYTES) {
      this.#missed = { records: this.#missed.records + 1, bytes: this.#missed.bytes + event.length }
      return
    }
    this.#waiting.push(event)
    this.#bytes += event.length
    const { maxItems, maxBytes, timeoutMs } = this.#subscription
    if (this.#waiting.length >= maxItems || this.#bytes >= maxBytes) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), timeoutMs).unref()
  }

  /** Sends what there is. Resolves when it has arrived, or is given up. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = this.#sending.then(() => this.#sendWaiting())
    return this.#sending
  }

  /** Nobody listens any more: what waits is forgotten. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#waiting = []
    this.#bytes = 0
  }

  async #sendWaiting(): Promise<void> {
    if (this.#missed.records > 0) {
      const missed = this.#missed
      this.#missed = { records: 0, bytes: 0 }
      this.#onDropped({
        ...missed,
        reason: 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.',
      })
    }
    const { maxItems, maxBytes, destination } = this.#subscription
    while (this.#waiting.length > 0) {
      let count = 0
      let bytes = 0
      while (count < this.#waiting.length && count < maxItems) {
        const size = this.#waiting[count]!.length
        if (count > 0 && bytes + size > maxBytes) break
        bytes += size
        count += 1
      }
      const batch = this.#waiting.splice(0, count)
      this.#bytes -= bytes
      const failure = await sendWithRetries(destination, batch, () => this.#closed)
      if (failure !== undefined && !this.#closed) this.#onDropped({ records: count, bytes, reason: failure })
    }
  }
}

/** Why it did not arrive; undefined: it did. */
async function sendWithRetries(
  destination: Destination,
  batch: readonly string[],
  isClosed: () => boolean,
): Promise<string | undefined> {
  for (let tries = 0; ; tries++) {
    try {
      await (destination.protocol === 'HTTP' ? post(destination, batch) : write(destination.port, batch))
      return undefined
    } catch (error) {
      const delay = RETRY_DELAYS_MS[tries]
      if (delay === undefined || isClosed()) return error instanceof Error ? error.message : String(error)
      await new Promise((resolve) => setTimeout(resolve, delay).unref())
    }
  }
}

function post({ port, path }: Extract<Destination, { protocol: 'HTTP' }>, batch: readonly string[]): Promise<void> {
  const body = Buffer.from(`[${batch.join(',')}]`)
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      Host: `sandbox.localdomain:${port}`,
    }
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      if (statusCode >= 200 && statusCode < 300) resolve()
      else reject(new Error(`The destination answered ${statusCode}`))
    })
    sent.setTimeout(SEND_TIMEOUT_MS, () => sent.destroy(new Error('The destination did not answer in time')))
    sent.once('error', reject)
    sent.end(body)
  })
}

/** One JSON object a line. */
function write(port: number, batch: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(SEND_TIMEOUT_MS, () => socket.destroy(new Error('The destination did not read in time')))
    socket.once('error', reject)
    socket.end(`${batch.join('\n')}\n`, () => resolve())
  })
}
