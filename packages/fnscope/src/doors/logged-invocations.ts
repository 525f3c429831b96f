// Invocations that only their log lines tell of: their spans are made again and stored, once, under the trace that the
// function's SDK sent its own spans to.
import type { LoggedInvocation } from '../codec/lambda-invocations.ts'
import { messageOf } from '../errors.ts'
import { ownTraceId, rebuiltSpans } from '../functions/rebuilt-trace.ts'
import { findInvocationTraces } from '../query/invocation-traces.ts'
import type { Reader } from '../query/reader.ts'
import { newBatch } from '../span/batch.ts'
import { pushSpan } from '../span/push-span.ts'
import type { Span } from '../span/span.ts'
import type { DoorContext } from './door-context.ts'

export interface LoggedInvocationsOptions extends Pick<DoorContext, 'quickIngest' | 'counters' | 'log' | 'now'> {
  readonly reader: Pick<Reader, 'listTraces' | 'readListed' | 'readSpans'>
  readonly region: string
  readonly accountId: string
  /** Resolves when what was accepted can be read. */
  readonly flushed: () => Promise<void>
}

/** SDKs send when the handler returns, the log is written after it: what is on its way may take so long. */
export const SETTLE_MS = 1500

export class LoggedInvocations {
  readonly #options: LoggedInvocationsOptions
  #waiting: LoggedInvocation[] = []
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> = Promise.resolve()

  constructor(options: LoggedInvocationsOptions) {
    this.#options = options
  }

  /** Stores their spans, in a moment. */
  add(invocations: readonly LoggedInvocation[]): void {
    if (invocations.length === 0) return
    this.#waiting.push(...invocations)
    this.#timer ??= setTimeout(() => this.#work(), SETTLE_MS)
  }

  /** Their spans, and request id → trace of all of them; asks the store. */
  async rebuild(
    invocations: readonly LoggedInvocation[],
  ): Promise<{ readonly spans: readonly Span[]; readonly traces: ReadonlyMap<string, string> }> {
    const { reader, region, accountId, now, flushed } = this.#options
    await flushed()
    const found = await findInvocationTraces(reader, invocations)
    const traces = new Map<string, string>()
    const spans: Span[] = []
    for (const invocation of invocations) {
      const { report } = invocation
      const { traceId = ownTraceId(invocation), functionId, complete = false } = found.get(invocation.requestId) ?? {}
      traces.set(invocation.requestId, traceId)
      if (complete || report.trace?.sampled === false) continue
      const parent = report.trace?.segmentId ?? functionId
      const known = { ...invocation, ...report, status: invocation.status, traceId }
      spans.push(
        ...rebuiltSpans(parent === undefined ? known : { ...known, functionId: parent }, {
          region,
          accountId,
          receivedNanos: now(),
        }),
      )
    }
    return { spans, traces }
  }

  #work(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const invocations = this.#waiting
    this.#waiting = []
    this.#working = this.#working.then(() => this.#store(invocations))
  }

  async #store(invocations: readonly LoggedInvocation[]): Promise<void> {
    if (invocations.length === 0) return
    const { quickIngest, counters, log } = this.#options
    try {
      const { spans } = await this.rebuild(invocations)
      if (spans.length === 0) return
      const batch = newBatch()
      for (const span of spans) pushSpan(batch.spans, span)
      await quickIngest.accept(batch)
      counters.received.inc({ door: 'function-logs', signal: 'span' }, spans.length)
    } catch (error) {
      counters.dropped.inc({ door: 'function-logs', reason: 'store_error' }, invocations.length)
      log.warn({ reason: messageOf(error), invocations: invocations.length }, 'spans of logged invocations not made')
    }
  }

  /** Works off what waits. */
  async stop(): Promise<void> {
    this.#work()
    await this.#working
  }
}
