// One store of one subject, from an empty directory to its removal: started, loaded through one protocol, started again.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { ownDirectory } from './children.ts'
import { send, type SendOptions, type Sent } from './loadgen.ts'
import { progress } from './progress.ts'
import type { Protocol, RunningSubject, Subject } from './subject.ts'

const STORED_TIMEOUT_MS = 180_000

export interface TrialOptions {
  readonly subject: Subject
  readonly protocol: Protocol
  /** So many spans will have to be found again. */
  readonly spans: number
  readonly problem: (text: string) => void
}

export class Trial implements AsyncDisposable {
  readonly dataDir: string
  readonly idsFile: string
  readonly problem: (text: string) => void
  readonly #options: TrialOptions
  readonly #directory: ReturnType<typeof ownDirectory>
  #running: RunningSubject | undefined
  #acked = 0

  constructor(options: TrialOptions) {
    this.#options = options
    this.problem = options.problem
    this.#directory = ownDirectory(options.subject.name)
    this.dataDir = join(this.#directory.path, 'data')
    this.idsFile = join(this.#directory.path, 'ids')
    mkdirSync(this.dataDir)
  }

  /** @throws Error before start() */
  get running(): RunningSubject {
    if (this.#running === undefined) throw new Error(`${this.#options.subject.name} is not running`)
    return this.#running
  }

  /** Spans acknowledged so far. */
  get acked(): number {
    return this.#acked
  }

  /** The protocol, and where it is spoken. @throws Error when the subject does not */
  get sending(): Pick<SendOptions, 'protocol' | 'target'> {
    const { protocol, subject } = this.#options
    const target = this.running.target(protocol)
    if (target === undefined) throw new Error(`${subject.name} does not listen for ${protocol}`)
    return { protocol, target }
  }

  /** Seconds until it is ready; on data of before when it was stopped. @throws Error with its last words */
  async start(): Promise<number> {
    const { name } = this.#options.subject
    progress(`${name}: start`)
    const started = performance.now()
    this.#running = await this.#options.subject.start(this.dataDir, this.#options.spans)
    return secondsSince(started)
  }

  /** Ids of some of the traces go to the ids file. */
  async send(options: Omit<SendOptions, 'protocol' | 'target' | 'idsFile'>): Promise<Sent> {
    const { subject, protocol } = this.#options
    progress(`${subject.name}: ${protocol} for ${options.seconds} s${options.spans ? `, ${options.spans} spans` : ''}`)
    const sent = await send({ ...this.sending, idsFile: this.idsFile, ...options })
    this.#acked += sent.acked_spans
    progress(`${subject.name}: ${sent.acked_spans} acknowledged, ${sent.acked_spans_per_s} a second`)
    if (sent.acked_spans === 0) throw new Error(`nothing was acknowledged: ${JSON.stringify(sent.errors)}`)
    if (sent.failed_spans + sent.rejected_spans > 0)
      this.problem(
        `${sent.failed_spans} spans failed, ${sent.rejected_spans} were rejected: ${JSON.stringify(sent.errors)}`,
      )
    return sent
  }

  /** Waits until all that send() got acknowledged is stored, where the subject can say. */
  async untilStored(): Promise<{ readonly seconds: number; readonly missing: number }> {
    const { storedSpans } = this.running
    const began = performance.now()
    for (;;) {
      const missing = storedSpans === undefined ? 0 : this.#acked - (await storedSpans())
      const seconds = secondsSince(began)
      if (missing === 0) return { seconds, missing }
      if (performance.now() - began > STORED_TIMEOUT_MS) {
        this.problem(`${missing} acknowledged spans are not stored`)
        return { seconds, missing }
      }
      await pause(0.25)
    }
  }

  /** Seconds until it is gone. */
  async stop(): Promise<number> {
    const running = this.#running
    if (running !== undefined) progress(`${this.#options.subject.name}: stop`)
    this.#running = undefined
    const began = performance.now()
    await running?.stop()
    return secondsSince(began)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop()
    } finally {
      this.#directory[Symbol.dispose]()
    }
  }
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}

function secondsSince(began: number): number {
  return Number(((performance.now() - began) / 1000).toFixed(2))
}
