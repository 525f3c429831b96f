// What every poller is handed: the other cloud, how to call a function, and whom to tell.
import type { SpanLink } from '../../span/span.ts'
import type { Logger } from '../../log.ts'
import type { CloudClient } from '../cloud-client.ts'
import type { SentTraces } from '../sent-traces.ts'
import type { StreamPositions } from './stream-positions.ts'

export interface SourceInvoke {
  readonly functionName: string
  readonly event: unknown
  readonly invocationType: 'RequestResponse' | 'Event'
  readonly traceHeader?: string | undefined
  /** Senders of a batch: its trace is its own. */
  readonly links?: readonly SpanLink[]
}

export interface SourceContext {
  readonly client: CloudClient
  readonly sent: SentTraces
  readonly positions: StreamPositions
  readonly region: string
  readonly accountId: string
  /** @throws ThrottledError, FnscopeError */
  readonly invoke: (
    request: SourceInvoke,
  ) => Promise<{ readonly payload: Uint8Array; readonly functionError?: string | undefined }>
  readonly notify: (line: string) => void
  readonly log: Logger
}

/** Something that polls until it is stopped. */
export interface Poller {
  stop(): Promise<void>
}

export interface Polling {
  readonly signal: AbortSignal
}

/** Runs `turn` again and again; after an error it waits a little longer each time. */
export function pollAgain(context: SourceContext, what: string, turn: (polling: Polling) => Promise<void>): Poller {
  const end = new AbortController()
  const { signal } = end
  const loop = async (): Promise<void> => {
    let failures = 0
    while (!signal.aborted) {
      try {
        await turn({ signal })
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures += 1
        if (failures === 3)
          context.notify(`${what} cannot be polled: ${error instanceof Error ? error.message : String(error)}`)
        context.log.debug({ err: error, source: what }, 'polling failed')
        await pause(Math.min(200 * 2 ** failures, 5000), signal)
      }
    }
  }
  const running = loop()
  return {
    async stop() {
      end.abort()
      await running
    },
  }
}

/** Resolves at once when the signal is or gets aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const aborted = (): void => resolve()
  signal.addEventListener('abort', aborted, { once: true })
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', aborted)
}
