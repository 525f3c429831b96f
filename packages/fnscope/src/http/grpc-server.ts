// gRPC over plain text HTTP/2 with prior knowledge, methods that take one message: sockets, sessions and their bounds. What happens
// in one call is grpc-call.ts. Whoever comes with HTTP/1.1 is told where to go.
import { once } from 'node:events'
import {
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

import type { Counters } from '../counters.ts'
import type { Logger } from '../log.ts'
import type { BodyBudget } from './body-budget.ts'
import { FailureLog } from './failure-log.ts'
import { closedDoor, formatAddress, type BoundAddress, type ClosedDoor, type WantedAddress } from './door-address.ts'
import { endCall, stopReading, GrpcCall, type GrpcCallOptions, type GrpcMethod } from './grpc-call.ts'
import { GrpcError } from './grpc-status.ts'
import { refuseHost } from './host-guard.ts'
import { refuseOrigin } from './origin-guard.ts'
import type { Refusal } from './refusal.ts'
import { RPC_CODE } from './rpc-status.ts'
import { refuseToken } from './token-guard.ts'

export interface GrpcServerOptions {
  /** `/package.Service/Method` → what it does. */
  readonly methods: Readonly<Record<string, GrpcMethod>>
  readonly log: Logger
  readonly counters: Counters
  readonly budget: BodyBudget
  /** After inflating. */
  readonly maxMessageBytes: number
  /** Names beside loopback's that the authority may hold; see refuseHost. */
  readonly allowedHosts?: readonly string[]
  /** Each opens the door: `authorization: Bearer`, or x-fnscope-token. None: no token is wanted. */
  readonly tokens?: readonly string[]
  /** What HTTP/1.1 is answered with. */
  readonly hint: string
  /** A call ended with an error of this door's or of its method's; not for what the guards refuse. */
  readonly onRefused?: (error: GrpcError) => void
  /** Shorter in tests. */
  readonly limits?: Partial<GrpcLimits>
}

export interface GrpcLimits {
  /** Until a new connection has said that it speaks HTTP/2. */
  readonly greetingMs: number
  readonly maxCallMs: number
  /** A connection without calls is told to go. */
  readonly idleMs: number
  readonly maxConnections: number
  /** At once on one connection. */
  readonly maxCalls: number
}

const LIMITS: GrpcLimits = {
  greetingMs: 10_000,
  maxCallMs: 60_000,
  idleMs: 600_000,
  maxConnections: 512,
  maxCalls: 256,
}
const SWEEP_MS = 1000
/** A connection with calls none of which ended for so long gives way when there are too many. */
const STUCK_MS = 5000
/** Several messages on their way without waiting for the other side. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
const SESSION_WINDOW_BYTES = 8 * 1024 * 1024
const MAX_HEADER_BYTES = 32 * 1024
/** The first bytes of every HTTP/2 connection: PRI * HTTP/2.0. */
const GREETING = 'PRI'

interface Connection {
  readonly socket: Socket
  session: ServerHttp2Session | undefined
  readonly calls: Set<GrpcCall>
  hadCalls: boolean
  /** When its last call ended, or it was opened. */
  quietSinceMs: number
}

export class GrpcServer {
  readonly #options: GrpcServerOptions
  readonly #limits: GrpcLimits
  readonly #callOptions: GrpcCallOptions
  readonly #methods: ReadonlyMap<string, GrpcMethod>
  readonly #sockets: Server
  readonly #sessionOptions: ServerOptions
  readonly #connections = new Map<Socket, Connection>()
  #sweeper: NodeJS.Timeout | undefined
  #stopping: Promise<void> | undefined

  constructor(options: GrpcServerOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
    this.#methods = new Map(Object.entries(options.methods))
    const { budget, maxMessageBytes, log } = options
    this.#callOptions = {
      budget,
      maxMessageBytes,
      maxCallMs: this.#limits.maxCallMs,
      failures: new FailureLog(log),
      onRefused: (error) => {
        this.#countBad(error.code)
        options.onRefused?.(error)
      },
    }
    this.#sessionOptions = {
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxConcurrentStreams: this.#limits.maxCalls,
        maxHeaderListSize: MAX_HEADER_BYTES,
        enablePush: false,
      },
    }
    this.#sockets = createServer((socket) => this.#greet(socket))
  }

  /** A taken port gives `{ closed }` unless the user named it. @throws FnscopeError FNS_PORT_IN_USE, FNS_CONFIG */
  async listen(wanted: WantedAddress): Promise<BoundAddress | ClosedDoor> {
    try {
      this.#sockets.listen({ host: wanted.host, port: wanted.port })
      await once(this.#sockets, 'listening')
    } catch (error) {
      return await closedDoor(error, wanted, 'tcp')
    }
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#limits.maxCallMs)).unref()
    const { port } = this.#sockets.address() as AddressInfo
    return { host: wanted.host, port, address: formatAddress(wanted.host, port) }
  }

  /** Takes no more calls, lets those in progress end within `graceMs`, then cuts what is left. Twice is fine. */
  stop(graceMs = 5000): Promise<void> {
    return (this.#stopping ??= this.#stop(graceMs))
  }

  async #stop(graceMs: number): Promise<void> {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    this.#sockets.close(() => resolve())
    for (const { socket, session } of this.#connections.values()) {
      if (session === undefined) socket.destroy()
      else session.close()
    }
    const timer = setTimeout(() => this.#cutAll(), graceMs)
    await closed
    clearTimeout(timer)
    clearInterval(this.#sweeper)
  }

  #cutAll(): void {
    for (const { socket, session } of this.#connections.values()) {
      session?.destroy()
      socket.destroy()
    }
  }

  #greet(socket: Socket): void {
    if (!this.#makeRoom()) return void socket.destroy()
    const connection: Connection = {
      socket,
      session: undefined,
      calls: new Set(),
      hadCalls: false,
      quietSinceMs: performance.now(),
    }
    this.#connections.set(socket, connection)
    socket.on('error', () => {}).once('close', () => this.#connections.delete(socket))
    socket.setNoDelay(true).setKeepAlive(true, 60_000)
    let first = Buffer.alloc(0)
    const read = (piece: Buffer): void => {
      first = Buffer.concat([first, piece])
      if (first.length < GREETING.length) return
      socket.off('data', read).pause()
      if (first.toString('latin1', 0, GREETING.length) !== GREETING) return this.#turnAway(socket, first)
      socket.unshift(first)
      this.#open(connection)
    }
    socket.on('data', read)
  }

  /** By the connection whose last call ended the longest ago: one without calls, or else one whose calls do not move. */
  #makeRoom(): boolean {
    if (this.#connections.size < this.#limits.maxConnections) return true
    const stuckBefore = performance.now() - STUCK_MS
    let quietest: Connection | undefined
    for (const connection of this.#connections.values()) {
      if (connection.calls.size > 0 && connection.quietSinceMs > stuckBefore) continue
      if (quietest === undefined || isQuieter(connection, quietest)) quietest = connection
    }
    if (quietest === undefined) return false
    this.#connections.delete(quietest.socket)
    quietest.session?.destroy()
    quietest.socket.destroy()
    return true
  }

  #turnAway(socket: Socket, first: Buffer): void {
    this.#countBad('bad_http')
    const isHttp = /^[A-Z]{3,10} /.test(first.toString('latin1', 0, 16))
    if (!isHttp) return void socket.destroy()
    const body = `${this.#options.hint}\n`
    // Read on, or closing would reset the connection before the answer is seen; the sweep ends what does not end itself.
    socket
      .resume()
      .end(
        `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      )
  }

  #open(connection: Connection): void {
    const session = performServerHandshake(connection.socket, this.#sessionOptions)
    connection.session = session
    session.on('stream', (stream, headers) => this.#call(connection, stream, headers))
    // A peer that breaks the protocol loses its connection, and nobody else notices.
    session.on('error', (error: NodeJS.ErrnoException) => {
      // Go says goodbye with a GOAWAY of the stream 2^31-1, which node's HTTP/2 takes for an error.
      const goodbye = connection.hadCalls && connection.calls.size === 0
      if (error.code?.startsWith('ERR_HTTP2') === true && !goodbye) this.#countBad('bad_http')
    })
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
  }

  #call(connection: Connection, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {})
    const method = this.#methods.get(headers[':path'] ?? '')
    const status = httpStatusOf(headers)
    if (status !== undefined) {
      this.#countBad(status)
      stream.respond({ ':status': status, 'content-type': 'text/plain' }, { endStream: true })
      return stopReading(stream)
    }
    const refusal = this.#refuse(headers)
    if (refusal !== undefined) {
      this.#options.counters.refusedRequests.inc({ reason: refusal.reason })
      const code = refusal.status === 401 ? RPC_CODE.unauthenticated : RPC_CODE.permissionDenied
      return endCall(stream, new GrpcError(code, refusal.message))
    }
    if (method === undefined) {
      this.#countBad(RPC_CODE.unimplemented)
      return endCall(stream, new GrpcError(RPC_CODE.unimplemented, `There is no method ${headers[':path']} here.`))
    }
    const call = new GrpcCall(stream, headers, method, this.#callOptions)
    connection.calls.add(call)
    connection.hadCalls = true
    stream.once('close', () => {
      connection.calls.delete(call)
      connection.quietSinceMs = performance.now()
    })
  }

  #refuse(headers: IncomingHttpHeaders): Refusal | undefined {
    const { allowedHosts = [], tokens = [] } = this.#options
    const authority = headers[':authority'] ?? headers.host
    // No gRPC client sends what the origin guard looks at; the copy is for those that do.
    const fromBrowser = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
    const request = { method: 'POST', protocol: 'http' }
    return (
      refuseHost(authority, allowedHosts) ??
      (fromBrowser ? refuseOrigin({ ...request, headers: { ...headers, host: authority } }, []) : undefined) ??
      (tokens.length === 0 ? undefined : refuseToken({ url: '', headers }, tokens))
    )
  }

  #sweep(): void {
    const now = performance.now()
    const { greetingMs, idleMs } = this.#limits
    for (const { socket, session, calls, quietSinceMs } of this.#connections.values()) {
      for (const call of calls) call.expire(now)
      const quietMs = calls.size > 0 ? 0 : now - quietSinceMs
      if (session === undefined && quietMs > greetingMs) socket.destroy()
      // One that does not go when it is told so is cut.
      else if (quietMs > idleMs + greetingMs) session?.destroy()
      else if (quietMs > idleMs && session?.closed === false) session.close()
    }
  }

  #countBad(status: number | string): void {
    this.#options.counters.badRequests.inc({
      status: typeof status === 'number' && status < 100 ? `grpc_${status}` : status,
    })
  }
}

/** A status of HTTP's own, where the request is none of gRPC. */
function httpStatusOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[':method'] !== 'POST') return 405
  return /^application\/grpc(\+proto)?\s*(;|$)/i.test(headers['content-type'] ?? '') ? undefined : 415
}

function isQuieter(one: Connection, other: Connection): boolean {
  const idle = one.calls.size === 0
  if (idle !== (other.calls.size === 0)) return idle
  return one.quietSinceMs < other.quietSinceMs
}
