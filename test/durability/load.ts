// Senders under which a fnscope is killed: several at once over HTTP, each sending again what was not acknowledged, and
// UDP beside them. Remembers exactly what was acknowledged.
import { setTimeout as delay } from 'node:timers/promises'
import { putSegments, UdpSender, type Address } from './xray-client.ts'
import { lonelySegment, TraceMaker, type Sending } from './xray-documents.ts'

const RETRY_MS = 30
/** Between two traces of a sender: checking what came costs more than sending it. */
const PACE_MS = 40
/** Starts are spread over so many seconds back, so that stored minutes of the graph are changed again and again. */
const SPREAD_SECONDS = 600

export interface LoadTally {
  /** Traces of which every document was acknowledged. */
  readonly acknowledged: string[]
  documents: number
  /** Calls without an answer, sent again: the first may have been stored. */
  unanswered: number
  /** Answered with 429 or 503, sent again. */
  refused: number
  /** Answered otherwise, which no call here deserves. */
  readonly strange: string[]
  /** Calls that sent acknowledged documents once more, some with other times. */
  copies: number
  /** Traces sent by UDP. */
  readonly datagrams: string[]
}

export class Load {
  readonly tally: LoadTally = {
    acknowledged: [],
    documents: 0,
    unanswered: 0,
    refused: 0,
    strange: [],
    copies: 0,
    datagrams: [],
  }
  readonly #address: Address
  readonly #running: Promise<void>[]
  #stopped = false

  constructor(address: Address, senders = 3) {
    this.#address = address
    this.#running = [...Array.from({ length: senders }, (_, i) => this.#send(i)), this.#sendDatagrams()]
  }

  /** Each sender ends with its present trace acknowledged, so fnscope must be there. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }

  async #send(sender: number): Promise<void> {
    const again: TraceMaker[] = []
    for (let n = 0; !this.#stopped; n++) {
      await delay(PACE_MS)
      const startSeconds = Date.now() / 1000 - 5 - Math.random() * SPREAD_SECONDS
      const trace = new TraceMaker(startSeconds)
      const times = { startSeconds, durationSeconds: 0.5 }
      const made = trace.make(times)
      const order = n % 2 === 0 ? made.sendings : [...made.sendings].reverse()
      for (const sending of order) await this.#untilAcknowledged(sending)
      this.tally.acknowledged.push(made.id)
      this.tally.documents += 4
      if (n % 3 === sender % 3) await this.#copy(trace, times)
      if (n % 5 === 0) again.push(trace)
      // Much later, perhaps to another process than the one that had it, and with times of another minute.
      if (again.length > 5) await this.#copy(again.shift()!, { startSeconds: startSeconds - 90, durationSeconds: 0.6 })
    }
  }

  async #copy(trace: TraceMaker, times: { startSeconds: number; durationSeconds: number }): Promise<void> {
    for (const sending of trace.make(times).sendings) await this.#untilAcknowledged(sending)
    this.tally.copies += 1
  }

  async #untilAcknowledged(sending: Sending): Promise<void> {
    for (;;) {
      const { url } = this.#address
      const answer = url === undefined ? undefined : await putSegments(url, sending)
      if (answer?.status === 200 && answer.unprocessed === 0) return
      if (answer === undefined) this.tally.unanswered += url === undefined ? 0 : 1
      else if (answer.status === 429 || answer.status === 503) this.tally.refused += 1
      else this.tally.strange.push(`${answer.status}, ${answer.unprocessed} unprocessed`)
      await delay(RETRY_MS)
    }
  }

  async #sendDatagrams(): Promise<void> {
    using udp = new UdpSender()
    while (!this.#stopped) {
      const { daemon } = this.#address
      for (let n = 0; n < 2; n++) {
        if (daemon === undefined) break
        const { id, text } = lonelySegment('udp', Date.now() / 1000 - 5)
        this.tally.datagrams.push(id)
        udp.send(daemon, text)
        if (n === 0) udp.send(daemon, text)
      }
      await delay(20)
    }
  }
}
