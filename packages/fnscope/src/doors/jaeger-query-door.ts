// Jaeger's query door: its API on a port of its own, where its page and Grafana look for it.
import { jaegerErrorFormat, mountJaegerQuery, type JaegerQueryOptions } from '../api/jaeger-query.ts'
import { JAEGER_V3_PREFIX, jaegerV3ErrorFormat, mountJaegerV3 } from '../api/jaeger-v3.ts'
import type { DoorAddress } from '../config.ts'
import type { Counters } from '../counters.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { listen } from '../http/listen.ts'
import { closeHttpServer, createHttpServer } from '../http/server.ts'
import type { Logger } from '../log.ts'
import { markPartialAnswers } from './partial-answers.ts'
import type { Store } from '../store/store.ts'

export interface JaegerDoorOptions {
  readonly query: JaegerQueryOptions
  readonly store: Pick<Store, 'watchGaps'>
  readonly counters: Counters
  readonly log: Logger
  readonly token: string | undefined
}

export interface JaegerDoor {
  /** The address, `off`, or `closed: why`. */
  readonly description: string
  stop(): Promise<void>
}

/** Nothing is posted here. */
const BODY_LIMIT_BYTES = 1024 * 1024
const GRACE_MS = 2000

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openJaegerDoor(wanted: DoorAddress, options: JaegerDoorOptions): Promise<JaegerDoor> {
  if (wanted === 'off') return { description: 'off', stop: async () => {} }
  const { query, store, counters, log, token } = options
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    errorFormat: ({ url }) => (url.startsWith(JAEGER_V3_PREFIX) ? jaegerV3ErrorFormat : jaegerErrorFormat),
    allowedHosts: hostNamesOf(wanted.host),
    ...(token === undefined ? {} : { token }),
  })
  markPartialAnswers(server, store)
  mountJaegerQuery(server, query)
  mountJaegerV3(server, query)
  const bound = await listen(server, wanted)
  return {
    description: bound.closed === undefined ? bound.address : `closed: ${bound.closed}`,
    stop: () => closeHttpServer(server, GRACE_MS),
  }
}
