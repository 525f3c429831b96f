// Sockets to ClickHouse servers: kept alive, over TLS where the URL says so, and given up early where nobody answers, so
// that the next server is asked soon.
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { getCACertificates } from 'node:tls'
import type { Duplex } from 'node:stream'

const CONNECT_TIMEOUT_MS = 3000
const MAX_SOCKETS = 8

/** Ends the socket when it is not connected in time: the system alone would try for two minutes. */
function bounded(socket: Duplex | null | undefined): Duplex | null | undefined {
  if (!socket || !(socket as Socket).connecting) return socket
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error(`no connection in ${CONNECT_TIMEOUT_MS} ms`), { code: 'ETIMEDOUT' })),
    CONNECT_TIMEOUT_MS,
  )
  for (const event of ['connect', 'close', 'error']) socket.once(event, () => clearTimeout(timer))
  return socket
}

class PlainAgent extends HttpAgent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return bounded(super.createConnection(options, callback))
  }
}

class TlsAgent extends HttpsAgent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return bounded(super.createConnection(options, callback))
  }
}

/** The agent for servers of that scheme. `ca`: PEM of a private authority, trusted beside the system's. */
export function createAgent(protocol: string, ca: string | undefined): HttpAgent | HttpsAgent {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS }
  if (protocol !== 'https:') return new PlainAgent(options)
  return new TlsAgent({ ...options, ...(ca === undefined ? {} : { ca: [ca, ...getCACertificates('default')] }) })
}
