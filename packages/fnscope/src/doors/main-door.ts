// The main port: AWS API and fnscope's own, behind one set of guards. Routes are mounted by server.ts.
import type { FastifyRequest } from 'fastify'
import { CUSTOM_RESOURCE_PATH } from '../api/custom-resource-response.ts'
import { routeS3, S3_MOUNT } from '../api/s3-address.ts'
import { fcErrorFormatOf, isFcPath } from '../api/fc-error.ts'
import { TEMPO_PREFIX } from '../api/tempo.ts'
import type { Config } from '../config.ts'
import type { Counters } from '../counters.ts'
import { awsErrorFormat, ownErrorFormat } from '../http/error-format.ts'
import { hostNamesOf } from '../http/host-names.ts'
import { listen } from '../http/listen.ts'
import { createHttpServer, type HttpServer } from '../http/server.ts'
import type { Logger } from '../log.ts'
import { datakitErrorFormat, isDatakitPath } from '../receive/datakit-error.ts'
import { plainErrorFormat } from '../receive/jaeger-http.ts'
import { PROMETHEUS_WRITE_PATH } from '../receive/prometheus-http.ts'

/** All that is there of Prometheus but for remote write. */
const PROMETHEUS_QUERY = /^\/api\/v1\/(?!write)/
const BODY_LIMIT_BYTES = 64 * 1024 * 1024

/**
 * Control-plane routes want an Authorization header, of any content: no web page can send one here unasked. Nor can it
 * send remote write's content type, and Prometheus sends no header that nobody has configured. Prometheus' queries are
 * forms, but none of them changes anything, and a page of another origin does not get to see their answer. The console needs none:
 * only a browser can say same-origin, and only of a page that came from here.
 */
function wantsAuthorization(request: FastifyRequest): boolean {
  if (request.headers['sec-fetch-site'] === 'same-origin') return false
  const own =
    request.url.startsWith('/api/') && request.url !== PROMETHEUS_WRITE_PATH && !PROMETHEUS_QUERY.test(request.url)
  const changesOwn = own && !/^(GET|HEAD)$/.test(request.method)
  const toAws = request.method === 'POST' && /^\/(\?|$|service\/)/.test(request.url)
  const toS3 = request.url.startsWith(S3_MOUNT)
  return changesOwn || toAws || toS3 || /^\/20\d\d-\d\d-\d\d\//.test(request.url)
}

export interface MainDoorOptions {
  readonly counters: Counters
  readonly log: Logger
  /** What local functions have for an access key id; undefined without a token. */
  readonly functionKey: string | undefined
}

export function createMainDoor(config: Config, { counters, log, functionKey }: MainDoorOptions): HttpServer {
  return createHttpServer({
    log,
    counters,
    allowedHosts: hostNamesOf(config.host),
    ...(config.token === undefined ? {} : { token: config.token }),
    ...(functionKey === undefined ? {} : { functionKey }),
    // DataWay's routes ask for it themselves, where a DataKit shows it.
    // A custom resource's function is told a URL and no more.
    needsToken: (request) => !isDatakitPath(request.url) && !request.url.startsWith(CUSTOM_RESOURCE_PATH),
    requireAuthorization: wantsAuthorization,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    rewriteUrl: routeS3,
    errorFormat: (request) => {
      if (isDatakitPath(request.url)) return datakitErrorFormat
      if (request.url.startsWith(TEMPO_PREFIX)) return plainErrorFormat
      if (isFcPath(request.url)) return fcErrorFormatOf(request.url)
      return request.url.startsWith('/api/') || request.url === '/metrics' ? ownErrorFormat : awsErrorFormat
    },
  })
}

/** Listens on the main port; one that is taken and was not asked for by name gives way to a free one, with a word. */
export async function listenMain(server: HttpServer, config: Config, notify: (line: string) => void): Promise<string> {
  const { host, port, portExplicit } = config
  let bound = await listen(server, { host, port, explicit: portExplicit })
  if (bound.closed !== undefined) {
    notify(`${bound.closed}; taking a free port instead (--port names one).`)
    bound = await listen(server, { host, port: 0, explicit: true })
  }
  if (bound.closed !== undefined) throw new Error(bound.closed)
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${bound.port}`
}
