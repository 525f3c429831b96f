// The door that Zipkin's clients send to, and that its page and others ask.
import { mountZipkinQuery } from '../api/zipkin-query.ts'
import type { Config } from '../config.ts'
import { plainErrorFormat } from '../receive/jaeger-http.ts'
import { MAX_BODY_BYTES, mountZipkinHttp } from '../receive/zipkin-http.ts'
import type { DoorContext, OpenDoor } from './door-context.ts'
import { openHttpDoor } from './http-door.ts'
import { markPartialAnswers } from './partial-answers.ts'

/** @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG when the user named an address that cannot be had */
export async function openZipkinDoor(doors: Pick<Config['doors'], 'zipkin'>, context: DoorContext): Promise<OpenDoor> {
  const { budget, now, bounds, store } = context
  return await openHttpDoor(doors.zipkin, {
    door: 'zipkin',
    context,
    errorFormat: () => plainErrorFormat,
    bodyLimitBytes: MAX_BODY_BYTES,
    mount(server, intake) {
      const rowContext = () => ({ receivedNanos: now(), bounds: bounds() })
      mountZipkinHttp(server, { intake, budget, rowContext })
      if (store === undefined) return
      markPartialAnswers(server, store)
      mountZipkinQuery(server, { reader: store, now, bounds })
    },
  })
}
