// The port of one execution environment, AWS_LAMBDA_RUNTIME_API: a loopback server that asks its services in turn who
// answers a request. It knows no service itself.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// awslambdaric sends an error's cause of up to 1 MiB as a header.
const MAX_HEADER_BYTES = 2 * 1024 * 1024

/** One API on the port. @returns false: the request is not for this one, and has not been touched */
export interface EnvironmentService {
  handle(request: IncomingMessage, response: ServerResponse): boolean
}

// Whatever its port: a proxy of an extension hands on the Host that the runtime named, and that is the proxy's.
const OWN_HOST = /^(?:127\.\d+\.\d+\.\d+|localhost|sandbox(?:\.localdomain)?)(?::\d+)?$/i

/**
 * A page in the user's browser must not take an invocation away from its runtime, nor answer it: browsers say who asks,
 * and a name of the page's own that was pointed at loopback (DNS rebinding) is none of this machine's.
 */
function isWebPage({ headers }: IncomingMessage): boolean {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return true
  return headers.host !== undefined && !OWN_HOST.test(headers.host)
}

export class EnvironmentServer {
  readonly #server: Server
  #address: Promise<string> | undefined

  constructor(services: readonly EnvironmentService[], onRequest: () => void = () => {}) {
    this.#server = createServer(
      { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, noDelay: true },
      (request, response) => {
        if (isWebPage(request)) return void response.writeHead(403, { Connection: 'close' }).end()
        onRequest()
        if (services.some((service) => service.handle(request, response))) return
        request.resume()
        response.writeHead(404).end()
      },
    )
    this.#server.timeout = 0
  }

  /** Resolves to `127.0.0.1:port`, the value of AWS_LAMBDA_RUNTIME_API; the same at every call. */
  listen(): Promise<string> {
    const server = this.#server
    this.#address ??= new Promise<string>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`))
    })
    return this.#address
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
