// The X-Ray daemon's door: UDP documents, and on the same number of TCP the sampling proxy with the whole X-Ray API.
import type { FastifyRequest } from 'fastify'
import { mountXray, type XrayApiOptions } from '../api/xray.ts'
import { decodeOtlpMetrics } from '../codec/otlp-metrics.ts'
import { decodeOtlpTraces } from '../codec/otlp-traces.ts'
import { decodeDocumentBytes } from '../codec/xray.ts'
import type { DoorAddress } from '../config.ts'
import type { Counters } from '../counters.ts'
import { sendAwsError } from '../http/aws-error.ts'
import { awsErrorFormat } from '../http/error-format.ts'
import { hostNamesOf, isLoopbackHost } from '../http/host-names.ts'
import { listen } from '../http/listen.ts'
import { closeHttpServer, createHttpServer, type HttpServer } from '../http/server.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Logger } from '../log.ts'
import { markPartialAnswers } from './partial-answers.ts'
import { guardRoles, type Role } from '../roles.ts'
import type { Store } from '../store/store.ts'
import { openXrayDaemon } from '../receive/xray-daemon.ts'

export interface XrayDoorOptions {
  readonly xray: XrayApiOptions
  /** What UDP hands its documents to: nobody waits for an answer there. */
  readonly ingest: Pick<Ingest, 'accept'>
  readonly counters: Counters
  readonly log: Logger
  /** For the person at the terminal. */
  readonly notify: (line: string) => void
  /** What TCP wants for anything but sampling. */
  readonly token: string | undefined
  readonly roles: readonly Role[]
  readonly store: Pick<Store, 'watchGaps'>
}

export interface XrayDoor {
  /** host:port where this machine reaches UDP; undefined when it is closed. */
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
    let tcp: Awaited<ReturnType<typeof openTcp>>
    // Nobody named the number that UDP was given.
    const explicit = wanted.explicit && (wanted.port !== 0 || attempt === PORT_ATTEMPTS)
    try {
      tcp = await openTcp({ ...wanted, port: udp.port, explicit }, options)
    } catch (error) {
      await udp.stop()
      throw error
    }
    if (tcp.closed === undefined || wanted.port !== 0 || attempt === PORT_ATTEMPTS) {
      const description = tcp.closed === undefined ? udp.address : `${udp.address} (TCP closed: ${tcp.closed})`
      if (!isLoopbackHost(wanted.host)) options.notify(wideNotice(udp.address, options.token))
      return {
        address: udp.address.replace(/^(0\.0\.0\.0|\[::\])(?=:\d+$)/, '127.0.0.1'),
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
  { xray, ingest, counters, log }: XrayDoorOptions,
): ReturnType<typeof openXrayDaemon> {
  const { now, bounds } = xray
  return await openXrayDaemon({
    ...wanted,
    ingest,
    counters,
    log,
    decoder: () => {
      const context = { receivedNanos: now(), bounds: bounds() }
      return (body, batch) => decodeDocumentBytes(body, batch, context)
    },
    decodeOtlp(word, request, { spans, metrics }) {
      const context = { receivedNanos: now(), bounds: bounds() }
      if (word === 'M1') return decodeOtlpMetrics(request, metrics, context)
      return decodeOtlpTraces(request, spans, { ...context, sampled: word === 'T1S' })
    },
  })
}

async function openTcp(
  wanted: Exclude<DoorAddress, 'off'>,
  { xray, counters, log, token, roles, store }: XrayDoorOptions,
): Promise<{ readonly closed?: string | undefined; stop(): Promise<void> }> {
  const server = createHttpServer({
    log,
    counters,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    errorFormat: () => awsErrorFormat,
    allowedHosts: hostNamesOf(wanted.host),
    ...(token === undefined ? {} : { token, needsToken: (request) => !isSampling(request) }),
  })
  if (token === undefined && !isLoopbackHost(wanted.host)) answerSamplingAlone(server, counters)
  guardRoles(server, roles)
  markPartialAnswers(server, store)
  mountXray(server, xray)
  const bound = await listen(server, wanted)
  return { closed: bound.closed, stop: () => closeHttpServer(server, 2000) }
}

/** The two calls that X-Ray SDKs make here, unsigned: they read no data and cannot carry a token. */
function isSampling(request: FastifyRequest): boolean {
  return request.method === 'POST' && (request.url === '/GetSamplingRules' || request.url === '/SamplingTargets')
}

/** UDP was opened to other machines without a token: that must not let them read what is stored. */
function answerSamplingAlone(server: HttpServer, counters: Counters): void {
  server.addHook('onRequest', async (request, reply) => {
    if (isSampling(request) || reply.sent) return
    counters.refusedRequests.inc({ reason: 'token' })
    return sendAwsError(reply, {
      status: 403,
      type: 'AccessDeniedException',
      message:
        'This door is open to other machines and fnscope was started without --token: it answers sampling rules alone.',
    })
  })
}

function wideNotice(address: string, token: string | undefined): string {
  const rest = token === undefined ? 'is not answered' : 'wants the token'
  return `xray-daemon: every machine that reaches ${address} can store segments, for UDP carries no token; over TCP it gets sampling rules, the rest ${rest}.`
}
