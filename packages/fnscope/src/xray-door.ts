// The X-Ray daemon's door: UDP documents, and on the same number of TCP the sampling proxy with the whole X-Ray API.
import { mountXray, type XrayApiOptions } from './api/xray.ts'
import type { DoorAddress } from './config.ts'
import type { Counters } from './counters.ts'
import { awsErrorFormat } from './http/error-format.ts'
import { listen } from './http/listen.ts'
import { closeHttpServer, createHttpServer } from './http/server.ts'
import type { Logger } from './log.ts'
import { openXrayDaemon } from './receive/xray-daemon.ts'

export interface XrayDoorOptions {
  readonly xray: XrayApiOptions
  readonly counters: Counters
  readonly log: Logger
}

export interface XrayDoor {
  /** host:port of UDP; undefined when it is closed. */
  readonly address: string | undefined
  /** The address, `off`, or `closed: why`. */
  readonly description: string
  stop(): Promise<void>
}

const BODY_LIMIT_BYTES = 16 * 1024 * 1024
/** A free port of one protocol may be taken in the other. */
const PORT_ATTEMPTS = 10

/** @throws FnscopeError FNS_PORT_IN_USE when the user named the address */
export async function openXrayDoor(wanted: DoorAddress, options: XrayDoorOptions): Promise<XrayDoor> {
  if (wanted === 'off') return { address: undefined, description: 'off', stop: async () => {} }
  for (let attempt = 1; ; attempt++) {
    const udp = await openUdp(wanted, options)
    if (udp.closed !== undefined)
      return { address: undefined, description: `closed: ${udp.closed}`, stop: () => udp.stop() }
    const tcp = await openTcp({ ...wanted, port: udp.port }, options)
    if (tcp.closed === undefined || wanted.port !== 0 || attempt === PORT_ATTEMPTS) {
      const description = tcp.closed === undefined ? udp.address : `${udp.address} (TCP closed: ${tcp.closed})`
      return {
        address: udp.address,
        description,
        async stop() {
          await Promise.all([udp.stop(), tcp.stop()])
        },
      }
    }
    await udp.stop()
  }
}

async function openUdp(
  wanted: Exclude<DoorAddress, 'off'>,
  { xray, counters, log }: XrayDoorOptions,
): ReturnType<typeof openXrayDaemon> {
  const { ingest, now, bounds } = xray
  return await openXrayDaemon({
    ...wanted,
    ingest,
    counters,
    log,
    decode: (text, batch) => xray.decode(text, batch, { receivedNanos: now(), bounds: bounds() }),
  })
}

async function openTcp(
  wanted: Exclude<DoorAddress, 'off'>,
  { xray, counters, log }: XrayDoorOptions,
): Promise<{ readonly closed?: string | undefined; stop(): Promise<void> }> {
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    errorFormat: () => awsErrorFormat,
  })
  mountXray(server, xray)
  const bound = await listen(server, wanted)
  return { closed: bound.closed, stop: () => closeHttpServer(server, 2000) }
}
